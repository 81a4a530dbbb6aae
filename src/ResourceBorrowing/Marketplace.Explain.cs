using System.Globalization;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

// Why an order stands, in words: what a loan for it would be refused for, then what stands on the other side.
public sealed partial class Marketplace
{
    private const string TakesPartNext = "it takes part in the next round";

    internal string Explain(MarketOrder order)
    {
        var lent = order.Units - order.UnitsLeft;
        return order.Status switch
        {
            MarketOrderStatus.Filled => $"all {order.Units} units have been lent",
            MarketOrderStatus.Expired => $"{lent} of {order.Units} units were lent before its time was over",
            MarketOrderStatus.Cancelled => $"{lent} of {order.Units} units were lent before it was cancelled",
            MarketOrderStatus.Withdrawn => $"{lent} of {order.Units} units were lent before '{order.Participant.Name}' left, or the pool was disposed",
            _ => $"{lent} of {order.Units} units have been lent; {(order.Kind == MarketOrderKind.Bid ? WhyBidStands(order) : WhyOfferStands(order))}",
        };
    }

    private string WhyBidStands(MarketOrder bid)
    {
        var (borrower, units) = (bid.Participant, bid.TakesPart ? 1 : bid.UnitsLeft);
        if (_pool.IsObserving) return "the pool only observes";
        if (!borrower.Account.Credits!.CanHold(CreditAmount.Cost(bid.PriceInThousandths, units, bid.TermInMilliseconds))) return Words(RefusalReason.InsufficientCredits, borrower, borrower, units);
        var order = new LoanOrder(borrower.Account, _book.Conditions, TimeSpan.FromMilliseconds(_pool.Now), bid.Term, borrower.Account.Score, IsAgreed: true);
        if (LoanRules.OfBorrower(order, units) is var own and not RefusalReason.None) return Words(own, borrower, borrower, units);
        // Another mechanism may lend without any offer, and for its own reasons.
        if (_mechanism is not UniformPriceAuction) return TakesPartNext;
        var offers = Orders.Where(o => o.Kind == MarketOrderKind.Offer && o.Participant != borrower).ToList();
        if (offers.Count == 0) return "nobody offers units";
        offers.RemoveAll(o => o.PriceInThousandths > bid.PriceInThousandths);
        if (offers.Count == 0) return string.Create(CultureInfo.InvariantCulture, $"all offers are for more than {bid.Price} credits");
        offers.RemoveAll(o => o.TermInMilliseconds < bid.TermInMilliseconds);
        if (offers.Count == 0) return "no offer that it could pay is for so long a term";
        var reasons = offers.Select(o => (o.Participant, Reason: LoanRules.OfLender(order, new(o.Participant.Account, 1)))).ToList();
        if (reasons.TrueForAll(static r => r.Reason != RefusalReason.None)) return Words(reasons[0].Reason, borrower, reasons[0].Participant, 1);
        return TakesPartNext;
    }

    private string WhyOfferStands(MarketOrder offer)
    {
        var lender = offer.Participant.Account;
        if (lender.LendableAt(_pool.Now, isForCallers: false) == 0) return $"'{offer.Participant.Name}' can lend nothing now: its limits, its own callers or what it owes stand in the way";
        if (_mechanism is not UniformPriceAuction) return TakesPartNext;
        var bids = Orders.Where(o => o.Kind == MarketOrderKind.Bid && o.Participant != offer.Participant).ToList();
        if (bids.Count == 0) return "nobody bids";
        bids.RemoveAll(b => b.PriceInThousandths < offer.PriceInThousandths);
        if (bids.Count == 0) return string.Create(CultureInfo.InvariantCulture, $"all bids are for less than {offer.Price} credits");
        bids.RemoveAll(b => b.TermInMilliseconds > offer.TermInMilliseconds);
        if (bids.Count == 0) return "all bids that would pay it are for longer terms";
        bids.RemoveAll(b => b.Participant.Account.Score < lender.Rules.GrantThreshold);
        return bids.Count == 0 ? $"whoever would pay it has a reputation below the grant threshold of '{offer.Participant.Name}'" : TakesPartNext;
    }

    private string Words(RefusalReason reason, Participant borrower, Participant lender, int units) => _pool.Refuse(reason, borrower, lender, units, _pool.Now).Explanation;
}
