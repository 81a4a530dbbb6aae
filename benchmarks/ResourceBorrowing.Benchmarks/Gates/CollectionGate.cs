using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A full, blocking collection while a million loans are outstanding.</summary>
internal sealed class CollectionGate(double most) : Gate("gen2/million", Bound.AtMostMilliseconds(most))
{
    private const int Rounds = 20;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(ManyLoans.Parties, ManyLoans.Million, time: new FakeTimeProvider(), lendsAll: true);
        var loans = new ManyLoans(pool.Participants);
        Collect();
        var without = Slices.Best(Collect, Rounds);
        loans.Borrow(ManyLoans.Million, ResourcePool.LongestTerm);
        Collect();
        var with = Slices.Best(Collect, Rounds);
        return loans.Outstanding == ManyLoans.Million
            ? new Reading(with, $"{without:F2} ms without loans, not subtracted")
            : Reading.Wrong($"{loans.Outstanding} loans outstanding");
    }

    /// <returns>Milliseconds.</returns>
    private static double Collect()
    {
        var began = Stopwatch.GetTimestamp();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
