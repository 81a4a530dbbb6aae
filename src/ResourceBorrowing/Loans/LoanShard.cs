using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

/// <summary>The loans of those borrowers whose home it is: their records, their due times and their debts, under one lock.</summary>
/// <remarks>
/// <para><b>Ownership.</b> All fields but the stack of debtors belong to the lock's holder. The lock is never held while
/// another shard's is taken, except by an audit, which takes all shards in order.</para>
/// <para><b>Order.</b> A transfer debits the lenders, then credits the borrower, so units may be briefly missing from the
/// sum, never counted twice. What could fail (a new page of records, a new group) comes before the debit.</para>
/// <para><b>Progress.</b> Borrowing, returning, recalling and expiring wait for the lock. A caller's release does not: a
/// debtor with free units is pushed onto a stack, and whoever leaves the lock pays for it.</para>
/// <para><b>Callbacks.</b> None under the lock. Whoever must be told is collected in an <see cref="AttentionList"/>.</para>
/// </remarks>
internal sealed partial class LoanShard
{
    private const int StepsPerHold = 64;

    private readonly Lock _lock = new();
    private readonly LoanSlab _slab = new();
    private readonly TimerWheel _wheel;
    private readonly LoanOutcomes _outcomes = new();
    private readonly int _number;
    private Allocation? _debtors;
    private TimeSpan _latest;
    private long _sequence;
    private long _nextLook = TimerWheel.Never;
    private int _outcomeCount;
    private int _openLoans;

    internal LoanShard(LoanBook book, int number)
    {
        Book = book;
        _number = number;
        _wheel = new TimerWheel(_slab);
    }

    internal LoanBook Book { get; }

    /// <summary>A tick not later than the earliest due time.</summary>
    internal long NextLook => Volatile.Read(ref _nextLook);

    /// <summary>Settled loans that have not yet become evidence.</summary>
    internal int OutcomeCount => Volatile.Read(ref _outcomeCount);

    /// <summary>Loans of this shard that are not settled.</summary>
    internal int OpenLoans => Volatile.Read(ref _openLoans);

    /// <summary>Moves units from one or more lenders to the borrower for a term: all that is asked for, or nothing.</summary>
    /// <param name="order">Who asks, and for how long.</param>
    /// <param name="shares">Who is to lend how much; no lender twice.</param>
    /// <param name="loans">Set to the loans made, one for each share.</param>
    /// <param name="due">When they come due.</param>
    /// <param name="attention">Whom to attend afterwards.</param>
    /// <returns>Why not; then nothing has changed.</returns>
    internal RefusalReason Borrow(in LoanOrder order, ReadOnlySpan<LoanShare> shares, Span<LoanHandle> loans, out long due, ref AttentionList attention)
    {
        due = TimerWheel.Never;
        RefusalReason reason;
        _lock.Enter();
        try
        {
            reason = Evaluate(order, shares);
            if (reason == RefusalReason.None) reason = order.Borrower.Credits is null ? Transfer(order, shares, loans, ref attention) : Buy(order, shares, loans, ref attention);
            if (reason == RefusalReason.None) due = Begin(order, loans);
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return reason;
    }

    /// <summary>Ends a live loan, or the part of it that <paramref name="units"/> says, before its time. Free units go back at once, the others as they are released.</summary>
    /// <returns>How many units; 0 when it had ended before.</returns>
    internal int Return(LoanHandle loan, int units, long now, ref AttentionList attention)
    {
        var returned = 0;
        _lock.Enter();
        try
        {
            if (IsLive(loan))
            {
                returned = Math.Min(units, _slab[loan.Slot].Left);
                var slot = returned < _slab[loan.Slot].Left ? Split(loan.Slot, returned) : loan.Slot;
                End(slot, LoanEvent.Return, now, ref attention);
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return returned;
    }

    /// <summary>Gives units back that a participant borrowed on demand and that lie free there while nobody waits.</summary>
    /// <returns>How many; at most one loan's.</returns>
    internal int ReturnIdle(Allocation borrower, Allocation exceptLender, int most, long now, ref AttentionList attention)
    {
        var returned = 0;
        _lock.Enter();
        try
        {
            var word = borrower.Cell.Read();
            if (word is { IsQuiet: true, Free: > 0 } && borrower.OnDemandFrom(exceptLender) is { } group)
            {
                ref var record = ref _slab[group.Youngest];
                returned = Math.Min(most, Math.Min(word.Free, record.Left));
                if (returned > 0) End(returned < record.Left ? Split(group.Youngest, returned) : group.Youngest, LoanEvent.Return, now, ref attention);
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return Math.Max(0, returned);
    }

    /// <summary>Gives units of a standing loan back that lie free at its borrower while nobody waits there.</summary>
    /// <returns>How many; at most one loan's.</returns>
    internal int ReturnStanding(LoanGroup group, int most, long now, ref AttentionList attention)
    {
        var returned = 0;
        _lock.Enter();
        try
        {
            if (group.Youngest != LoanRecord.None && group.Borrower.Cell.Read() is { IsQuiet: true, Free: > 0 and var free })
            {
                ref var record = ref _slab[group.Youngest];
                returned = Math.Min(most, Math.Min(free, record.Left));
                End(returned < record.Left ? Split(group.Youngest, returned) : group.Youngest, LoanEvent.Return, now, ref attention);
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return returned;
    }

    /// <summary>Begins another term now, if a new request would be granted.</summary>
    internal RefusalReason Renew(LoanHandle loan, TimeSpan elapsed, TimeSpan term, out long due, ref AttentionList attention)
    {
        RefusalReason reason;
        due = TimerWheel.Never;
        _lock.Enter();
        try
        {
            reason = !IsLive(loan) ? RefusalReason.LoanEnded
                : !LoanLife.TryNext(_slab[loan.Slot].State, LoanEvent.Renew, out _) ? RefusalReason.LoanRecalled
                : LoanRules.OfRenewal(_groups[_slab[loan.Slot].Group].Borrower, _groups[_slab[loan.Slot].Group].Lender, (long)term.TotalMilliseconds, PoolClock.TickOf(elapsed));
            if (reason == RefusalReason.None)
            {
                Look(elapsed);
                var now = PoolClock.TickOf(_latest);
                // A term that has been agreed is not cut short by asking for another.
                due = Math.Max(_slab[loan.Slot].Due, Math.Max(PoolClock.TickAfter(_latest + term), _wheel.Now));
                if (TryHoldForRenewal(loan.Slot, _slab[loan.Slot].Left, now, now, due - now))
                {
                    _wheel.Remove(loan.Slot);
                    Renew(loan.Slot, now, now, due);
                }
                else
                {
                    reason = RefusalReason.InsufficientCredits;
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

    /// <summary>Closes an overdue loan. What it owes stays owed.</summary>
    internal bool TryWriteOff(LoanHandle loan, ref AttentionList attention)
    {
        bool isOverdue;
        _lock.Enter();
        try
        {
            ref var record = ref _slab[loan.Slot];
            isOverdue = record.Generation == loan.Generation && LoanLife.TryNext(record.State, LoanEvent.WriteOff, out _);
            if (isOverdue)
            {
                if (record.IsScheduled) _wheel.Remove(loan.Slot);
                record.State = LoanLife.Next(record.State, LoanEvent.WriteOff);
                Uncount(_groups[record.Group].Borrower);
                Write(LedgerEntryKind.WrittenOff, loan.Slot, record.Left, PoolClock.TickOf(_latest));
            }
        }
        finally
        {
            Leave();
        }

        DrainDebtors(ref attention);
        return isOverdue;
    }

    /// <summary>Whether a loan goes on. Takes no lock: pages never move, and the generation is looked at before and after.</summary>
    internal bool IsActive(LoanHandle loan)
    {
        ref var record = ref _slab[loan.Slot];
        if (Volatile.Read(ref record.Generation) != loan.Generation || !LoanLife.IsLive(record.State)) return false;
        Volatile.ReadBarrier();
        return record.Generation == loan.Generation;
    }

    /// <summary>The record and its group as they are now; false when the loan has been settled.</summary>
    internal bool TryRead(LoanHandle loan, out LoanRecord record, out LoanGroup? group)
    {
        _lock.Enter();
        try
        {
            record = _slab[loan.Slot];
            var exists = record.Generation == loan.Generation;
            group = exists ? _groups[record.Group] : null;
            return exists;
        }
        finally
        {
            LeaveAndDrain();
        }
    }

    /// <summary>Settles what was due at <paramref name="tick"/>, up to <paramref name="now"/>, a bounded number of records under one hold of the lock.</summary>
    internal void SettleDue(long tick, long now, ref AttentionList attention)
    {
        _lock.Enter();
        try
        {
            var budget = StepsPerHold;
            while (_wheel.TryTake(tick, ref budget, out var slot)) ComeDue(slot, now, ref attention);
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

    /// <summary>Waits until whoever is changing loans here has done: what it took from a borrower has then come to the lender.</summary>
    internal void Pass()
    {
        Enter();
        LeaveAndDrain();
    }

    private void LeaveAndDrain()
    {
        Leave();
        var attention = new AttentionList();
        DrainDebtors(ref attention);
        attention.Run(Book);
    }

    internal void DrainDebtors(ref AttentionList attention)
    {
        while (Volatile.Read(ref _debtors) is not null)
        {
            var now = Book.Clock.NowOrLast();
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

            if (OutcomeCount > 0) Book.OutcomesPending(now);
        }
    }

    /// <summary>Time that ran backwards stands still until it has caught up.</summary>
    private void Look(TimeSpan elapsed)
    {
        var last = TimeSpan.FromTicks(Book.Clock.Last * TimeSpan.TicksPerMillisecond);
        if (last > elapsed) elapsed = last;
        if (elapsed > _latest) _latest = elapsed;
        _outcomes.TimeOpen(PoolClock.TickOf(_latest));
    }

    private bool IsLive(LoanHandle loan)
    {
        ref var record = ref _slab[loan.Slot];
        return record.Generation == loan.Generation && LoanLife.IsLive(record.State);
    }

    private void Write(LedgerEntryKind kind, int slot, int units, long at)
    {
        if (Book.Journal is { } journal) Write(journal, kind, _groups[_slab[slot].Group], units, at, new LoanHandle(slot, _slab[slot].Generation));
    }

    private void Write(Action<LedgerEntry> journal, LedgerEntryKind kind, LoanGroup group, int units, long at, LoanHandle loan) =>
        journal(new LedgerEntry(kind, _number, ++_sequence, at == LoanOutcomes.NotTimed ? PoolClock.TickOf(_latest) : at, group.Lender, group.Borrower, units, loan));
}
