namespace ResourceBorrowing.Loans;

// How a loan is made: all that is asked for, or nothing. The lock is held throughout.
internal sealed partial class LoanShard
{
    private static RefusalReason Evaluate(in LoanOrder order, ReadOnlySpan<LoanShare> shares)
    {
        if (shares.Length == 1) return LoanRules.Evaluate(order, shares[0]);
        if (order.Borrower.IsDraining) return RefusalReason.Removed;
        var units = 0;
        foreach (var share in shares)
        {
            if (LoanRules.OfLender(order, share) is var reason and not RefusalReason.None) return reason;
            units += share.Units;
        }

        return LoanRules.OfBorrower(order, units, shares.Length);
    }

    private RefusalReason Transfer(in LoanOrder order, ReadOnlySpan<LoanShare> shares, Span<LoanHandle> loans, ref AttentionList attention)
    {
        if (!TryTakePlaces(shares.Length)) return RefusalReason.PoolLoanLimit;
        for (var i = 0; i < shares.Length; i++)
        {
            var slot = _slab.Rent();
            ref var record = ref _slab[slot];
            record.Group = GroupFor(shares[i].Lender, order.Borrower, order.Conditions).Index;
            record.Units = record.Left = shares[i].Units;
            record.Flags = order.Flags;
            loans[i] = new LoanHandle(slot, record.Generation);
        }

        var units = 0;
        for (var i = 0; i < shares.Length; i++)
        {
            var (lender, part) = (shares[i].Lender, shares[i].Units);
            // Before the debit: a caller of the lender that finds the unit gone finds where to recall it from, and waits for this lock.
            var group = _groups[_slab[loans[i].Slot].Group];
            group.LiveUnits += part;
            // A full fence where it succeeds, so that a group that was just taken off the lender's list is seen to be: pairs with LenderHarm.TryUnlist.
            var isLimited = !lender.TryRaiseLent(part, lender.LendingLimitAt(order.Now));
            if (!isLimited && !group.IsListedByLender) lender.Harm.List(group);
            if (!isLimited && lender.TryLend(part, lender.KeptAt(order.Now, order.Conditions.IsForCallers), ref attention))
            {
                _slab[loans[i].Slot].State = LoanLife.Next(LoanState.Free, LoanEvent.Grant);
                if (lender.Changed is not null) attention.Add(lender);
                units += part;
                continue;
            }

            group.LiveUnits -= part;
            if (!isLimited) lender.ChangeLent(-part);
            // Another that asked meanwhile may have been refused for the room that this one had reserved.
            if (lender.Cell.IsWanted) attention.Add(lender);
            Undo(loans, granted: i, ref attention);
            return isLimited ? RefusalReason.LendingLimit : RefusalReason.LenderNotAvailable;
        }

        var borrower = order.Borrower;
        borrower.Borrowed += units;
        var word = borrower.Cell.Credit(units);
        // Between the two it seemed to have less to lend.
        if (!word.IsQuiet || borrower.Cell.IsWanted || borrower.Changed is not null) attention.Add(borrower);
        return RefusalReason.None;
    }

    /// <summary>One of several lenders had no units after all: those debited before it get theirs back.</summary>
    private void Undo(ReadOnlySpan<LoanHandle> loans, int granted, ref AttentionList attention)
    {
        for (var i = 0; i < loans.Length; i++)
        {
            ref var record = ref _slab[loans[i].Slot];
            if (i < granted)
            {
                var group = _groups[record.Group];
                var lender = group.Lender;
                group.LiveUnits -= record.Units;
                var word = lender.Cell.Credit(record.Units);
                lender.ChangeLent(-record.Units);
                if (!word.IsQuiet || lender.Cell.IsWanted) attention.Add(lender);
            }

            _slab.Return(loans[i].Slot);
            GivePlaceBack();
        }
    }

    private long Begin(in LoanOrder order, ReadOnlySpan<LoanHandle> loans)
    {
        Look(order.Elapsed);
        var start = PoolClock.TickOf(_latest);
        var due = Math.Max(PoolClock.TickAfter(_latest + order.Term), _wheel.Now);
        foreach (var loan in loans)
        {
            ref var record = ref _slab[loan.Slot];
            record.State = LoanLife.Next(record.State, LoanEvent.Activate);
            record.Due = due;
            record.Term = (uint)(due - start);
            Count(order.Borrower);
            var group = _groups[record.Group];
            group.Units += record.Units;
            Link(group, loan.Slot, ref record);
            _wheel.Add(loan.Slot);
            Write(LedgerEntryKind.Granted, loan.Slot, record.Units, start);
        }

        return due;
    }
}
