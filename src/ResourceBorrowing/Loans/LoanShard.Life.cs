using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

// How loans go on and end: terms, renewals, recalls. The lock is held throughout.
internal sealed partial class LoanShard
{
    private Dictionary<LoanHandle, CancellationTokenSource>? _tokens;

    /// <summary>Recalls up to <paramref name="most"/> units of a group, youngest loans first.</summary>
    /// <param name="group">Whose units.</param>
    /// <param name="most">How many at the most.</param>
    /// <param name="notBefore">Of when the oldest may be, after the first: others may have younger ones.</param>
    /// <param name="onlyFree">Whether only units that are free at the borrower, and due back at once, are worth it.</param>
    /// <param name="isForCallers">Whether callers of the lender stand there, and not it alone asks.</param>
    /// <param name="now">The time.</param>
    /// <param name="attention">Whom to attend afterwards.</param>
    /// <returns>Units recalled.</returns>
    internal int Recall(LoanGroup group, int most, long notBefore, bool onlyFree, bool isForCallers, long now, ref AttentionList attention)
    {
        var recalled = 0;
        _lock.Enter();
        try
        {
            now = Math.Max(now, PoolClock.TickOf(_latest));
            var budget = StepsPerHold;
            for (var slot = group.Youngest; slot != LoanRecord.None && recalled < most && budget-- > 0;)
            {
                var older = _slab[slot].NextPeer;
                var units = most - recalled;
                if (onlyFree) units = Math.Min(units, group.Borrower.Cell.Read().Free);
                if (units <= 0 || recalled > 0 && _slab[slot].StartOn(group.Conditions) < notBefore) break;
                recalled += Recall(slot, units, onlyFree, isForCallers, now, ref attention);
                slot = older;
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return recalled;
    }

    /// <summary>Units of a group that a recall would have back at once if they are free; as exact as a recall itself.</summary>
    internal int RecallableAt(LoanGroup group, long now)
    {
        if (group.Conditions is not { IsRecallable: true, Notice: 0 }) return 0;
        if (group.Conditions.MinimumHold == 0) return group.LiveUnits;
        var units = 0;
        _lock.Enter();
        try
        {
            var budget = StepsPerHold;
            for (var slot = group.Youngest; slot != LoanRecord.None && budget-- > 0; slot = _slab[slot].NextPeer)
            {
                ref var loan = ref _slab[slot];
                if (group.Conditions.RecallAt(now, loan.StartOn(group.Conditions), loan.Due) <= now) units += loan.Left;
            }
        }
        finally
        {
            LeaveAndDrain();
        }

        return units;
    }

    /// <summary>Recalls up to <paramref name="most"/> units of one loan for its lender.</summary>
    /// <returns>Units recalled: 0 when it has ended, has been recalled before, cannot be, or is due by then anyway.</returns>
    internal int Recall(LoanHandle loan, int most, long now, out Allocation? lender, ref AttentionList attention)
    {
        var recalled = 0;
        lender = null;
        _lock.Enter();
        try
        {
            now = Math.Max(now, PoolClock.TickOf(_latest));
            if (IsLive(loan))
            {
                lender = _groups[_slab[loan.Slot].Group].Lender;
                recalled = Recall(loan.Slot, most, onlyAtOnce: false, isForCallers: false, now, ref attention);
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return recalled;
    }

    /// <summary>The one token of the loans that one request brought, made now; already cancelled when none goes on or one has been recalled.</summary>
    internal CancellationToken RecallTokenOf(ReadOnlySpan<LoanHandle> loans)
    {
        _lock.Enter();
        try
        {
            _tokens ??= [];
            CancellationTokenSource? source = null;
            var (live, known) = (0, 0);
            foreach (var loan in loans)
            {
                if (!IsLive(loan)) continue;
                if (_slab[loan.Slot].State == LoanState.Recalled) return new CancellationToken(canceled: true);
                live++;
                if (!_tokens.TryGetValue(loan, out var made)) continue;
                known++;
                source = made;
            }

            if (live == 0) return new CancellationToken(canceled: true);
            if (source is not null && known == live) return source.Token;
            // A part of one was recalled, which has cancelled the token of all.
            source = new CancellationTokenSource();
            foreach (var loan in loans)
            {
                if (!IsLive(loan)) continue;
                _tokens[loan] = source;
                _slab[loan.Slot].Set(LoanFlags.HasToken, true);
            }

            return source.Token;
        }
        finally
        {
            LeaveAndDrain();
        }
    }

    /// <summary>Ends the loans in which a participant that leaves the pool is lender or borrower. All locks are held.</summary>
    internal void EndLoansOf(Allocation participant, long now, ref AttentionList attention)
    {
        for (var slot = 0; slot < _slab.Capacity; slot++)
        {
            ref var record = ref _slab[slot];
            if (!LoanLife.IsLive(record.State)) continue;
            var group = _groups[record.Group];
            if (group.Lender != participant && group.Borrower != participant) continue;
            // The lender did not wait for the term, which is its right as far as it could have recalled the units now.
            var isLenders = group.Lender == participant;
            record.Set(LoanFlags.WasWithdrawn, isLenders && record.State == LoanState.Active
                && (!group.Conditions.IsRecallable || group.Conditions.RecallAt(now, record.StartOn(group.Conditions), record.Due) > now));
            record.Set(LoanFlags.WasRecalled, record.Has(LoanFlags.WasRecalled) || isLenders);
            if (record.Has(LoanFlags.HasToken)) RaiseToken(slot, ref attention);
            End(slot, LoanEvent.Return, now, ref attention);
        }
    }

    private int Recall(int slot, int most, bool onlyAtOnce, bool isForCallers, long now, ref AttentionList attention)
    {
        ref var loan = ref _slab[slot];
        var group = _groups[loan.Group];
        if (!group.Conditions.IsRecallable || !LoanLife.TryNext(loan.State, LoanEvent.Recall, out _)) return 0;
        var effective = group.Conditions.RecallAt(now, loan.StartOn(group.Conditions), loan.Due);
        // A term that ends by then anyway needs no recall, unless another would follow.
        if (effective >= loan.Due && !group.Conditions.AutoRenews || onlyAtOnce && effective > now) return 0;

        if (loan.Has(LoanFlags.HasToken)) RaiseToken(slot, ref attention);
        // Its callers learn of it now when there is a notice; otherwise only if units in use are wanted, which the end of the loan tells.
        if (effective > now) attention.Recall(group.Borrower.Cell.Recall.Take());
        var units = Math.Min(most, loan.Left);
        if (units < loan.Left) slot = Split(slot, units);
        else Unlink(group, slot, ref loan);

        ref var record = ref _slab[slot];
        group.LiveUnits -= units;
        record.State = LoanLife.Next(record.State, LoanEvent.Recall);
        record.Set(LoanFlags.WasRecalled, true);
        record.Set(LoanFlags.WasMissed, isForCallers);
        Expect(group.Lender, ref record);
        Write(LedgerEntryKind.Recalled, slot, units, now);

        var start = record.StartOn(group.Conditions);
        if (record.IsScheduled) _wheel.Remove(slot);
        record.Due = Math.Max(effective, _wheel.Now);
        record.Term = (uint)(record.Due - start);
        if (effective > now) _wheel.Add(slot);
        else ComeDue(slot, now, ref attention);
        return units;
    }

    private void ComeDue(int slot, long now, ref AttentionList attention)
    {
        ref var record = ref _slab[slot];
        var (generation, due) = (record.Generation, record.Due);
        var group = _groups[record.Group];
        switch (record.State)
        {
            case LoanState.Grace:
                BecomeOverdue(slot, ref record, group, due, ref attention);
                return;
            case LoanState.Overdue:
                record.State = LoanLife.Next(record.State, LoanEvent.Default);
                Write(LedgerEntryKind.Defaulted, slot, record.Left, due);
                attention.Tell(new LoanNotice(record.State, group.Lender, group.Borrower, record.Left));
                return;
            case LoanState.Returning:
                Move(ref record, group, LoanEvent.ComeDue);
                break;
            // A term is counted from the tick before it to the tick after it, so up to one tick longer than it is.
            case LoanState.Active when group.Conditions.AutoRenews && LoanRules.OfRenewal(group.Borrower, group.Lender, record.Term - 1, due) == RefusalReason.None && TryHoldForRenewal(slot, record.Left, due, now, record.Term):
                // The next term begins now: after a jump of the clock one renewal stands for all that would have come and gone.
                Renew(slot, due, now, now + record.Term);
                return;
            case LoanState.Active when group.Conditions.IsOnDemand && group.Borrower.Cell.Read().Free is var free && free < record.Left
                && LoanRules.OfRenewal(group.Borrower, group.Lender, record.Term - 1, due) == RefusalReason.None && TryHoldForRenewal(slot, record.Left - Math.Max(0, free), due, now, record.Term):
                // Who borrowed did not ask, and its callers are not done: what they do not use goes back, and the rest only if the lender needs it.
                if (free > 0) End(Split(slot, free), LoanEvent.Return, due, ref attention);
                Renew(slot, due, now, now + _slab[slot].Term);
                return;
            default:
                // Settled as of its own due time, whatever time it is now: a clock that jumped makes nobody late.
                End(slot, LoanEvent.ComeDue, due, ref attention);
                break;
        }

        if (record.Generation != generation) return;
        record.LeftAtDue = record.Left;
        _wheel.Add(slot);
    }

    private void BecomeOverdue(int slot, ref LoanRecord record, LoanGroup group, long at, ref AttentionList attention)
    {
        Report(ref record, group, lost: record.Left, at);
        if (group.Borrower.Credits is not null) ChargeOverdue(slot, ref record, group, at);
        record.State = LoanLife.Next(record.State, LoanEvent.GraceEnd);
        group.Borrower.OverdueDebt += record.Left;
        Write(LedgerEntryKind.Overdue, slot, record.Left, at);
        attention.Tell(new LoanNotice(record.State, group.Lender, group.Borrower, record.Left));
        record.Due = Math.Max(at + Book.DefaultLimit, _wheel.Now);
        _wheel.Add(slot);
    }

    /// <summary>The term that ends is settled like any loan, and another begins. The record must not stand in the wheel.</summary>
    private void Renew(int slot, long ended, long now, long due)
    {
        ref var record = ref _slab[slot];
        record.State = LoanLife.Next(record.State, LoanEvent.Renew);
        _outcomes.Add(record, _groups[record.Group], lost: 0, late: 0, ended, Book.KeepsLoansApart);
        if (_groups[record.Group].Borrower.Credits is not null) ChargeForTerm(slot, ended, now, (uint)(due - now));
        record.Due = due;
        record.Term = (uint)(due - now);
        _wheel.Add(slot);
        Write(LedgerEntryKind.Renewed, slot, record.Left, now);
    }

    private void End(int slot, LoanEvent happens, long now, ref AttentionList attention)
    {
        ref var record = ref _slab[slot];
        var group = _groups[record.Group];
        var borrower = group.Borrower;
        if (record.State == LoanState.Active)
        {
            // What was split off never stood in the list.
            if (group.Youngest == slot || record.PreviousPeer != LoanRecord.None || record.NextPeer != LoanRecord.None) Unlink(group, slot, ref record);
            group.LiveUnits -= record.Left;
        }

        if (happens == LoanEvent.ComeDue && record.Has(LoanFlags.HasToken)) RaiseToken(slot, ref attention);
        Move(ref record, group, happens);
        if (TryPayAtOnce(group, slot, ref record, now, ref attention)) return;
        Owe(group, slot, ref record, now);
        Pay(borrower, now, ref attention);
        if (borrower.Debt > 0) attention.Recall(borrower.Cell.Recall.Take());
        // Its front may have waited for more than it can now ever have.
        if (borrower.Cell.Read().HasWaiters || borrower.Changed is not null) attention.Add(borrower);
    }

    /// <summary>The end of the grace period is the next due time of a loan that has come due: state and time change together.</summary>
    private static void Move(ref LoanRecord record, LoanGroup group, LoanEvent happens)
    {
        record.State = LoanLife.Next(record.State, happens);
        if (record.State == LoanState.Grace) record.Due += group.Conditions.Grace;
    }

    /// <summary>Divides a live loan in two: the new record has the units and may go another way. It stands in no list.</summary>
    private int Split(int slot, int units)
    {
        var part = _slab.Rent();
        ref var whole = ref _slab[slot];
        ref var record = ref _slab[part];
        whole.State = record.State = LoanLife.Next(whole.State, LoanEvent.Split);
        record.Flags = whole.Flags & ~(LoanFlags.Scheduled | LoanFlags.HasToken | LoanFlags.Expected);
        record.Group = whole.Group;
        if (_groups[whole.Group].Borrower.Credits is not null) _slab.PriceOf(part) = _slab.PriceOf(slot);
        record.Units = record.Left = units;
        record.Term = whole.Term;
        record.Due = whole.Due;
        whole.Units -= units;
        whole.Left -= units;
        if (whole.Has(LoanFlags.Expected)) record.Flags |= LoanFlags.Expected;
        // What is returned early and still in use can be overdue like the rest.
        if (whole.IsScheduled) _wheel.Add(part);
        Count(_groups[record.Group].Borrower);
        _places--;
        return part;
    }

    private void Link(LoanGroup group, int slot, ref LoanRecord record)
    {
        record.PreviousPeer = LoanRecord.None;
        record.NextPeer = group.Youngest;
        if (group.Youngest != LoanRecord.None) _slab[group.Youngest].PreviousPeer = slot;
        else if (group.Conditions.IsOnDemand) group.Borrower.ListOnDemand(group);
        group.Youngest = slot;
        group.LentAt = record.StartOn(group.Conditions);
    }

    private void Unlink(LoanGroup group, int slot, ref LoanRecord record)
    {
        if (group.Youngest != slot) _slab[record.PreviousPeer].NextPeer = record.NextPeer;
        else if ((group.Youngest = record.NextPeer) != LoanRecord.None) group.LentAt = _slab[group.Youngest].StartOn(group.Conditions);
        if (record.NextPeer != LoanRecord.None) _slab[record.NextPeer].PreviousPeer = record.PreviousPeer;
        record.NextPeer = record.PreviousPeer = LoanRecord.None;
    }

    private void RaiseToken(int slot, ref AttentionList attention)
    {
        _slab[slot].Set(LoanFlags.HasToken, false);
        if (_tokens!.Remove(new LoanHandle(slot, _slab[slot].Generation), out var source)) attention.Recall(source);
    }
}
