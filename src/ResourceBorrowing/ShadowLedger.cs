using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>
/// What a pool that only observes would have lent: loans that are written down and move no unit. They take the default term, and each
/// caller is held against what its participant would have had.
/// </summary>
/// <remarks>
/// Thread-safe: one lock, under which no user code runs. Units that would not have been granted are in use all the same, so beside callers that
/// would have been refused the participant's later ones are judged more harshly than they would have been.
/// </remarks>
internal sealed class ShadowLedger(ResourcePool pool, LoanBook book)
{
    private readonly Lock _lock = new();
    private readonly List<ShadowLoan> _loans = [];

    /// <summary>What would have happened to a caller; nothing when it would have been served from its participant's own.</summary>
    internal IReadOnlyList<(PoolEventKind Kind, int Units)> Acquire(Participant participant, int units, bool wouldWait)
    {
        lock (_lock)
        {
            var now = EndDue();
            var missing = units - Math.Max(0, FreeOf(participant));
            if (missing <= 0) return [];

            var own = Recallable(participant, missing, onlyFree: true);
            var shares = Choose(participant, missing - own, book.Conditions, pool.DefaultTerm, now);
            if (missing == own || shares.Count > 0 && participant.Options.BorrowOnDemand)
            {
                Recall(participant, own, onlyFree: true);
                Lend(participant, shares, now + (long)pool.DefaultTerm.TotalMilliseconds);
                return Happened((PoolEventKind.WouldRecall, own), (PoolEventKind.WouldLend, missing - own));
            }

            if (!wouldWait) return Happened((PoolEventKind.WouldRefuse, units));
            var recalled = Recallable(participant, missing, onlyFree: false);
            Recall(participant, recalled, onlyFree: false);
            return Happened((PoolEventKind.WouldRecall, recalled), (PoolEventKind.WouldWait, units));
        }
    }

    /// <summary>Whether a loan would have been made.</summary>
    internal bool Borrow(Participant borrower, in LoanRequest request, in LoanOrder order)
    {
        lock (_lock)
        {
            var now = EndDue();
            var shares = Choose(borrower, request.Units, order.Conditions, order.Term, now, request.Lender, order.Score);
            Lend(borrower, shares, now + (long)order.Term.TotalMilliseconds);
            return shares.Count > 0;
        }
    }

    private static (PoolEventKind, int)[] Happened(params ReadOnlySpan<(PoolEventKind Kind, int Units)> all)
    {
        var happened = new List<(PoolEventKind, int)>();
        foreach (var one in all)
            if (one.Units > 0) happened.Add(one);
        return [.. happened];
    }

    private long EndDue()
    {
        var now = pool.Now;
        _loans.RemoveAll(l => l.Due <= now || l.Units == 0);
        return now;
    }

    private int LentBy(Participant lender) => _loans.Sum(l => l.Lender == lender ? l.Units : 0);

    private int BorrowedBy(Participant borrower) => _loans.Sum(l => l.Borrower == borrower ? l.Units : 0);

    private int FreeOf(Participant participant) => participant.Available - LentBy(participant) + BorrowedBy(participant);

    private int Recallable(Participant lender, int most, bool onlyFree) =>
        Math.Min(most, _loans.Where(l => l.Lender == lender).GroupBy(static l => l.Borrower)
            .Sum(g => Math.Min(g.Sum(static l => l.Units), onlyFree ? Math.Max(0, FreeOf(g.Key)) : int.MaxValue)));

    private void Recall(Participant lender, int units, bool onlyFree)
    {
        for (var i = _loans.Count - 1; i >= 0 && units > 0; i--)
        {
            var loan = _loans[i];
            if (loan.Lender != lender) continue;
            var part = Math.Min(units, onlyFree ? Math.Min(loan.Units, Math.Max(0, FreeOf(loan.Borrower))) : loan.Units);
            loan.Units -= part;
            units -= part;
        }
    }

    /// <summary>Who would give how much: all that is asked for, or nobody.</summary>
    private List<LoanShare> Choose(
        Participant borrower, int units, LoanConditions conditions, TimeSpan term, long now, Participant? lender = null, double? score = null)
    {
        var shares = new List<LoanShare>();
        var order = new LoanOrder(borrower.Account, conditions, TimeSpan.FromMilliseconds(now), term, score ?? borrower.Account.Score);
        if (units <= 0 || LoanRules.OfBorrower(order, units + BorrowedBy(borrower)) != RefusalReason.None) return shares;
        var offers = (lender is null ? pool.AllWithReserve : [lender])
            .Select(p => (Lender: p, Units: LenderChoice.Offer(order, p, agreed: null) - LentBy(p)))
            .OrderByDescending(p => p.Lender == pool.Reserve).ThenByDescending(static p => p.Units);
        foreach (var offer in offers)
        {
            var part = Math.Min(offer.Units, units);
            if (part <= 0) continue;
            shares.Add(new LoanShare(offer.Lender.Account, part));
            units -= part;
        }

        if (units > 0) shares.Clear();
        return shares;
    }

    private void Lend(Participant borrower, List<LoanShare> shares, long due)
    {
        foreach (var share in shares) _loans.Add(new ShadowLoan((Participant)share.Lender.Owner!, borrower, due) { Units = share.Units });
    }

    private sealed class ShadowLoan(Participant lender, Participant borrower, long due)
    {
        internal Participant Lender { get; } = lender;

        internal Participant Borrower { get; } = borrower;

        internal long Due { get; } = due;

        internal int Units { get; set; }
    }
}
