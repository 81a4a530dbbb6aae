using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The slowest hundredth of attempts, refused ones included, when many threads want the same few units.</summary>
internal sealed class ContendedGate(int threads, double most) : Gate($"contended-p99/threads={threads}", Bound.AtMost(most))
{
    private const int Rounds = 12;

    // Longer than elsewhere: with more threads than cores a slice must hold some turns of each.
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(60);

    internal override Reading Measure()
    {
        if (!PinnedTeam.IsPossible) return new Reading(0, "threads cannot be pinned to two cores", IsConclusive: false);
        var units = Math.Max(1, threads / 2);
        using var pool = Stage.Pool(units: units);
        var participant = pool["p0"];
        using var limiter = RivalLimiters.Concurrency(units);
        Action ours = () => participant.TryAcquire().Dispose();
        Action theirs = () => limiter.AttemptAcquire().Dispose();
        Slices.WarmUp(() => Run(ours, TimeSpan.FromMilliseconds(1)), () => Run(theirs, TimeSpan.FromMilliseconds(1)));

        Latencies allOurs = new(), allTheirs = new();
        double bestOfOurs = double.MaxValue, bestOfTheirs = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            bestOfOurs = Math.Min(bestOfOurs, Run(ours, Slice, allOurs));
            bestOfTheirs = Math.Min(bestOfTheirs, Run(theirs, Slice, allTheirs));
        }

        var arithmetic = Scaling.OfArithmetic();
        return new Reading(
            bestOfOurs / bestOfTheirs,
            $"p99 {bestOfOurs:F0} ns / {bestOfTheirs:F0} ns; p50/p99/p99.9 of all slices {allOurs}, {allTheirs}; arithmetic {arithmetic:F2}x",
            arithmetic >= Scaling.LeastOfArithmetic);
    }

    /// <returns>The 99th percentile of one slice, a look at the clock included.</returns>
    private double Run(Action attempt, TimeSpan duration, Latencies? total = null)
    {
        var seen = new Latencies[threads];
        PinnedTeam.Run(threads, member =>
        {
            seen[member] = new Latencies();
            seen[member].Watch(attempt, duration);
        });

        var slice = new Latencies();
        foreach (var latencies in seen) slice.Add(latencies);
        total?.Add(slice);
        return slice.Percentile(0.99);
    }
}
