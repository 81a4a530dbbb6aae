namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Two threads that make and return loans between participants of their own, against one.</summary>
internal sealed class BorrowReturnScalingGate(double least) : Gate("borrow-return-scaling/threads=2", Bound.AtLeast(least))
{
    internal override Reading Measure()
    {
        if (!PinnedTeam.IsPossible) return new Reading(0, "threads cannot be pinned to two cores", IsConclusive: false);
        using var pool = Stage.Pool(participants: 4);
        var (first, second) = (pool["p0"], pool["p1"]);
        if (first.Account.Home == second.Account.Home) return new Reading(0, "both borrowers have one home", IsConclusive: false);
        var (ours, arithmetic) = Scaling.OfTwo([BorrowReturnGate.Loans(first, pool["p2"]), BorrowReturnGate.Loans(second, pool["p3"])]);
        return new Reading(ours, $"arithmetic {arithmetic:F2}x", arithmetic >= Scaling.LeastOfArithmetic);
    }
}
