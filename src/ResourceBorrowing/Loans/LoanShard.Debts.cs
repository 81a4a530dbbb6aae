using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

// What is owed, and how it is paid. The lock is held throughout.
internal sealed partial class LoanShard
{
    /// <summary>
    /// The owner of units changes: what is free moves at once, what is in use or lent is owed from the old owner to the
    /// new one. It is no evidence about anybody. All locks are held, and this is the old owner's home.
    /// </summary>
    internal void MoveOwnership(Allocation from, Allocation to, int units, long now, ref AttentionList attention)
    {
        var slot = _slab.Rent();
        var group = GroupFor(to, from, LoanConditions.Ownership);
        from.Nominal -= units;
        to.Nominal += units;
        if (Book.Journal is { } journal) Write(journal, LedgerEntryKind.Moved, group, units, now, default);

        // What the new owner owes the old one of an earlier move is set off, or units would have to go in circles.
        var owed = units - to.Home.SetOff(to, from, units, now, ref attention);
        if (owed == 0)
        {
            _slab.Return(slot);
            return;
        }

        // The whole amount is owed first and paid by the same rule as any debt: the oldest creditor comes first.
        to.ChangeLent(owed);
        from.Borrowed += owed;

        ref var record = ref _slab[slot];
        record.State = LoanState.Ownership;
        record.Units = record.Left = owed;
        record.Group = group.Index;
        Write(LedgerEntryKind.DebtMade, slot, owed, now);
        Owe(group, slot, ref record, now);
        Pay(from, now, ref attention);
        if (from.Debt > 0) attention.Recall(from.Cell.Recall.Take());
    }

    /// <summary>Cancels up to <paramref name="most"/> units of ownership debt; nothing moves, for the opposite claim cancels too.</summary>
    private int SetOff(Allocation debtor, Allocation creditor, int most, long now, ref AttentionList attention)
    {
        if (debtor.GroupOf(creditor, LoanConditions.Ownership) is not { } group) return 0;
        var left = most;
        var previous = LoanRecord.None;
        for (var slot = debtor.FirstDebt; slot != LoanRecord.None && left > 0;)
        {
            ref var record = ref _slab[slot];
            var next = record.NextPeer;
            if (record.Group == group.Index)
            {
                var part = Math.Min(left, record.Left);
                left -= part;
                record.Left -= part;
                if (record.Left == 0)
                {
                    if (previous == LoanRecord.None) debtor.FirstDebt = next; else _slab[previous].NextPeer = next;
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
        if (setOff == 0) return 0;
        debtor.Debt -= setOff;
        debtor.Borrowed -= setOff;
        creditor.ChangeLent(-setOff);
        creditor.ChangeIncoming(-setOff);
        if (Book.Journal is { } journal) Write(journal, LedgerEntryKind.SetOff, group, setOff, now, default);
        if (debtor.Debt == 0)
        {
            debtor.Cell.Repay(0, out _);
            attention.Add(debtor);
        }

        return setOff;
    }

    private void Owe(LoanGroup group, int slot, ref LoanRecord record, long now)
    {
        var debtor = group.Borrower;
        Expect(group.Lender, ref record);
        record.LeftAtDue = 0;
        record.NextPeer = LoanRecord.None;
        if (debtor.LastDebt == LoanRecord.None) debtor.FirstDebt = slot; else _slab[debtor.LastDebt].NextPeer = slot;
        debtor.LastDebt = slot;
        debtor.Debt += record.Left;
        if (record.State != LoanState.Ownership) Write(LedgerEntryKind.Ended, slot, record.Left, now);
    }

    /// <summary>The lender may count on the units: it need not recall others for the same caller.</summary>
    private static void Expect(Allocation lender, ref LoanRecord record)
    {
        if (record.Has(LoanFlags.Expected)) return;
        record.Set(LoanFlags.Expected, true);
        lender.ChangeIncoming(record.Left);
    }

    /// <summary>A loan whose units are all free, of a borrower that owes nothing, need not stand among the debts first.</summary>
    private bool TryPayAtOnce(LoanGroup group, int slot, ref LoanRecord record, long now, ref AttentionList attention)
    {
        var borrower = group.Borrower;
        var units = record.Left;
        if (borrower.Debt > 0 || !borrower.Cell.TryRepayAll(units)) return false;
        record.LeftAtDue = 0;
        Write(LedgerEntryKind.Ended, slot, units, now);
        PayOut(borrower, slot, ref record, units, now, ref attention);
        Settle(borrower, slot, ref record, now);
        // Its front may have waited for more than it can now ever have, or have come while it still counted as having borrowed: as in Pay.
        if (borrower.Cell.Read().HasWaiters || borrower.Cell.IsWanted || borrower.Changed is not null) attention.Add(borrower);
        return true;
    }

    /// <summary>Pays a debtor's debts, oldest first, with the units it has free; the rest is flagged in the same step.</summary>
    private void Pay(Allocation debtor, long now, ref AttentionList attention)
    {
        if (debtor.Debt == 0) return;
        var paid = debtor.Cell.Repay(debtor.Debt, out var after);
        debtor.Debt -= paid;
        if (paid > 0 && (after.HasWaiters || debtor.Changed is not null)) attention.Add(debtor);

        var mustTell = paid > 0;
        while (paid > 0)
        {
            var slot = debtor.FirstDebt;
            ref var record = ref _slab[slot];
            var part = Math.Min(paid, record.Left);
            paid -= part;
            PayOut(debtor, slot, ref record, part, now, ref attention);
            if (record.Left > 0) continue;

            debtor.FirstDebt = record.NextPeer;
            if (debtor.FirstDebt == LoanRecord.None) debtor.LastDebt = LoanRecord.None;
            Settle(debtor, slot, ref record, now);
        }

        // What it may lend, and what its callers may borrow, counts only now that it counts as owing and having borrowed less. Who came to wait before has looked
        // at that in vain: announced, then looked, pairs with ResourcePool.OnShort; here the credit is the fence between the two.
        if (mustTell && (debtor.Cell.IsWanted || debtor.Cell.Read().HasWaiters)) attention.Add(debtor);
    }

    /// <summary>Units that have left the debtor arrive at the creditor.</summary>
    private void PayOut(Allocation debtor, int slot, ref LoanRecord record, int units, long now, ref AttentionList attention)
    {
        record.Left -= units;
        debtor.Borrowed -= units;
        if (record.State is LoanState.Overdue or LoanState.Defaulted or LoanState.WrittenOff) debtor.OverdueDebt -= units;

        var group = _groups[record.Group];
        var creditor = group.Lender;
        var at = now == LoanOutcomes.NotTimed ? Book.Clock.Last : now;
        creditor.Harm.Settle(at);
        // Before the units can be seen, or they would be lent to whom they were recalled from.
        if (record.Has(LoanFlags.WasRecalled)) creditor.HoldBack(units, at, at + Book.PlanningPeriod, record.Has(LoanFlags.WasMissed));
        if (record.State != LoanState.Ownership)
        {
            group.Units -= units;
            if (debtor.Credits is not null) Charge(slot, ref record, group, units, at);
        }

        // Before the credit: pairs with Shortages.RecallFor, which must not count a unit as here and as on its way.
        if (record.Has(LoanFlags.Expected)) creditor.ChangeIncoming(-units);
        var word = creditor.Cell.Credit(units);
        creditor.ChangeLent(-units);
        Write(record.State == LoanState.Ownership ? LedgerEntryKind.DebtPaid : record.Left > 0 ? LedgerEntryKind.PartRepaid : LedgerEntryKind.Repaid, slot, units, now);
        if (!word.IsQuiet || creditor.Cell.IsWanted || creditor.Changed is not null) attention.Add(creditor);
    }

    /// <summary>The last unit is back.</summary>
    private void Settle(Allocation debtor, int slot, ref LoanRecord record, long now)
    {
        if (record.IsScheduled) _wheel.Remove(slot);
        if (record.State is LoanState.Returning or LoanState.Grace) Report(ref record, _groups[record.Group], lost: 0, now);
        if (LoanLife.IsOpen(record.State)) Uncount(debtor);
        if (record.Has(LoanFlags.HasToken)) _tokens!.Remove(new LoanHandle(slot, record.Generation));
        record.State = LoanLife.Next(record.State, LoanEvent.Repay);
        _slab.Return(slot);
    }

    private void Report(ref LoanRecord record, LoanGroup group, int lost, long now)
    {
        var late = record.State is LoanState.Returning ? 0 : record.LeftAtDue - lost;
        _outcomes.Add(record, group, lost, late, now, Book.KeepsLoansApart);
    }
}
