using ResourceBorrowing.Permits;
using Steps = System.Collections.Generic.IEnumerable<System.Func<bool>?>;

namespace ResourceBorrowing.Tests.Concurrency;

// The queue of each party, as WaiterQueue.
internal sealed partial class ModelledPool
{
    /// <summary>Queues the party's waiter; while it waits, what its party misses is recalled.</summary>
    internal static Steps Wait(ModelledPool pool, int party)
    {
        yield return Always;
        pool.Add(WaitingUnits + party, pool._waiterUnits);
        yield return Always;
        pool.PushReserved(party);
        foreach (var gate in Serve(pool, party, frame: 2)) yield return gate;
        pool.Forget(3);
        if (!pool.CanBeShort(party)) yield break;
        yield return Always;
        if (pool.Read(Outcome + party) != Waiting) yield break;
        foreach (var gate in OnShort(pool, party, frame: 3)) yield return gate;
    }

    /// <summary>The second half of queuing; or somebody who has the queue served and has nothing to do with it.</summary>
    internal static Steps AskForService(ModelledPool pool, int party) => Serve(pool, party, frame: 13);

    /// <summary>Cancels the party's waiter as soon as it is queued.</summary>
    internal static Steps Cancel(ModelledPool pool, int party)
    {
        yield return () => pool.Peek(Pushed + party) > 0;
        if (!pool.Decide(party, WasCancelled)) yield break;
        yield return Always;
        pool.Exchange(CancelledStack + party, 1);
        foreach (var gate in Serve(pool, party, frame: 4)) yield return gate;
    }

    private static Steps Serve(ModelledPool pool, int party, long frame)
    {
        yield return Always;
        if (pool.Add(Requests + party, 1) != 1) yield break;
        var round = new Round();
        while (true)
        {
            pool.Forget(20, Nest(frame, party, round.Print));
            foreach (var gate in Pass(pool, party, round, frame)) yield return gate;
            pool.Forget(21, Nest(frame, party, round.Print));
            yield return Always;
            if (pool._flaw == Flaw.ForgetfulServer)
            {
                pool.Exchange(Requests + party, 0);
                break;
            }

            if (pool.CompareExchange(Requests + party, 0, 1)) break;
            yield return Always;
            pool.Exchange(Requests + party, 1);
            round.IsNews = true;
        }

        if (round.OwesDebt && pool._flaw != Flaw.GiveBackWithoutPaying)
        {
            foreach (var gate in Attend(pool, party, Nest(frame, 1, round.Print))) yield return gate;
        }

        pool.Forget(22, Nest(frame, party, round.Print));
        if (!round.IsNews || pool._flaw == Flaw.SilentServer) yield break;
        foreach (var gate in Attended(pool, party, Nest(frame, 2))) yield return gate;
    }

    private static Steps Pass(ModelledPool pool, int party, Round round, long frame)
    {
        var units = pool._waiterUnits;
        yield return Always;
        var isCancelled = pool.Exchange(CancelledStack + party, 0) == 1;
        round.IsNews |= isCancelled;
        yield return Always;
        if (pool.Exchange(Inbox + party, 0) == 1) pool.Note(Queued + party, 1);
        if (isCancelled && pool.Peek(Queued + party) == 1)
        {
            pool.Note(Queued + party, -1);
            yield return Always;
            pool.Add(WaitingUnits + party, -units);
        }

        while (pool.Peek(Queued + party) == 1)
        {
            pool.Forget(24, Nest(frame, party, round.Print));
            yield return Always;
            var older = pool.ReadWord(party);
            var word = older;
            if (pool._flaw == Flaw.AnnounceOnOlderWord)
            {
                yield return Always;
                word = pool.ReadWord(party);
            }

            if (word.TryGrant(units, out var next))
            {
                yield return Always;
                // A party has one waiter here, so it is the last, and the flag goes with the grant.
                if (!pool.Swap(party, word, next.WithoutWaiters())) continue;
                pool.Take(party, units);
                pool.Note(Queued + party, -1);
                yield return Always;
                pool.Add(WaitingUnits + party, -units);
                yield return Always;
                if (pool.Decide(party, WasGranted))
                {
                    pool.Note(Granted + party, 1);
                    continue;
                }

                yield return Always;
                pool.Note(Held + party, -units);
                round.OwesDebt |= new PermitWord(pool.Add(Word + party, -units)).OwesDebt;
            }
            else if (pool._flaw == Flaw.AnnounceBlindly)
            {
                yield return Always;
                pool.Exchange(Word + party, pool.WordOf(party).WithWaiters().Bits);
                yield break;
            }
            else
            {
                if (!older.HasWaiters)
                {
                    yield return Always;
                    if (!pool.Swap(party, older, older.WithWaiters())) continue;
                }

                if (!pool._isOnDemand || party == Lender) yield break;
                yield return Always;
                pool.Exchange(FrontNeed, units);
                yield break;
            }
        }

        if (pool._isOnDemand && party == Borrower)
        {
            yield return Always;
            pool.Exchange(FrontNeed, 0);
        }

        while (true)
        {
            pool.Forget(26, Nest(frame, party, round.Print));
            yield return Always;
            var word = pool.ReadWord(party);
            if (!word.HasWaiters) yield break;
            yield return Always;
            if (pool.Swap(party, word, word.WithoutWaiters())) yield break;
        }
    }

    private void Push(int party)
    {
        Note(WaitingUnits + party, _waiterUnits);
        PushReserved(party);
    }

    private void PushReserved(int party)
    {
        Note(Inbox + party, 1);
        Note(Pushed + party, 1);
    }

    private bool Decide(int party, int outcome)
    {
        if (_flaw != Flaw.DecideBlindly) return CompareExchange(Outcome + party, outcome, Waiting);
        Exchange(Outcome + party, outcome);
        return true;
    }

    /// <summary>What one server has to tell once it is no longer the server.</summary>
    private sealed class Round
    {
        internal bool OwesDebt { get; set; }

        internal bool IsNews { get; set; }

        internal int Print => (OwesDebt ? 1 : 0) + (IsNews ? 2 : 0);
    }
}
