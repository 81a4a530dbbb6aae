using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A loan made and returned, with schedule, evidence and judgement, against the four interlocked operations it cannot do without.</summary>
internal sealed class BorrowReturnGate(double most) : Gate("borrow-return/pair", Bound.AtMost(most))
{
    internal static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants: 2);
        var floor = new FourInterlocked();
        return Slices.Ratio(Loans(pool["p0"], pool["p1"]), new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++) floor.Run();
        }));
    }

    internal static Workload Loans(Participant borrower, Participant lender) => new(() =>
    {
        for (var i = 0; i < Workload.Operations; i++)
        {
            using var loan = borrower.TryBorrow(lender, 1, Term);
            if (!loan.IsGranted) throw new InvalidOperationException(loan.Explanation);
        }
    });
}
