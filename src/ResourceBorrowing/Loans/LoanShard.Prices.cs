using System.Runtime.CompilerServices;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Loans;

// What loans cost, where there is a marketplace. The whole term is held when it begins; what is paid, at its end, is the time for which the lender
// really was without the units, and the rest is free again. The lock is held throughout.
internal sealed partial class LoanShard
{
    /// <summary>As <see cref="Transfer"/>, if the borrower has the credits for the term.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private RefusalReason Buy(in LoanOrder order, ReadOnlySpan<LoanShare> shares, Span<LoanHandle> loans, long term, ref AttentionList attention)
    {
        var (credits, price, cost) = (order.Borrower.Credits!, order.Price < 0 ? Book.Price : order.Price, (Int128)0);
        foreach (var share in shares) cost += CreditAmount.Cost(price, share.Units, term);
        if (!credits.TryHold(cost)) return RefusalReason.InsufficientCredits;
        var reason = Transfer(order, shares, loans, ref attention);
        if (reason != RefusalReason.None)
        {
            credits.Release((long)cost);
            return reason;
        }

        foreach (var loan in loans) _slab.PriceOf(loan.Slot) = price;
        return reason;
    }

    /// <summary>Holds what another term costs; what the old one has left over counts towards it.</summary>
    /// <returns>False when the borrower has not so much.</returns>
    private bool TryHoldForRenewal(int slot, int units, long ended, long term)
    {
        ref var record = ref _slab[slot];
        var group = _groups[record.Group];
        if (group.Borrower.Credits is not { } credits) return true;
        var price = _slab.PriceOf(slot);
        var more = CreditAmount.Cost(price, units, term - (record.Term - Used(ref record, group, ended)));
        if (more > 0) return credits.TryHold(more);
        credits.Release((long)-more);
        return true;
    }

    /// <summary>Units have come back: pays for the time that they were away, within the term, and what was held for the rest of it is free.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Charge(int slot, ref LoanRecord record, LoanGroup group, int units, long now)
    {
        var (price, used) = (_slab.PriceOf(slot), Used(ref record, group, now));
        Pay(ref record, group, (long)CreditAmount.Cost(price, units, used), now);
        group.Borrower.Credits!.Release((long)CreditAmount.Cost(price, units, record.Term - used));
    }

    /// <summary>A term is over and another begins: pays for what there was of it.</summary>
    private void ChargeForTerm(int slot, long ended)
    {
        ref var record = ref _slab[slot];
        var group = _groups[record.Group];
        Pay(ref record, group, (long)CreditAmount.Cost(_slab.PriceOf(slot), record.Left, Used(ref record, group, ended)), ended);
    }

    /// <summary>A recall cuts the term short: what was held for the rest is free.</summary>
    private void Refund(int slot, int units, long milliseconds)
    {
        if (_groups[_slab[slot].Group].Borrower.Credits is { } credits) credits.Release((long)CreditAmount.Cost(_slab.PriceOf(slot), units, milliseconds));
    }

    private void Pay(ref LoanRecord record, LoanGroup group, long amount, long at) =>
        group.Borrower.Credits!.PayHeld(record.Has(LoanFlags.PaysAll) ? Book.Credits!.Reserve : group.Lender.Credits!, amount, CreditReason.Loan, at);

    /// <summary>Milliseconds of the term that are over. What is still in use after it is no longer paid for: it costs reputation.</summary>
    private static long Used(ref LoanRecord record, LoanGroup group, long now) =>
        record.State is LoanState.Overdue or LoanState.Defaulted or LoanState.WrittenOff ? record.Term : Math.Clamp(now - record.StartOn(group.Conditions), 0, record.Term);
}
