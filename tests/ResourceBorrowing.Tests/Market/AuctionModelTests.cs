using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>The auction in arrays against what it says of itself, price by price and bid by bid.</summary>
public class AuctionModelTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly UniformPriceAuction Auction = new();

    private static MarketRound Round(MarketBid[] bids, MarketOffer[] offers, params MarketParticipant[] participants) => new(Second, 1, participants, bids, offers, []);

    private static MarketParticipant One(int lendable = 100, int borrowable = 100, decimal credits = 1_000_000) => new("", 100, 0, lendable, borrowable, credits);

    [Property(MaxTest = 3_000)]
    public void Decide_OfAnyRound_IsWhatItSays(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (count, isLimited, hasPrices, takesPart) = (random.Next(2, 8), random.Next(2) == 0, random.Next(1, 7), random.Next(3));
        var participants = Enumerable.Range(0, count).Select(_ => !isLimited ? One()
            : new MarketParticipant("", 20, 0, random.Next(-1, 12), random.Next(-1, 12), random.Next(-5, 60), 30 + random.Next(20), random.Next(2) == 0 ? 30 : random.Next(50))).ToArray();
        var bids = Enumerable.Range(0, random.Next(0, 10)).Select(_ => new MarketBid(
            random.Next(count), random.Next(1, 9), TimeSpan.FromMilliseconds(random.Next(1, 4) * 999.75), random.Next(0, hasPrices) + random.Next(2) * 0.0005m, random.Next(-1, 2), takesPart == 0 || takesPart == 1 && random.Next(2) == 0)).ToArray();
        var offers = Enumerable.Range(0, random.Next(0, 10)).Select(_ => new MarketOffer(random.Next(count), random.Next(1, 9), random.Next(0, hasPrices), random.Next(1, 5) * TimeSpan.FromMilliseconds(999.75))).ToArray();
        var round = Round(bids, offers, participants);
        var (transfers, price) = Model(round);
        var outcome = Auction.Decide(round);
        Assert.Equal(transfers, outcome.Transfers);
        Assert.Equal(price, outcome.ClearingPrice);
        Assert.Empty(outcome.Credits);
    }

    private static (MarketTransfer[] Transfers, decimal? Price) Model(MarketRound round)
    {
        var (asked, put) = (Asked(round), PutUp(round));
        var rank = round.Bids.Index().OrderByDescending(static b => b.Item.Priority).ThenByDescending(static b => Thousandths(b.Item.HighestPrice)).ThenBy(static b => b.Index).ToArray();
        var cheapest = round.Offers.Index().OrderBy(static o => o.Item.ReservePrice).ToArray();
        bool CanLend(MarketOffer offer, MarketBid bid) => offer.Lender != bid.Borrower && offer.LongestTerm >= bid.Term && round.Participants[offer.Lender].GrantThreshold <= round.Participants[bid.Borrower].Reputation;
        bool IsMatch(MarketOffer offer, MarketBid bid) => offer.ReservePrice <= Thousandths(bid.HighestPrice) && CanLend(offer, bid);
        // Who can never find anybody takes no part at all.
        foreach (var (place, bid) in rank) if (!cheapest.Any(o => put[o.Index] > 0 && IsMatch(o.Item, bid))) asked[place] = 0;
        foreach (var (place, offer) in cheapest) if (!rank.Any(b => asked[b.Index] > 0 && IsMatch(offer, b.Item))) put[place] = 0;
        for (var pass = 1; ; pass++)
        {
            int Tradable(decimal at) => Math.Min(rank.Where(b => Thousandths(b.Item.HighestPrice) >= at).Sum(b => asked[b.Index]), cheapest.Where(o => o.Item.ReservePrice <= at).Sum(o => put[o.Index]));
            var prices = round.Offers.Select(static o => o.ReservePrice).OrderByDescending(Tradable).ThenBy(static p => p).ToArray();
            if (prices.Length == 0 || Tradable(prices[0]) == 0) return ([], null);
            var (least, left, transfers, misfits) = (prices[0], put.ToArray(), new List<MarketTransfer>(), new List<int>());
            var stranded = new List<int>();
            var (served, unserved) = (new List<decimal>(), new List<decimal>());
            foreach (var (place, bid) in rank.Where(b => asked[b.Index] > 0 && Thousandths(b.Item.HighestPrice) >= least))
            {
                var (wanted, before) = (asked[place], left.ToArray());
                var mine = new List<MarketTransfer>();
                foreach (var (from, offer) in cheapest.Where(o => o.Item.ReservePrice <= least && CanLend(o.Item, bid)))
                {
                    var units = Math.Min(wanted, left[from]);
                    if (units == 0) continue;
                    mine.Add(new(offer.Lender, bid.Borrower, units, 0) { Bid = place, Offer = from });
                    (wanted, left[from]) = (wanted - units, left[from] - units);
                }

                if (wanted > 0 && !bid.TakesPart)
                {
                    left = before;
                    misfits.Add(place);
                    continue;
                }

                transfers.AddRange(mine);
                if (mine.Count > 0) served.Add(Thousandths(bid.HighestPrice));
                else stranded.Add(place);
                if (wanted > 0) unserved.Add(Thousandths(bid.HighestPrice));
            }

            foreach (var misfit in misfits) asked[misfit] = 0;
            if (misfits.Count > 0 && pass < 16) continue;
            var isLeft = cheapest.Any(o => o.Item.ReservePrice <= least && left[o.Index] > 0);
            if (isLeft && stranded.Count > 0 && pass < 16)
            {
                // Those that found nobody although there was somebody make room for others.
                foreach (var place in stranded) asked[place] = 0;
                foreach (var (place, offer) in cheapest) if (offer.ReservePrice <= least && left[place] == put[place]) put[place] = 0;
                continue;
            }

            if (transfers.Count == 0) return ([], null);
            var price = isLeft ? least : Math.Min(served.Min(), unserved.Append(least).Max());
            return ([.. transfers.Select(t => t with { Price = price })], price);
        }
    }

    private static decimal Thousandths(decimal price) => decimal.Floor(price * 1000) / 1000;

    /// <summary>As far as its borrower's limits and credits go, the older bid first: a part of a millisecond counts as a whole one.</summary>
    private static int[] Asked(MarketRound round)
    {
        var (borrowable, credits) = (round.Participants.Select(static p => p.Borrowable).ToArray(), round.Participants.Select(static p => Math.Max(0, p.Credits)).ToArray());
        return [.. round.Bids.Select(bid =>
        {
            var (units, each) = (0, Thousandths(bid.HighestPrice) * (decimal)Math.Ceiling(bid.Term.TotalMilliseconds) / 1000);
            while (units < bid.Units && units < borrowable[bid.Borrower] && (units + 1) * each <= credits[bid.Borrower]) units++;
            if (units < bid.Units && !bid.TakesPart) return 0;
            borrowable[bid.Borrower] -= units;
            credits[bid.Borrower] -= units * each;
            return units;
        })];
    }

    /// <summary>As far as its lender can lend, the older offer first.</summary>
    private static int[] PutUp(MarketRound round)
    {
        var lendable = round.Participants.Select(static p => p.Lendable).ToArray();
        return [.. round.Offers.Select(offer =>
        {
            var units = Math.Max(0, Math.Min(offer.Units, lendable[offer.Lender]));
            lendable[offer.Lender] -= units;
            return units;
        })];
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void Decide_OfBidsThatDoNotFit_LeavesThemOut_SoOftenAndNoMore(int misfits, bool isServed)
    {
        // At each price another bid wants more than there is, and takes no part.
        var bids = Enumerable.Range(3, misfits).Select(static p => new MarketBid(0, 30, Second, p, TakesPart: false)).Append(new(1, 1, Second, 2)).ToArray();
        var outcome = Auction.Decide(Round(bids, [.. Enumerable.Range(2, misfits + 1).Select(static p => new MarketOffer(2, 1, p, Second))], One(borrowable: 1000), One(), One()));
        Assert.Equal(isServed ? [new(2, 1, 1, 2) { Bid = misfits, Offer = 0 }] : [], outcome.Transfers);
        Assert.Equal(isServed ? 2m : null, outcome.ClearingPrice);
    }

    [Fact]
    public void Decide_OfMostCreditsThatCanBe_DoesNotOverflow()
    {
        var outcome = Auction.Decide(Round([new(0, 3, Second, 2)], [new(1, 9, 1, Second)], One(credits: decimal.MaxValue), One()));
        Assert.Equal([new(1, 0, 3, 1) { Bid = 0, Offer = 0 }], outcome.Transfers);
    }

    [Theory]
    [InlineData(1000, 6, 3)]
    [InlineData(1000, 5.999, 2)]
    [InlineData(1000.5, 6.006, 3)]
    [InlineData(1000.5, 6.005, 2)]
    [InlineData(0.5, 0.006, 3)]
    [InlineData(0.5, 0.005, 2)]
    public void Decide_OfWhoCanJustPay_CountsEveryMillisecondThatHasBegun(double milliseconds, double credits, int units)
    {
        var outcome = Auction.Decide(Round([new(0, 3, TimeSpan.FromMilliseconds(milliseconds), 2)], [new(1, 9, 1, 2 * Second)], One(credits: (decimal)credits), One()));
        Assert.Equal([new(1, 0, units, 1) { Bid = 0, Offer = 0 }], outcome.Transfers);
    }

    [Fact]
    public void Decide_OfNothing_IsNone()
    {
        Assert.Same(MarketOutcome.None, Auction.Decide(Round([], [])));
        Assert.Same(MarketOutcome.None, Auction.Decide(Round([new(0, 3, Second, 2)], [new(1, 9, 1, Second)], One(borrowable: 0), One())));
        Assert.Same(MarketOutcome.None, Auction.Decide(Round([new(0, 3, Second, 2)], [new(1, 9, 1, Second)], One(), One(lendable: -1))));
        Assert.Throws<ArgumentNullException>(static () => Auction.Decide(null!));
    }
}
