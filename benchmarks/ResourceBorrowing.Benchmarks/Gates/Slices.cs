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
        return Ratio(work.Slice, than.Slice, Rounds);
    }

    /// <param name="slice">Takes one slice and returns nanoseconds per operation.</param>
    /// <param name="than">The same for what it is compared with.</param>
    /// <param name="rounds">How many slices of each.</param>
    internal static Reading Ratio(Func<double> slice, Func<double> than, int rounds)
    {
        double ours = double.MaxValue, theirs = double.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            ours = Math.Min(ours, slice());
            theirs = Math.Min(theirs, than());
        }

        return new Reading(ours / theirs, $"{ours:F2} ns / {theirs:F2} ns");
    }

    /// <returns>Nanoseconds that one operation of <paramref name="work"/> takes.</returns>
    internal static double Best(Workload work)
    {
        WarmUp(work.Run);
        work.Calibrate(Length);
        return Best(work.Slice, Rounds);
    }

    internal static double Best(Func<double> slice, int rounds)
    {
        var best = double.MaxValue;
        for (var round = 0; round < rounds; round++) best = Math.Min(best, slice());
        return best;
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
