using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;
using Steps = System.Collections.Generic.IEnumerable<System.Func<bool>?>;

namespace ResourceBorrowing.Tests.Concurrency;

// The borrower's home shard: its lock, its debtors, and how loans begin, go on and end, as LoanShard and AttentionList.
internal sealed partial class ModelledPool
{
    /// <summary>The borrower asks the lender for units.</summary>
    internal static Steps Lend(ModelledPool pool, int units) => Borrow(pool, units, new Made(), frame: 5);

    /// <summary>The borrower returns the loan, or a part of it.</summary>
    internal static Steps Return(ModelledPool pool, int units) => Return(pool, 0, units, frame: 6);

    /// <summary>The lender has the loan recalled, or a part of it.</summary>
    internal static Steps Recall(ModelledPool pool, int units) => Recall(pool, units, frame: 7);

    /// <summary>The due time has come: of the term, or of a recall with notice.</summary>
    internal static Steps Expire(ModelledPool pool)
    {
        var line = new Line();
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        var state = (LoanState)pool.Read(State);
        if (pool._flaw == Flaw.ExpireBlindly || pool.Read(Generation) == 0 && LoanLife.IsLive(state))
        {
            foreach (var gate in End(pool, 0, LoanEvent.ComeDue, line)) yield return gate;
        }
        else if (pool.Read(Generation) == 0 && state == LoanState.Returning)
        {
            pool.Exchange(State, (int)LoanLife.Next(state, LoanEvent.ComeDue));
        }

        foreach (var gate in LeaveAndRun(pool, line, frame: 8)) yield return gate;
    }

    /// <summary>The borrower asks for another term.</summary>
    internal static Steps Renew(ModelledPool pool)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        var state = (LoanState)pool.Read(State);
        if (LoanLife.TryNext(state, LoanEvent.Renew, out var next) || pool._flaw == Flaw.RenewBlindly && LoanLife.IsLive(state))
        {
            pool.Exchange(State, (int)next);
            if (pool.Peek(EverRecalled) > 0) pool.Break(RenewedAfterRecall);
        }

        foreach (var gate in LeaveAndRun(pool, new Line(), frame: 9)) yield return gate;
    }

    /// <summary>Somebody who holds the shard's lock for another reason, such as looking what became of a loan.</summary>
    internal static Steps HoldLock(ModelledPool pool)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        foreach (var gate in LeaveAndRun(pool, new Line(), frame: 10)) yield return gate;
    }

    /// <summary>Pays for a release that found the lock taken, and left the debt to whoever holds it.</summary>
    internal static Steps PayForARelease(ModelledPool pool)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        pool.Add(Word + Borrower, -1);
        pool.Note(Held + Borrower, -1);
        pool.Exchange(Debtors, 1);
        pool.Exchange(IsDebtor, 1);
        foreach (var gate in LeaveAndRun(pool, new Line(), frame: 10)) yield return gate;
    }

    private static Steps Borrow(ModelledPool pool, int units, Made made, long frame)
    {
        var line = new Line();
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        if (pool._flaw == Flaw.CreditBeforeDebit)
        {
            yield return Always;
            pool.Note(InTransit, -units);
            pool.Add(Word + Borrower, PermitWord.Of(units).Bits);
        }

        yield return Always;
        if (pool.Read(Debt) == 0 && pool.ReadWord(Lender).TryLend(units, borrowed: 0, out _))
        {
            foreach (var gate in Transfer(pool, units, made, line)) yield return gate;
        }

        foreach (var gate in LeaveAndRun(pool, line, Nest(frame, 1, made.Slot))) yield return gate;
    }

    private static Steps Transfer(ModelledPool pool, int units, Made made, Line line)
    {
        yield return Always;
        pool.Add(Lent, units);
        if (pool._flaw != Flaw.RecallableTooLate)
        {
            yield return Always;
            pool.Add(LiveUnits, units);
        }

        while (true)
        {
            yield return Always;
            var word = pool.ReadWord(Lender);
            if (!word.TryLend(units, borrowed: 0, out var next))
            {
                yield return Always;
                if (pool._flaw != Flaw.RecallableTooLate) pool.Add(LiveUnits, -units);
                yield return Always;
                pool.Add(Lent, -units);
                if (!pool.HasWants) yield break;
                yield return Always;
                if (pool.Read(Wanted) == 0) yield break;
                foreach (var gate in Stand(pool, Lender, line)) yield return gate;
                yield break;
            }

            yield return Always;
            if (!pool.Swap(Lender, word, next)) continue;
            pool.Note(InTransit, units);
            break;
        }

        if (pool._flaw != Flaw.CreditBeforeDebit)
        {
            yield return Always;
            pool.Note(InTransit, -units);
            if (!new PermitWord(pool.Add(Word + Borrower, PermitWord.Of(units).Bits)).IsQuiet)
            {
                foreach (var gate in Stand(pool, Borrower, line)) yield return gate;
            }
        }

        if (pool._flaw == Flaw.RecallableTooLate)
        {
            yield return Always;
            pool.Add(LiveUnits, units);
        }

        made.Slot = pool.Rent(LoanState.Active, units);
        pool.Note(EverLent, units);
    }

    private static Steps Return(ModelledPool pool, int slot, int units, long frame)
    {
        var line = new Line();
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        if (pool.Read(Generation + slot) == 0 && LoanLife.IsLive((LoanState)pool.Read(State + slot)))
        {
            var part = Math.Min(units, (int)pool.Read(Left + slot));
            var ending = part < pool.Read(Left + slot) ? pool.Split(slot, part) : slot;
            foreach (var gate in End(pool, ending, LoanEvent.Return, line)) yield return gate;
        }

        foreach (var gate in LeaveAndRun(pool, line, Nest(frame, 1, slot))) yield return gate;
    }

    private static Steps Recall(ModelledPool pool, int units, long frame)
    {
        var line = new Line();
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        for (var slot = Slots - 1; slot >= 0 && units > 0; slot--)
        {
            if ((LoanState)pool.Read(State + slot) != LoanState.Active) continue;
            var part = Math.Min(units, (int)pool.Read(Left + slot));
            var recalled = part < pool.Read(Left + slot) ? pool.Split(slot, part) : slot;
            units -= part;
            yield return Always;
            pool.Add(LiveUnits, -part);
            pool.Exchange(State + recalled, (int)LoanLife.Next(LoanState.Active, LoanEvent.Recall));
            pool.Note(EverRecalled, part);
            yield return Always;
            pool.Add(Incoming, part);
            pool.Exchange(Expected + recalled, 1);
            if (pool._hasNotice) continue;
            foreach (var gate in End(pool, recalled, LoanEvent.ComeDue, line)) yield return gate;
        }

        foreach (var gate in LeaveAndRun(pool, line, Nest(frame, 1))) yield return gate;
    }

    /// <summary>The lender's callers wait: recalls what is not here, not on its way, and lent.</summary>
    private static Steps RecallFor(ModelledPool pool, long frame)
    {
        yield return Always;
        if (pool.Read(Lent) == 0) yield break;
        yield return Always;
        var waiting = (int)pool.Read(WaitingUnits + Lender);
        yield return Always;
        var free = pool.ReadWord(Lender).Free;
        yield return Always;
        var missing = waiting - free - (int)pool.Read(Incoming);
        if (missing <= 0) yield break;
        yield return Always;
        if (pool.Read(LiveUnits) == 0) yield break;
        pool.Forget(30, Nest(frame, missing));
        foreach (var gate in Recall(pool, missing, Nest(frame, 3))) yield return gate;
    }

    /// <summary>Under the lock: what is free goes back at once, the rest is owed.</summary>
    private static Steps End(ModelledPool pool, int slot, LoanEvent happens, Line line)
    {
        var state = (LoanState)pool.Read(State + slot);
        var left = (int)pool.Read(Left + slot);
        if (state == LoanState.Active)
        {
            yield return Always;
            pool.Add(LiveUnits, -left);
        }

        LoanLife.TryNext(state, happens, out var next);
        pool.Exchange(State + slot, (int)next);
        if (pool.Exchange(Expected + slot, 1) == 0)
        {
            yield return Always;
            pool.Add(Incoming, left);
        }

        pool.Exchange(DebtList, Append(pool.Read(DebtList), slot));
        pool.Add(Debt, left);
        pool.Note(EverEnded, left);
        foreach (var gate in Pay(pool, line)) yield return gate;
        yield return Always;
        if (!pool.ReadWord(Borrower).HasWaiters) yield break;
        foreach (var gate in Stand(pool, Borrower, line)) yield return gate;
    }

    private static Steps Pay(ModelledPool pool, Line line)
    {
        var owed = (int)pool.Read(Debt);
        if (owed == 0) yield break;
        var paid = 0;
        for (var isLate = pool._flaw == Flaw.FlagDebtLater; ; isLate = false)
        {
            yield return Always;
            var word = pool.ReadWord(Borrower);
            var next = word.Repay(owed - paid, out var part);
            if (isLate) next = new PermitWord(next.Bits & long.MaxValue);
            yield return Always;
            if (!pool.Swap(Borrower, word, next)) continue;
            paid += part;
            pool.Note(InTransit, part);
            pool.Note(Owed, owed - paid - pool.Peek(Owed));
            if (part > 0) yield return Always;
            pool.Add(Debt, -part);
            if (isLate) continue;
            if (paid == 0 || !next.HasWaiters) break;
            foreach (var gate in Stand(pool, Borrower, line)) yield return gate;
            break;
        }

        var mustTell = paid > 0;
        while (paid > 0)
        {
            var slot = (int)(pool.Read(DebtList) % (Slots + 1)) - 1;
            var left = (int)pool.Read(Left + slot);
            var part = Math.Min(paid, left);
            paid -= part;
            if (part == left) pool.Close(slot);
            else pool.Exchange(Left + slot, left - part);
            if (pool._flaw != Flaw.CountTwice)
            {
                yield return Always;
                pool.Add(Incoming, -part);
            }

            yield return Always;
            pool.Note(InTransit, -part);
            var isQuiet = new PermitWord(pool.Add(Word + Lender, PermitWord.Of(part).Bits)).IsQuiet;
            yield return Always;
            pool.Add(Lent, -part);
            if (pool._flaw == Flaw.CountTwice)
            {
                yield return Always;
                pool.Add(Incoming, -part);
            }

            if (isQuiet)
            {
                if (!pool.HasWants || pool._flaw == Flaw.CreditQuietly) continue;
                yield return Always;
                if (pool.Read(Wanted) == 0) continue;
            }

            foreach (var gate in Stand(pool, Lender, line)) yield return gate;
        }

        if (!mustTell || pool._flaw == Flaw.LookForWaitersTooEarly) yield break;
        yield return Always;
        if (!pool.ReadWord(Borrower).HasWaiters) yield break;
        foreach (var gate in Stand(pool, Borrower, line)) yield return gate;
    }

    private static Steps LeaveAndRun(ModelledPool pool, Line line, long frame)
    {
        yield return Always;
        pool.Exchange(Locked, 0);
        pool.Forget(40, Nest(frame, 1, line.Print));
        if (pool._flaw != Flaw.LeaveWithoutDraining)
        {
            foreach (var gate in Drain(pool, line, Nest(frame, 2))) yield return gate;
        }

        foreach (var gate in Run(pool, line, Nest(frame, 3))) yield return gate;
    }

    private static Steps Drain(ModelledPool pool, Line line, long frame)
    {
        while (true)
        {
            pool.Forget(41, Nest(frame, 1, line.Print));
            yield return Always;
            if (pool.Read(Debtors) == 0) yield break;
            yield return Always;
            if (!pool.CompareExchange(Locked, 1, 0)) yield break;
            yield return Always;
            if (pool.Exchange(Debtors, 0) == 1)
            {
                yield return Always;
                pool.Exchange(IsDebtor, 0);
                foreach (var gate in Pay(pool, line)) yield return gate;
            }

            yield return Always;
            pool.Exchange(Locked, 0);
        }
    }

    private int Rent(LoanState state, int units)
    {
        var slot = 0;
        while (Read(State + slot) != (int)LoanState.Free) slot++;
        Exchange(State + slot, (int)state);
        Exchange(Left + slot, units);
        Exchange(Expected + slot, 0);
        return slot;
    }

    private int Split(int slot, int units)
    {
        Add(Left + slot, -units);
        var part = Rent((LoanState)Read(State + slot), units);
        Exchange(Expected + part, Read(Expected + slot));
        return part;
    }

    private void Close(int slot)
    {
        Exchange(DebtList, Read(DebtList) / (Slots + 1));
        Exchange(State + slot, (int)LoanState.Free);
        Exchange(Left + slot, 0);
        Add(Generation + slot, 1);
    }

    /// <summary>The list of debts is a number: the oldest is its last digit.</summary>
    private static long Append(long list, int slot) => list == 0 ? slot + 1 : list % (Slots + 1) + (Slots + 1) * Append(list / (Slots + 1), slot);

    private bool IsUnlocked() => Peek(Locked) == 0;

    private void CheckLoansAtRest()
    {
        long live = 0, expected = 0, left = 0;
        for (var slot = 0; slot < Slots; slot++)
        {
            left += Peek(Left + slot);
            if (Peek(State + slot) == (int)LoanState.Active) live += Peek(Left + slot);
            if (Peek(Expected + slot) == 1) expected += Peek(Left + slot);
        }

        Require(Peek(Lent) == left && WordOf(Borrower).Allocation == left, "lent is not borrowed");
        Require(Peek(LiveUnits) == live, "what can be recalled is counted wrongly");
        Require(Peek(Incoming) == expected, "what is on its way is counted wrongly");
        Require(Peek(EverLent) - Peek(EverEnded) == left - Peek(Debt), "a loan has neither ended nor goes on");
        var isMissed = Peek(WaitingUnits + Lender) > WordOf(Lender).Free + Peek(Incoming);
        Require(!isMissed || live == 0, "the lender's caller waits, and nobody has recalled its units");
    }

    /// <summary>The slot of a loan that was made; -1 when it was refused.</summary>
    private sealed class Made
    {
        internal int Slot { get; set; } = -1;
    }
}
