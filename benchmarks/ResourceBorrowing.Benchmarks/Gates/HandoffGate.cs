using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Passing a unit from who releases it to who waits for it, against <see cref="SemaphoreSlim"/> in the same pattern.</summary>
/// <param name="isAwaited">Whether the waiter is suspended and resumed on the thread pool, or only the hand-over is measured.</param>
internal sealed class HandoffGate(bool isAwaited, double most) : Gate($"handoff/{(isAwaited ? "awaited" : "queued")}", Bound.AtMost(most))
{
    internal override Reading Measure()
    {
        using var pool = Stage.Pool(units: 1);
        var ours = new Handoff(pool["p0"], units: 1);
        using var semaphore = RivalLimiters.Semaphore(permits: 1);
        var theirs = new SemaphoreHandoff(semaphore);
        return isAwaited
            ? Slices.Ratio(
                new Workload(() => ours.Awaited(Workload.Operations).GetAwaiter().GetResult()),
                new Workload(() => theirs.Awaited(Workload.Operations).GetAwaiter().GetResult()))
            : Slices.Ratio(new Workload(() => ours.Queued(Workload.Operations)), new Workload(() => theirs.Queued(Workload.Operations)));
    }
}
