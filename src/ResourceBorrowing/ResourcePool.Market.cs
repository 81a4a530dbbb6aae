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

    /// <summary>Makes a loan that a round of the market wants, from one lender or from several: all of it or nothing. What cannot be is contained, and refused.</summary>
    internal Loan LendByMarket(Participant borrower, LoanShare[] shares, int price, TimeSpan term, LoanTerms terms, bool paysAll, bool isAgreed)
    {
        var units = shares.Sum(static s => s.Units);
        if (shares.Length > LenderChoice.MostLenders) return new(borrower, new Refusal(RefusalReason.NotEnoughToLend, units, 0));
        LoanConditions conditions;
        try
        {
            conditions = ConditionsOf(terms);
        }
        catch (InvalidOperationException exception)
        {
            // More terms than the pool remembers.
            Contain("market", exception);
            return new(borrower, new Refusal(RefusalReason.PoolLoanLimit, units, 0));
        }

        var order = new LoanOrder(
            borrower.Account, conditions, TimeSpan.FromMilliseconds(_book.Clock.NowOrLast()), term, borrower.Account.Score, isAgreed,
            paysAll ? LoanFlags.PaysAll : LoanFlags.None, price);
        var made = new LoanHandle[shares.Length];
        var reason = Borrow(order, shares, made);
        Metrics.LoanAsked(borrower.Name, reason);
        return reason == RefusalReason.None ? new(borrower, made) : Refuse(reason, borrower, (Participant)shares[0].Lender.Owner!, units, order.Now);
    }

    /// <summary>Whether a request could be paid for, as far as can be told without making the loan.</summary>
    private bool CanPay(in LoanOrder order, int units) =>
        order.Borrower.Credits is not { } credits || credits.CanHold(CreditAmount.Cost(_book.Price, units, CreditAmount.Milliseconds(order.Term)));
}
