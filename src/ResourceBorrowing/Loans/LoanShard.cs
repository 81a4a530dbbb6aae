using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

/// <summary>The loans of those borrowers whose home it is: their records, their due times and their debts, under one lock.</summary>
/// <remarks>
/// <para><b>Ownership.</b> All fields but the stack of debtors belong to the lock's holder. The lock is never held while
/// another is taken, except by an audit, which takes all shards in order.</para>
/// <para><b>Order.</b> A transfer debits the lender, then credits the borrower, so units may be briefly missing from the
/// sum, never counted twice. What could fail (a new page of records) comes before the debit.</para>
/// <para><b>Progress.</b> Borrowing, returning and expiring wait for the lock. A caller's release does not: a
/// debtor with free units is pushed onto a stack, and whoever leaves the lock pays for it.</para>
/// <para><b>Callbacks.</b> None under the lock. Whoever must be told is collected in an <see cref="AttentionList"/>.</para>
/// </remarks>
internal sealed class LoanShard
{
    private const int StepsPerHold = 64;

    private readonly LoanBook _book;
    private readonly Lock _lock = new();
    private readonly LoanSlab _slab = new();
    private readonly TimerWheel _wheel;
    private readonly LoanOutcomes _outcomes = new();
    private Allocation? _debtors;
    private TimeSpan _latest;
    private long _nextLook = TimerWheel.Never;
    private int _outcomeCount;

    internal LoanShard(LoanBook book)
    {
        _book = book;
        _wheel = new TimerWheel(_slab);
    }

    /// <summary>A tick not later than the earliest due time.</summary>
    internal long NextLook => Volatile.Read(ref _nextLook);

    /// <summary>Settled loans that have not yet become evidence.</summary>
    internal int OutcomeCount => Volatile.Read(ref _outcomeCount);

    /// <summary>Moves units from lender to borrower for a term, or says why not and changes nothing.</summary>
    internal RefusalReason Borrow(
        Allocation borrower, Allocation lender, int units, TimeSpan elapsed, TimeSpan term, bool isTrusted,
        out LoanHandle loan, out long due, ref AttentionList attention)
    {
        RefusalReason reason;
        loan = default;
        due = TimerWheel.Never;
        _lock.Enter();
        try
        {
            reason = LoanRules.Evaluate(borrower, lender, units, isTrusted);
            if (reason == RefusalReason.None)
            {
                var slot = _slab.Rent();
                reason = Transfer(borrower, lender, units, ref attention);
                if (reason == RefusalReason.None)
                {
                    // Time that ran backwards stands still until it has caught up.
                    _latest = elapsed = elapsed > _latest ? elapsed : _latest;
                    _outcomes.TimeOpen(PoolClock.TickOf(elapsed));
                    due = Math.Max(PoolClock.TickAfter(elapsed + term), _wheel.Now);
                    ref var record = ref _slab[slot];
                    record.Units = record.Left = units;
                    record.LeftAtDue = 0;
                    record.Lender = lender.Index;
                    record.Borrower = borrower.Index;
                    record.Start = PoolClock.TickOf(elapsed);
                    record.Due = due;
                    record.Term = (uint)(due - record.Start);
                    record.State = LoanState.Active;
                    borrower.OpenLoans++;
                    _wheel.Add(slot);
                    loan = new LoanHandle(slot, record.Generation);
                }
                else
                {
                    _slab.Return(slot);
                }
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return reason;
    }

    /// <summary>Ends an active loan before its time. Free units go back at once, the others as they are released.</summary>
    /// <returns>False when it had ended before.</returns>
    internal bool TryReturn(LoanHandle loan, ref AttentionList attention)
    {
        bool isActive;
        _lock.Enter();
        try
        {
            ref var record = ref _slab[loan.Slot];
            isActive = record.Generation == loan.Generation && record.State == LoanState.Active;
            if (isActive) End(loan.Slot, ref record, LoanOutcomes.NotTimed, LoanState.Returning, ref attention);
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return isActive;
    }

    /// <summary>Whether a loan goes on. Takes no lock: pages never move, and the generation is looked at before and after.</summary>
    internal bool IsActive(LoanHandle loan)
    {
        ref var record = ref _slab[loan.Slot];
        if (Volatile.Read(ref record.Generation) != loan.Generation || record.State != LoanState.Active) return false;
        Volatile.ReadBarrier();
        return record.Generation == loan.Generation;
    }

    /// <summary>Settles what is due at <paramref name="tick"/>, a bounded number of records under one hold of the lock.</summary>
    internal void SettleDue(long tick, ref AttentionList attention)
    {
        _lock.Enter();
        try
        {
            var budget = StepsPerHold;
            while (_wheel.TryTake(tick, ref budget, out var slot)) ComeDue(slot, ref attention);
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
    }

    /// <summary>Pays what free units of a debtor can pay. Never waits: if the lock is taken, its holder will pay.</summary>
    internal void PayDebts(Allocation debtor, ref AttentionList attention)
    {
        if (debtor.TryMarkAsDebtor())
        {
            Allocation? top;
            do debtor.NextDebtor = top = Volatile.Read(ref _debtors);
            while (Interlocked.CompareExchange(ref _debtors, debtor, top) != top);
        }

        DrainDebtors(ref attention);
    }

    /// <summary>Hands the settled loans over, in the order in which they were settled.</summary>
    internal void TakeOutcomes(List<LoanOutcome> into, long now, ref AttentionList attention)
    {
        _lock.Enter();
        try
        {
            _outcomes.TimeOpen(Math.Max(now, PoolClock.TickOf(_latest)));
            _outcomes.MoveTo(into);
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
    }

    internal void Enter() => _lock.Enter();

    /// <summary>Leaves the lock. <see cref="DrainDebtors"/> must follow, outside: pairs with <see cref="PayDebts"/>.</summary>
    internal void Leave()
    {
        Volatile.Write(ref _nextLook, _wheel.NextLook);
        Volatile.Write(ref _outcomeCount, _outcomes.Count);
        _lock.Exit();
    }

    internal void DrainDebtors(ref AttentionList attention)
    {
        while (Volatile.Read(ref _debtors) is not null)
        {
            var now = _book.Clock.NowOrLast();
            if (!_lock.TryEnter())
            {
                // Its holder leaves and then looks at the stack; we have pushed and then looked at the lock. Between a
                // store and a load of something else both would need a full fence. Holders come often and we seldom, so we
                // pay for both: after this, either the holder sees the stack or we see the lock free.
                Interlocked.MemoryBarrierProcessWide();
                if (!_lock.TryEnter()) return;
            }

            try
            {
                for (var debtor = Interlocked.Exchange(ref _debtors, null); debtor is not null;)
                {
                    var next = debtor.NextDebtor;
                    debtor.NextDebtor = null;
                    debtor.ClearDebtorMark();
                    Pay(debtor, now, ref attention);
                    debtor = next;
                }
            }
            finally
            {
                Leave();
            }

            if (OutcomeCount > 0) _book.OutcomesPending(now);
        }
    }

    /// <summary>Ends the loans in which a participant that leaves the pool is lender or borrower. All locks are held.</summary>
    internal void EndLoansOf(Allocation participant, long now, ref AttentionList attention)
    {
        for (var slot = 0; slot < _slab.Capacity; slot++)
        {
            ref var record = ref _slab[slot];
            if (record.State == LoanState.Active && (record.Lender == participant.Index || record.Borrower == participant.Index))
                End(slot, ref record, now, LoanState.Returning, ref attention);
        }
    }

    /// <summary>
    /// The owner of units changes: what is free moves at once, what is in use or lent is owed from the old owner to the
    /// new one. It is no evidence about anybody. All locks are held, and this is the old owner's home.
    /// </summary>
    internal void MoveOwnership(Allocation from, Allocation to, int units, long now, ref AttentionList attention)
    {
        var slot = _slab.Rent();
        from.Nominal -= units;
        to.Nominal += units;

        // What the new owner owes the old one of an earlier move is set off, or units would have to go in circles.
        units -= to.Home.SetOff(to, from, units, ref attention);
        if (units == 0)
        {
            _slab.Return(slot);
            return;
        }

        // The whole amount is owed first and paid by the same rule as any debt: the oldest creditor comes first.
        to.ChangeLent(units);
        from.Borrowed += units;

        ref var record = ref _slab[slot];
        record.State = LoanState.Ownership;
        record.Units = record.Left = units;
        record.Lender = to.Index;
        record.Borrower = from.Index;
        Owe(from, slot, ref record);
        Pay(from, now, ref attention);
    }

    /// <summary>Cancels up to <paramref name="most"/> units of ownership debt; nothing moves, for the opposite claim cancels too.</summary>
    private int SetOff(Allocation debtor, Allocation creditor, int most, ref AttentionList attention)
    {
        var left = most;
        var previous = LoanRecord.None;
        for (var slot = debtor.FirstDebt; slot != LoanRecord.None && left > 0;)
        {
            ref var record = ref _slab[slot];
            var next = record.NextDebt;
            if (record.State == LoanState.Ownership && record.Lender == creditor.Index)
            {
                var part = Math.Min(left, record.Left);
                left -= part;
                record.Left -= part;
                if (record.Left == 0)
                {
                    if (previous == LoanRecord.None) debtor.FirstDebt = next; else _slab[previous].NextDebt = next;
                    if (debtor.LastDebt == slot) debtor.LastDebt = previous;
                    _slab.Return(slot);
                    slot = next;
                    continue;
                }
            }

            previous = slot;
            slot = next;
        }

        var setOff = most - left;
        debtor.Debt -= setOff;
        debtor.Borrowed -= setOff;
        creditor.ChangeLent(-setOff);
        if (setOff > 0 && debtor.Debt == 0)
        {
            debtor.Cell.Repay(0, out _);
            attention.Add(debtor);
        }

        return setOff;
    }

    private static RefusalReason Transfer(Allocation borrower, Allocation lender, int units, ref AttentionList attention)
    {
        if (!lender.TryRaiseLent(units)) return RefusalReason.LendingLimit;
        if (!lender.TryLend(units, ref attention))
        {
            lender.ChangeLent(-units);
            return RefusalReason.LenderNotAvailable;
        }

        borrower.Borrowed += units;
        var word = borrower.Cell.Credit(units);
        if (!word.IsQuiet || borrower.Changed is not null) attention.Add(borrower);
        if (lender.Changed is not null) attention.Add(lender);
        return RefusalReason.None;
    }

    private void End(int slot, ref LoanRecord record, long now, LoanState state, ref AttentionList attention)
    {
        var borrower = _book[record.Borrower];
        record.State = state;
        Owe(borrower, slot, ref record);
        Pay(borrower, now, ref attention);
        // Its front may have waited for more than it can now ever have.
        if (borrower.Cell.Read().HasWaiters || borrower.Changed is not null) attention.Add(borrower);
    }

    private void ComeDue(int slot, ref AttentionList attention)
    {
        ref var record = ref _slab[slot];
        var generation = record.Generation;
        var due = record.Due;
        switch (record.State)
        {
            case LoanState.Grace:
                record.State = LoanState.Overdue;
                Report(ref record, due);
                return;
            case LoanState.Active:
                // Settled as of its own due time, whatever time it is now: a clock that jumped makes nobody late.
                End(slot, ref record, due, LoanState.Grace, ref attention);
                break;
            default:
                record.State = LoanState.Grace;
                break;
        }

        if (record.Generation != generation) return;
        record.LeftAtDue = record.Left;
        record.Due = Math.Max(due + _book.GraceMilliseconds, _wheel.Now);
        _wheel.Add(slot);
    }

    private void Owe(Allocation debtor, int slot, ref LoanRecord record)
    {
        record.IsOwed = true;
        record.NextDebt = LoanRecord.None;
        if (debtor.LastDebt == LoanRecord.None) debtor.FirstDebt = slot; else _slab[debtor.LastDebt].NextDebt = slot;
        debtor.LastDebt = slot;
        debtor.Debt += record.Left;
    }

    /// <summary>Pays a debtor's debts, oldest first, with the units it has free; the rest is flagged in the same step.</summary>
    private void Pay(Allocation debtor, long now, ref AttentionList attention)
    {
        if (debtor.Debt == 0) return;
        var paid = debtor.Cell.Repay(debtor.Debt, out var after);
        debtor.Debt -= paid;
        if (paid > 0 && (after.HasWaiters || debtor.Changed is not null)) attention.Add(debtor);

        while (paid > 0)
        {
            var slot = debtor.FirstDebt;
            ref var record = ref _slab[slot];
            var part = Math.Min(paid, record.Left);
            paid -= part;
            record.Left -= part;
            debtor.Borrowed -= part;

            var creditor = _book[record.Lender];
            var word = creditor.Cell.Credit(part);
            creditor.ChangeLent(-part);
            if (!word.IsQuiet || creditor.Changed is not null) attention.Add(creditor);
            if (record.Left == 0) Close(debtor, slot, ref record, now);
        }
    }

    private void Close(Allocation debtor, int slot, ref LoanRecord record, long now)
    {
        debtor.FirstDebt = record.NextDebt;
        if (debtor.FirstDebt == LoanRecord.None) debtor.LastDebt = LoanRecord.None;
        record.IsOwed = false;
        if (record.IsScheduled) _wheel.Remove(slot);
        if (record.State is LoanState.Returning or LoanState.Grace) Report(ref record, now);
        if (record.State is not LoanState.Ownership) debtor.OpenLoans--;
        _slab.Return(slot);
    }

    private void Report(ref LoanRecord record, long now)
    {
        var late = record.State is LoanState.Returning ? 0 : record.LeftAtDue - record.Left;
        _outcomes.Add(record, _book[record.Borrower], _book[record.Lender], late, now, _book.KeepsLoansApart);
    }
}
