using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

// Loans that are bid for.
public sealed partial class ResourcePool
{
    private readonly Marketplace? _market;

    /// <summary>Where units are bid for, and credits are on record.</summary>
    /// <exception cref="InvalidOperationException">There is no marketplace; see <see cref="MarketplaceOptions.IsEnabled"/>.</exception>
    public Marketplace Market => _market ?? throw new InvalidOperationException("The resource pool has no marketplace. Set Marketplace.IsEnabled, or call UseMarketplace where it is added to the services.");

    internal MarketplaceOptions MarketplaceOptions => _options.Marketplace;

    /// <summary>The marketplace; null where there is none.</summary>
    internal Marketplace? MarketOrNone => _market;

    /// <summary>Makes a loan that a round of the market wants, from one lender or from several: all of it or nothing.</summary>
    internal Loan LendByMarket(Participant borrower, ReadOnlySpan<(Participant Lender, int Units)> from, int price, TimeSpan term, int priority, bool paysAll, bool isAgreed)
    {
        if (from.Length > LenderChoice.MostLenders) return new(borrower, new Refusal(RefusalReason.NotEnoughToLend, 0, 0));
        var order = new LoanOrder(
            borrower.Account, ConditionsOf(LoanTerms.Default with { Priority = priority }), TimeSpan.FromMilliseconds(_book.Clock.NowOrLast()), term, borrower.Account.Score, isAgreed,
            paysAll ? LoanFlags.PaysAll : LoanFlags.None, price);
        // One lender may stand there with several offers.
        var shares = new List<LoanShare>(from.Length);
        foreach (var (lender, units) in from)
        {
            var place = shares.FindIndex(s => s.Lender == lender.Account);
            if (place < 0) shares.Add(new(lender.Account, units));
            else shares[place] = new(lender.Account, shares[place].Units + units);
        }

        var made = new LoanHandle[shares.Count];
        var reason = Borrow(order, shares.ToArray(), made);
        Metrics.LoanAsked(borrower.Name, reason);
        return reason == RefusalReason.None ? new(borrower, made) : Refuse(reason, borrower, from[0].Lender, shares.Sum(static s => s.Units), order.Now);
    }

    /// <summary>Whether a request could be paid for, as far as can be told without making the loan.</summary>
    private bool CanPay(in LoanOrder order, int units) =>
        order.Borrower.Credits is not { } credits || CreditAmount.Cost(_book.Price, units, (long)Math.Ceiling(order.Term.TotalMilliseconds)) <= credits.Available;
}
