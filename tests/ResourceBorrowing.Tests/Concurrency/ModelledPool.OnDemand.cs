using Steps = System.Collections.Generic.IEnumerable<System.Func<bool>?>;

namespace ResourceBorrowing.Tests.Concurrency;

// What the front of the borrower's queue misses is borrowed for it, as QueueWant.
internal sealed partial class ModelledPool
{
    /// <summary>Lists the queue among the wants, or asks for another try when it misses fewer than before.</summary>
    private static Steps ListQueue(ModelledPool pool, long frame)
    {
        yield return Always;
        if (pool.Read(Debt) == 0)
        {
            yield return Always;
            if (pool.Exchange(IsListed, 1) == 0)
            {
                yield return Always;
                pool.Exchange(WantInbox, 1);
                pool.Forget(70, frame);
                foreach (var gate in ServeWants(pool, Nest(frame, 1))) yield return gate;
                yield break;
            }
        }

        yield return Always;
        if (pool.Read(IsListed) == 0) yield break;
        yield return Always;
        var word = pool.ReadWord(Borrower);
        yield return Always;
        var missing = word.HasWaiters ? pool.Read(FrontNeed) - word.Free : 0;
        if (missing <= 0) yield break;
        yield return Always;
        if (missing >= pool.Read(Missed)) yield break;
        pool.Forget(71, frame);
        foreach (var gate in ServeWants(pool, Nest(frame, 1))) yield return gate;
    }

    private static Steps TryQueue(ModelledPool pool, int borrowable, long frame)
    {
        while (true)
        {
            pool.Forget(72, frame);
            yield return Always;
            if (pool.Read(WaitingUnits + Borrower) == 0)
            {
                yield return Always;
                pool.Exchange(IsListed, 0);
                yield return Always;
                var isOver = pool.Read(WaitingUnits + Borrower) == 0;
                if (!isOver) yield return Always;
                if (!isOver && pool.Exchange(IsListed, 1) == 0) continue;
                pool.Exchange(WantListed, 0);
                yield break;
            }

            if (pool._flaw != Flaw.WriteMissedLate)
            {
                yield return Always;
                pool.Exchange(Missed, int.MaxValue);
            }

            yield return Always;
            var word = pool.ReadWord(Borrower);
            yield return Always;
            var missing = word.HasWaiters ? (int)pool.Read(FrontNeed) - word.Free : 0;
            if (missing <= 0) yield break;
            yield return Always;
            if (pool.Read(Debt) > 0) yield break;
            yield return Always;
            pool.Exchange(Missed, missing);
            if (missing > borrowable) yield break;
            var made = new Made();
            pool.Forget(73, Nest(frame, missing));
            foreach (var gate in Borrow(pool, missing, made, Nest(frame, 1))) yield return gate;
            if (made.Slot < 0) yield break;
        }
    }
}
