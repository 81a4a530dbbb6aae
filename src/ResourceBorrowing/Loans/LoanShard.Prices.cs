using System.Runtime.CompilerServices;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Loans;

// What loans cost, where there is a marketplace. The whole term is held when it begins; what is paid, at its end, is the time for which the lender
// really was without the units, whoever ended the loan before, and the rest is free again. The lock is held throughout.
internal sealed partial class LoanShard
{
    /// <summary>As <see cref="Transfer"/>, if the borrower has the credits for the term.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private RefusalReason Buy(in LoanOrder order, ReadOnlySpan<LoanShare> shares, Span<LoanHandle> loans, ref AttentionList attention)
    {
        var price = new LoanPrice(order.Price < 0 ? Book.Price : order.Price, (uint)CreditAmount.Milliseconds(order.Term));
        var (credits, cost) = (order.Borrower.Credits!, (Int128)0);
        foreach (var share in shares) cost += CreditAmount.Cost(price.PerUnit, share.Units, price.Term);
        _slab.KeepPrices();
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

    /// <summary>Holds what another term costs, and the time since the last one ended; what the last one has left over counts towards it.</summary>
    /// <returns>False when the borrower has not so much.</returns>
    private bool TryHoldForRenewal(int slot, int units, long ended, long now, long term)
    {
        ref var record = ref _slab[slot];
        var group = _groups[record.Group];
        if (group.Borrower.Credits is not { } credits) return true;
        var price = _slab.PriceOf(slot);
        var more = CreditAmount.Cost(price.PerUnit, units, now - ended + term - (price.Term - Used(slot, ref record, group, ended)));
        if (more > 0) return credits.TryHold(more);
        credits.Release((long)-more);
        return true;
    }

    /// <summary>A term is over and another begins, for which there are credits: pays for what there was of it, and for the time since.</summary>
    private void ChargeForTerm(int slot, long ended, long now, uint term)
    {
        ref var record = ref _slab[slot];
        var group = _groups[record.Group];
        ref var price = ref _slab.PriceOf(slot);
        Pay(ref record, group, price.Cost(record.Left, Used(slot, ref record, group, ended) + now - ended), now);
        price = price with { Term = term };
    }

    /// <summary>Units have come back: pays for the time that they were away, within the term, and what was held for the rest of it is free.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Charge(int slot, ref LoanRecord record, LoanGroup group, int units, long now)
    {
        var (price, used) = (_slab.PriceOf(slot), Used(slot, ref record, group, now));
        Pay(ref record, group, price.Cost(units, used), now);
        group.Borrower.Credits!.Release(price.Cost(units, price.Term - used));
    }

    /// <summary>Units are missing although all time is over: their lender has what it is owed for the term now, and not when they come.</summary>
    private void ChargeOverdue(int slot, ref LoanRecord record, LoanGroup group, long now)
    {
        Charge(slot, ref record, group, record.Left, now);
        _slab.PriceOf(slot) = default;
    }

    private void Pay(ref LoanRecord record, LoanGroup group, long amount, long at) =>
        group.Borrower.Credits!.PayHeld(record.Has(LoanFlags.PaysAll) ? Book.Credits!.Reserve : group.Lender.Credits!, amount, CreditReason.Loan, at);

    /// <summary>Milliseconds of the agreed term that are over, a recall or not. What is still in use after it is no longer paid for: it costs reputation.</summary>
    private long Used(int slot, ref LoanRecord record, LoanGroup group, long now) => Math.Clamp(now - record.StartOn(group.Conditions), 0, _slab.PriceOf(slot).Term);
}
