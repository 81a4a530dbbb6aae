namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Two threads on two participants against one thread on one, as a part of what arithmetic scales on the same two cores.</summary>
internal sealed class DisjointScalingGate(double least) : Gate("disjoint-scaling/threads=2", Bound.AtLeast(least))
{
    internal override Reading Measure()
    {
        if (!PinnedTeam.IsPossible) return new Reading(0, "threads cannot be pinned to two cores", IsConclusive: false);
        using var pool = Stage.Pool(participants: 2);
        var (ours, arithmetic) = Scaling.OfTwo([AcquireReleaseGate.Pair(pool["p0"]), AcquireReleaseGate.Pair(pool["p1"])]);
        return new Reading(ours / arithmetic, $"{ours:F2}x of one thread, arithmetic {arithmetic:F2}x", arithmetic >= Scaling.LeastOfArithmetic);
    }
}
