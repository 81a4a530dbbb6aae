using System.Runtime;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// Compares workloads by the best of many short interleaved slices. Interference only ever adds time, so the minimum is what the code costs;
/// interleaving gives all of them the same weather.
/// </summary>
internal static class Slices
{
    internal static readonly TimeSpan Length = TimeSpan.FromMilliseconds(5);
    private const int Rounds = 150;

    /// <returns>How many times longer one operation of <paramref name="work"/> takes than one of <paramref name="than"/>.</returns>
    internal static Reading Ratio(Workload work, Workload than)
    {
        WarmUp(work.Run, than.Run);
        work.Calibrate(Length);
        than.Calibrate(Length);

        double ours = double.MaxValue, theirs = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            ours = Math.Min(ours, work.Slice());
            theirs = Math.Min(theirs, than.Slice());
        }

        return new Reading(ours / theirs, $"{ours:F2} ns / {theirs:F2} ns");
    }

    /// <summary>Runs everything until the just-in-time compiler has had nothing to do for a while: then it is all optimised code.</summary>
    internal static void WarmUp(params ReadOnlySpan<Action> actions)
    {
        var quiet = TimeSpan.FromMilliseconds(300);
        var longest = TimeSpan.FromSeconds(5);
        var began = Stopwatch.GetTimestamp();
        var changed = began;
        var compiled = JitInfo.GetCompiledMethodCount();
        while (Stopwatch.GetElapsedTime(changed) < quiet && Stopwatch.GetElapsedTime(began) < longest)
        {
            foreach (var action in actions)
                for (var i = 0; i < 50; i++) action();
            if (JitInfo.GetCompiledMethodCount() is var count && count == compiled) continue;
            compiled = count;
            changed = Stopwatch.GetTimestamp();
        }
    }
}
