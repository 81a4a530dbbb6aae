namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>What is true of every exact snapshot of a pool, whatever happens at that time.</summary>
internal static class PoolSnapshotLaws
{
    internal static void Check(PoolSnapshot snapshot)
    {
        var all = snapshot.Participants.Append(snapshot.Reserve).ToArray();
        foreach (var p in all)
        {
            Require(p.InUse >= 0 && p.InUse <= p.Allocation, $"over-granted: {p}");
            Require(p is { NominalQuota: >= 0, Lent: >= 0, Borrowed: >= 0, Debt: >= 0, Waiting: >= 0 }, $"less than nothing: {p}");
            Require(p.Debt <= p.Borrowed, $"owes more than it has borrowed: {p}");
            Require(p.Allocation == p.NominalQuota - p.Lent + p.Borrowed, $"does not add up: {p}");
            Require(p.Reputation is >= 0 and <= 100, $"reputation: {p}");
        }

        Require(snapshot.Retiring >= 0, "retires less than nothing");
        Require(all.Sum(static p => p.NominalQuota) == snapshot.Capacity, "the quotas are not the capacity");
        Require(all.Sum(static p => p.Allocation) == snapshot.Capacity + snapshot.Retiring, "the allocations are not the capacity");
        Require(all.Sum(static p => p.Lent) + snapshot.Retiring == all.Sum(static p => p.Borrowed), "lent and borrowed differ");

        void Require(bool holds, string otherwise)
        {
            if (!holds) throw new InvalidOperationException($"{otherwise}\n{snapshot}");
        }
    }
}
