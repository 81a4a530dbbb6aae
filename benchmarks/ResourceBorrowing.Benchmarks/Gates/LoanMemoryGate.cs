using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Bytes that the heap grows by for each of a million outstanding loans, all that the pool keeps of them included.</summary>
internal sealed class LoanMemoryGate(double most) : Gate("loan-memory/million", Bound.AtMostBytes(most))
{
    internal override Reading Measure()
    {
        using var pool = Stage.Pool(ManyLoans.Parties, ManyLoans.Million, time: new FakeTimeProvider(), lendsAll: true);
        var loans = new ManyLoans(pool.Participants);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        loans.Borrow(ManyLoans.Million, ResourcePool.LongestTerm);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        return loans.Outstanding == ManyLoans.Million
            ? new Reading((double)grown / ManyLoans.Million, $"{grown} B for {ManyLoans.Million} loans")
            : Reading.Wrong($"{loans.Outstanding} loans outstanding");
    }
}
