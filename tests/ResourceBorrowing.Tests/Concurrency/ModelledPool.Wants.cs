using Steps = System.Collections.Generic.IEnumerable<System.Func<bool>?>;

namespace ResourceBorrowing.Tests.Concurrency;

// Who is to be attended, and the borrower that waits for a loan, as AttentionList, Allocation.Attend and Wants.
internal sealed partial class ModelledPool
{
    /// <summary>The borrower waits for a loan.</summary>
    internal static Steps AddWant(ModelledPool pool)
    {
        yield return Always;
        pool.Exchange(WantInbox, 1);
        foreach (var gate in ServeWants(pool, frame: 11)) yield return gate;
    }

    /// <summary>It waits no longer.</summary>
    internal static Steps CancelWant(ModelledPool pool)
    {
        yield return Always;
        if (!pool.CompareExchange(WantOutcome, WasCancelled, Waiting)) yield break;
        yield return Always;
        pool.Exchange(WantStale, 1);
        foreach (var gate in ServeWants(pool, frame: 12)) yield return gate;
    }

    private static Steps Attend(ModelledPool pool, int party, long frame)
    {
        yield return Always;
        var word = pool.ReadWord(party);
        var line = new Line();
        if (!word.OwesDebt)
        {
            if (word.HasWaiters)
            {
                foreach (var gate in Serve(pool, party, Nest(frame, 3))) yield return gate;
            }

            pool.Forget(50, Nest(frame, party));
            foreach (var gate in Attended(pool, party, Nest(frame, 4))) yield return gate;
            yield break;
        }

        foreach (var gate in Stand(pool, party, line)) yield return gate;
        foreach (var gate in Run(pool, line, Nest(frame, 5))) yield return gate;
    }

    /// <summary>A party stands in at most one line.</summary>
    private static Steps Stand(ModelledPool pool, int party, Line line)
    {
        yield return Always;
        if (pool.Exchange(Marked + party, 1) == 0) line.Append(party);
    }

    private static Steps Run(ModelledPool pool, Line line, long frame)
    {
        while (line.Print > 0)
        {
            pool.Forget(51, Nest(frame, 1, line.Print));
            var party = line.Take();
            yield return Always;
            pool.Exchange(Marked + party, 0);
            yield return Always;
            if (pool.ReadWord(party).OwesDebt)
            {
                yield return Always;
                if (pool.Exchange(IsDebtor, 1) == 0)
                {
                    yield return Always;
                    pool.Exchange(Debtors, 1);
                }

                foreach (var gate in Drain(pool, line, Nest(frame, 2, party))) yield return gate;
            }

            pool.Forget(52, Nest(frame, 2 + party, line.Print));
            yield return Always;
            if (pool.ReadWord(party).HasWaiters)
            {
                foreach (var gate in Serve(pool, party, Nest(frame, 6, line.Print))) yield return gate;
            }

            pool.Forget(53, Nest(frame, 2 + party, line.Print));
            foreach (var gate in Attended(pool, party, Nest(frame, 7, line.Print))) yield return gate;
        }
    }

    private static Steps Attended(ModelledPool pool, int party, long frame)
    {
        if (!pool.CanBeShort(party)) yield break;
        if (pool.CanBeWanted(party))
        {
            yield return Always;
            var isWanted = pool.Read(Wanted) != 0;
            if (isWanted) yield return Always;
            if (isWanted && pool.ReadWord(Lender) is { IsQuiet: true, Free: > 0 })
            {
                if (pool._flaw != Flaw.TellTooLate)
                {
                    yield return Always;
                    pool.Exchange(Told, 1);
                }

                foreach (var gate in ServeWants(pool, Nest(frame, 8))) yield return gate;
                if (pool._flaw == Flaw.TellTooLate) pool.Exchange(Told, 1);
                yield break;
            }
        }

        yield return Always;
        if (!pool.ReadWord(party).HasWaiters) yield break;
        foreach (var gate in OnShort(pool, party, Nest(frame, 9))) yield return gate;
    }

    private static Steps OnShort(ModelledPool pool, int party, long frame) => party == Lender ? RecallFor(pool, frame) : ListQueue(pool, frame);

    private static Steps ServeWants(ModelledPool pool, long frame)
    {
        yield return Always;
        if (pool.Add(WantRequests, 1) != 1) yield break;
        while (true)
        {
            pool.Forget(60, frame);
            foreach (var gate in PassWants(pool, frame)) yield return gate;
            pool.Forget(61, frame);
            yield return Always;
            if (pool._flaw == Flaw.ForgetfulServer)
            {
                pool.Exchange(WantRequests, 0);
                yield break;
            }

            if (pool.CompareExchange(WantRequests, 0, 1)) yield break;
            yield return Always;
            pool.Exchange(WantRequests, 1);
        }
    }

    private static Steps PassWants(ModelledPool pool, long frame)
    {
        yield return Always;
        var isNew = pool.Exchange(WantInbox, 0) == 1;
        if (isNew) pool.Exchange(WantListed, 1);
        yield return Always;
        if (pool.Exchange(WantStale, 0) == 1)
        {
            isNew = true;
            pool.Exchange(LooksAtAll, 1);
        }

        if (pool.Read(WantListed) == 0) yield break;
        yield return Always;
        var hasTold = pool.Exchange(Told, 0) == 1;
        var borrowable = new Borrowable();
        foreach (var gate in TryAll(pool, borrowable, hasTold, isNew, Nest(frame, 10, (isNew ? 1 : 0) + (hasTold ? 2 : 0)))) yield return gate;

        var mustMark = isNew || pool.Read(WantListed) == 0;
        while (mustMark && pool._flaw != Flaw.NoMark)
        {
            var isListed = pool.Read(WantListed);
            yield return Always;
            if (pool.Read(Wanted) == isListed) break;
            yield return Always;
            pool.Exchange(Wanted, isListed);
            if (isListed == 0 || pool._flaw == Flaw.MarkWithoutSecondTry) break;
            pool.Exchange(LooksAtAll, 1);
            foreach (var gate in TryAll(pool, borrowable, hasTold, isNew, Nest(frame, 11, (isNew ? 1 : 0) + (hasTold ? 2 : 0)))) yield return gate;
            mustMark = pool.Read(WantListed) == 0 && pool._flaw != Flaw.MarkForEver;
        }

        // Nobody has anything, and whoever has will tell: then the next pass need not look.
        var isDry = pool.Read(Wanted) == 1 && borrowable.Units == 0;
        pool.Exchange(LooksAtAll, isDry ? 0 : 1);
    }

    private static Steps TryAll(ModelledPool pool, Borrowable borrowable, bool hasTold, bool isNew, long frame)
    {
        foreach (var gate in Look(pool, borrowable, hasTold)) yield return gate;
        if (borrowable.Units == 0 && !isNew) yield break;
        foreach (var gate in TryWant(pool, borrowable.Units, Nest(frame, 14, borrowable.Units))) yield return gate;
        if (borrowable.Units == 0) yield break;
        foreach (var gate in Look(pool, borrowable, hasTold)) yield return gate;
    }

    private static Steps Look(ModelledPool pool, Borrowable borrowable, bool hasTold)
    {
        borrowable.Units = 0;
        if (pool.Read(LooksAtAll) == 0 && !hasTold) yield break;
        yield return Always;
        if (pool.ReadWord(Lender) is { IsQuiet: true, Free: var free }) borrowable.Units = Math.Max(0, free);
    }

    private static Steps TryWant(ModelledPool pool, int borrowable, long frame) => pool._isOnDemand ? TryQueue(pool, borrowable, frame) : TryLoan(pool, borrowable, frame);

    private static Steps TryLoan(ModelledPool pool, int borrowable, long frame)
    {
        pool.Forget(62, frame);
        yield return Always;
        if (pool.Read(WantOutcome) != Waiting)
        {
            pool.Exchange(WantListed, 0);
            yield break;
        }

        if (pool._wantUnits > borrowable) yield break;
        var made = new Made();
        foreach (var gate in Borrow(pool, pool._wantUnits, made, Nest(frame, 12))) yield return gate;
        pool.Forget(63, Nest(frame, 1, made.Slot));
        if (made.Slot < 0) yield break;
        pool.Exchange(WantListed, 0);
        pool.Note(LoansOfWant, 1);
        yield return Always;
        if (pool.CompareExchange(WantOutcome, WasGranted, Waiting) || pool._flaw == Flaw.KeepUnwantedLoan) yield break;
        pool.Note(LoansOfWant, -1);
        foreach (var gate in Return(pool, made.Slot, pool._wantUnits, Nest(frame, 13))) yield return gate;
    }

    private bool CanBeShort(int party) => !_isAlone && (party == Lender || _isOnDemand);

    private void CheckWantsAtRest()
    {
        var missing = _isOnDemand ? (int)Peek(WaitingUnits + Borrower) - WordOf(Borrower).Free : _wantUnits;
        var waits = _isOnDemand ? missing > 0 : Peek(WantOutcome) == Waiting && Peek(WantListed) + Peek(WantInbox) > 0;
        Require(!waits || !WordOf(Lender).TryLend(missing, borrowed: 0, out _) || Peek(Debt) > 0, $"a want for {missing} is unfilled at rest, the lender has {WordOf(Lender)}");
        Require(Peek(WantOutcome) == Waiting || Peek(WantListed) + Peek(WantInbox) == 0, "a want that is over is still listed");
        Require(Peek(WantRequests) == 0, "the wants' service is not idle");
        Require(_flaw == Flaw.NoMark || Peek(Wanted) == Peek(WantListed), "the mark lies");
        Require(Peek(LoansOfWant) == (Peek(WantOutcome) == WasGranted ? 1 : 0), "a loan was made and nobody has it");
    }

    /// <summary>What the server of the wants believes can be borrowed.</summary>
    private sealed class Borrowable
    {
        internal int Units { get; set; }
    }

    /// <summary>Who is still to be attended, in order: a number, the first its last digit.</summary>
    private sealed class Line
    {
        internal int Print { get; private set; }

        internal void Append(int party) => Print = Print == 0 ? party + 1 : Print + (Parties + 1) * (party + 1);

        internal int Take()
        {
            var party = Print % (Parties + 1) - 1;
            Print /= Parties + 1;
            return party;
        }
    }
}
