using System.Numerics;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A histogram of durations in nanoseconds, exact to 3 %: 32 buckets for each power of two.</summary>
internal sealed class Latencies
{
    private const int StepBits = 5;
    private const int Steps = 1 << StepBits;
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly long[] _counts = new long[64 * Steps];
    private long _total;

    /// <summary>Does one thing over and over, and adds how long each time took, a look at the clock included.</summary>
    internal void Watch(Action attempt, TimeSpan duration)
    {
        var now = Stopwatch.GetTimestamp();
        var end = now + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (now < end)
        {
            var began = Stopwatch.GetTimestamp();
            attempt();
            now = Stopwatch.GetTimestamp();
            Add(now - began);
        }
    }

    internal void Add(Latencies other)
    {
        for (var i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
        _total += other._total;
    }

    /// <returns>The upper edge of the bucket in which that part of all durations is reached.</returns>
    internal double Percentile(double part)
    {
        var rest = (long)Math.Ceiling(_total * part);
        for (var i = 0; i < _counts.Length; i++)
            if ((rest -= _counts[i]) <= 0) return UpperEdge(i);
        return double.NaN;
    }

    public override string ToString() => $"{Percentile(0.5):F0}/{Percentile(0.99):F0}/{Percentile(0.999):F0} ns";

    /// <summary>Adds a duration, in ticks of <see cref="Stopwatch"/>.</summary>
    internal void Add(long ticks)
    {
        _counts[Bucket((ulong)(ticks * NanosecondsPerTick))]++;
        _total++;
    }

    private static int Bucket(ulong nanoseconds)
    {
        if (nanoseconds < Steps) return (int)nanoseconds;
        var power = BitOperations.Log2(nanoseconds) - StepBits;
        return (power + 1) * Steps + (int)(nanoseconds >> power) - Steps;
    }

    private static double UpperEdge(int bucket)
    {
        if (bucket < Steps) return bucket + 1;
        var power = bucket / Steps - 1;
        return Math.ScaleB(bucket % Steps + Steps + 1, power);
    }
}
