namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Bytes that one operation allocates, on all threads together.</summary>
internal sealed class AllocationGate(string operation, Func<ResourcePool, Action<int>> repeat) : Gate($"allocations/{operation}", Bound.NoBytes)
{
    private const int Operations = 20_000;
    private const int Attempts = 5;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants: 2, units: 2);
        var run = repeat(pool);
        Slices.WarmUp(() => run(Workload.Operations));

        // The runtime itself allocates now and then (tiering, a pool that grows for good), but never per operation: so the
        // least of some attempts counts, and less than one byte for an operation is none.
        var least = long.MaxValue;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            run(Operations);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return new Reading(least / Operations, $"{least} B in {Operations} operations");
    }

    internal static Action<int> SyncPair(ResourcePool pool)
    {
        var participant = pool["p0"];
        return times =>
        {
            for (var i = 0; i < times; i++) participant.TryAcquire().Dispose();
        };
    }

    internal static Action<int> AsyncPair(ResourcePool pool)
    {
        var participant = pool["p0"];
        return times =>
        {
            for (var i = 0; i < times; i++)
            {
                var lease = participant.AcquireAsync();
                if (!lease.IsCompletedSuccessfully) throw new InvalidOperationException("It had to wait.");
                lease.GetAwaiter().GetResult().Dispose();
            }
        };
    }

    internal static Action<int> QueuedHandoff(ResourcePool pool)
    {
        var handoff = new Handoff(pool["p0"], units: 2);
        return times =>
        {
            handoff.Queued(times);
            handoff.Awaited(times).GetAwaiter().GetResult();
        };
    }

    internal static Action<int> BorrowReturn(ResourcePool pool)
    {
        var (borrower, lender) = (pool["p0"], pool["p1"]);
        return times =>
        {
            for (var i = 0; i < times; i++) borrower.TryBorrow(lender, 1, BorrowReturnGate.Term).Dispose();
        };
    }
}
