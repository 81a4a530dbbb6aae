using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

public class UniformPriceAuctionTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly UniformPriceAuction Auction = new();

    private static MarketParticipant Rich(string name) => new(name, 100, 0, 100, 100, 1_000_000);

    private static MarketRound Round(IReadOnlyList<MarketBid> bids, IReadOnlyList<MarketOffer> offers, int participants = 8) =>
        new(Second, 1, [.. Enumerable.Range(0, participants).Select(static i => Rich($"p{i}"))], bids, offers, []);

    private static MarketBid Bid(int who, int units, decimal price, int priority = 0, bool takesPart = true) => new(who, units, Second, price, priority, takesPart);

    private static MarketOffer Offer(int who, int units, decimal price) => new(who, units, price, ResourcePool.LongestTerm);

    [Fact]
    public void Decide_WithMoreBidThanOffered_AsksWhatTheFirstThatGoesEmptyWouldHavePaid()
    {
        var outcome = Auction.Decide(Round([Bid(0, 5, 9), Bid(1, 5, 7), Bid(2, 5, 4)], [Offer(3, 10, 1)]));
        Assert.Equal(4, outcome.ClearingPrice);
        Assert.Equal([(0, 5), (1, 5)], outcome.Transfers.Select(static t => (t.Borrower, t.Units)));
    }

    [Fact]
    public void Decide_WithMoreOfferedThanBid_AsksTheHighestReserveThatIsNeeded()
    {
        var outcome = Auction.Decide(Round([Bid(0, 5, 9)], [Offer(1, 3, 2), Offer(2, 4, 3), Offer(3, 4, 5)]));
        Assert.Equal(3, outcome.ClearingPrice);
        Assert.Equal([(1, 3), (2, 2)], outcome.Transfers.Select(static t => (t.Lender, t.Units)));
    }

    [Fact]
    public void Decide_ServesPriorityFirst_ThenPrice_ThenAge()
    {
        var outcome = Auction.Decide(Round([Bid(0, 4, 5), Bid(1, 4, 6), Bid(2, 4, 5, priority: 1), Bid(3, 4, 5)], [Offer(4, 10, 1)]));
        Assert.Equal(5, outcome.ClearingPrice);
        Assert.Equal([(2, 4), (1, 4), (0, 2)], outcome.Transfers.Select(static t => (t.Borrower, t.Units)));
    }

    /// <summary>Whoever ranks first is served, and pays no more than it bid.</summary>
    [Fact]
    public void Decide_ABidOfHigherPriority_IsServedBeforeADearerOne_WhereAsManyUnitsChangeHands()
    {
        var outcome = Auction.Decide(Round([Bid(0, 3, 1, priority: 1), Bid(1, 7, 2)], [Offer(2, 5, 0.5m)]));
        Assert.Equal(1, outcome.ClearingPrice);
        Assert.Equal([(0, 3), (1, 2)], outcome.Transfers.Select(static t => (t.Borrower, t.Units)));
        // Two more can be lent at a price that it does not pay.
        outcome = Auction.Decide(Round([Bid(0, 3, 1, priority: 1), Bid(1, 7, 2)], [Offer(2, 5, 0.5m), Offer(3, 5, 1.5m)]));
        Assert.Equal(1.5m, outcome.ClearingPrice);
        Assert.Equal([(1, 5), (1, 2)], outcome.Transfers.Select(static t => (t.Borrower, t.Units)));
    }

    [Fact]
    public void Decide_BelowTheReservePrice_TradesNothing() => Assert.Equal(MarketOutcome.None, Auction.Decide(Round([Bid(0, 4, 2)], [Offer(1, 4, 2.001m)])));

    [Fact]
    public void Decide_ABidThatTakesNoPartAndDoesNotFit_StandsInNobodysWay()
    {
        var outcome = Auction.Decide(Round([Bid(0, 12, 9, takesPart: false), Bid(1, 3, 4)], [Offer(2, 10, 1)]));
        Assert.Equal(1, outcome.ClearingPrice);
        Assert.Equal([(1, 3)], outcome.Transfers.Select(static t => (t.Borrower, t.Units)));
    }

    [Fact]
    public void Decide_ABidOfWhoCannotPayIt_CountsAsFarAsItCan()
    {
        var round = Round([Bid(0, 5, 10), Bid(1, 5, 2)], [Offer(2, 6, 1)]);
        var poor = round with { Participants = [.. round.Participants.Select(static (p, i) => i == 0 ? p with { Credits = 25 } : p)] };
        // Two units for a second and a millisecond.
        Assert.Equal([(0, 2), (1, 4)], Auction.Decide(poor).Transfers.Select(static t => (t.Borrower, t.Units)));
    }

    [Fact]
    public void Decide_NeverMatchesWhoIsBothSides_NorWhoIsNotTrusted_NorWhoLendsForLess()
    {
        Assert.Equal(MarketOutcome.None, Auction.Decide(Round([Bid(0, 5, 10)], [Offer(0, 5, 1)])));
        Assert.Equal(MarketOutcome.None, Auction.Decide(Round([Bid(0, 5, 10)], [Offer(1, 5, 1) with { LongestTerm = TimeSpan.FromMilliseconds(999) }])));
        var round = Round([Bid(0, 5, 10)], [Offer(1, 5, 1), Offer(2, 5, 1)]);
        var strict = round with { Participants = [.. round.Participants.Select(static (p, i) => i == 1 ? p with { GrantThreshold = 50.1 } : p)] };
        Assert.Equal([2], Auction.Decide(strict).Transfers.Select(static t => t.Lender));
    }

    /// <summary>Nobody it may borrow from has any: the price is the least for which as much is put up as is asked for.</summary>
    [Fact]
    public void Decide_WhereUnitsAreLeft_WhoWentAwayShortDoesNotPressThePrice_ThoughOthersWereLeftOutBefore()
    {
        MarketBid[] bids = [Bid(3, 3, 3, priority: -1) with { Term = 2 * Second }, Bid(3, 3, 6, priority: 1) with { Term = 3 * Second }, Bid(5, 4, 4, takesPart: false)];
        MarketOffer[] offers = [Offer(2, 1, 1) with { LongestTerm = Second }, Offer(5, 2, 2), Offer(2, 2, 4) with { LongestTerm = Second }];
        var outcome = Auction.Decide(Round(bids, offers));
        Assert.Equal([new(5, 3, 2, 4) { Bid = 1, Offer = 1 }], outcome.Transfers);
        Assert.Equal(4, outcome.ClearingPrice);
    }

    /// <summary>An offer that nobody took although there was a bid for it is left out as if it had not been made: who then goes away short has met all there is.</summary>
    [Fact]
    public void Decide_WhereAnOfferFoundNobody_WhoGoesAwayShortPressesThePrice()
    {
        MarketBid[] bids = [Bid(2, 3, 6) with { Term = 3 * Second }, Bid(1, 4, 3, priority: 1) with { Term = 3 * Second }, Bid(1, 4, 4, priority: -1, takesPart: false)];
        var outcome = Auction.Decide(Round(bids, [Offer(0, 2, 2) with { LongestTerm = 2 * Second }, Offer(0, 2, 2)]));
        Assert.Equal([new(0, 1, 2, 3) { Bid = 1, Offer = 1 }], outcome.Transfers);
        Assert.Equal(3, outcome.ClearingPrice);
    }

    [Fact]
    public void Decide_WhoMayBorrowOnlyFromWhoHasNothingToLend_DoesNotPressThePrice()
    {
        var round = Round([Bid(0, 5, 9) with { Term = 2 * Second }, Bid(1, 2, 4)], [Offer(2, 5, 1), Offer(3, 2, 1) with { LongestTerm = Second }]);
        Assert.Equal([(2, 0, 5), (3, 1, 2)], Auction.Decide(round).Transfers.Select(static t => (t.Lender, t.Borrower, t.Units)));
        var empty = round with { Participants = [.. round.Participants.Select(static (p, i) => i == 2 ? p with { Lendable = 0 } : p)] };
        Assert.Equal([new(3, 1, 2, 1) { Bid = 1, Offer = 1 }], Auction.Decide(empty).Transfers);
    }

    /// <summary>Against all prices and all ways to fill: no single price moves more units, and none moves them to where they are worth more.</summary>
    [Property(MaxTest = 500)]
    public void Decide_OfSmallMarkets_MovesAsMuchAndToAsGoodUse_AsAnyOnePriceCan(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var bids = Enumerable.Range(0, random.Next(1, 6)).Select(i => Bid(i, random.Next(1, 5), random.Next(0, 8))).ToArray();
        var offers = Enumerable.Range(0, random.Next(1, 6)).Select(i => Offer(8 + i, random.Next(1, 5), random.Next(0, 8))).ToArray();
        var outcome = Auction.Decide(Round(bids, offers, participants: 16));
        var (mostUnits, mostWorth) = (0, 0m);
        foreach (var price in Enumerable.Range(0, 9).Select(static p => (decimal)p))
        {
            var values = bids.Where(b => b.HighestPrice >= price).SelectMany(static b => Enumerable.Repeat(b.HighestPrice, b.Units)).OrderDescending().ToArray();
            var costs = offers.Where(o => o.ReservePrice <= price).SelectMany(static o => Enumerable.Repeat(o.ReservePrice, o.Units)).Order().ToArray();
            var units = Math.Min(values.Length, costs.Length);
            mostUnits = Math.Max(mostUnits, units);
            mostWorth = Math.Max(mostWorth, values.Take(units).Sum() - costs.Take(units).Sum());
        }

        Assert.Equal(mostUnits, outcome.Transfers.Sum(static t => t.Units));
        Assert.Equal(mostWorth, outcome.Transfers.Sum(t => t.Units * (bids[t.Bid].HighestPrice - offers[t.Offer].ReservePrice)));
    }

    /// <summary>With bids that are filled whole or not at all: never more than the best choice of bids at the best price moves, and short of it by no more than two such bids.</summary>
    [Property(MaxTest = 300)]
    public void Decide_WithBidsThatTakeNoPart_IsWithinWhatBruteForceFinds(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var bids = Enumerable.Range(0, random.Next(1, 8)).Select(i => Bid(i, random.Next(1, 6), random.Next(1, 8), takesPart: random.Next(2) == 0)).ToArray();
        var offers = Enumerable.Range(0, random.Next(1, 5)).Select(i => Offer(8 + i, random.Next(1, 6), random.Next(0, 6))).ToArray();
        var traded = Auction.Decide(Round(bids, offers, participants: 16)).Transfers.Sum(static t => t.Units);
        var best = 0;
        for (var chosen = 0; chosen < 1 << bids.Length; chosen++)
        {
            for (var price = 0; price < 9; price++)
            {
                var taken = bids.Where((b, i) => (chosen >> i & 1) != 0 && b.HighestPrice >= price).ToArray();
                var supply = offers.Where(o => o.ReservePrice <= price).Sum(static o => o.Units);
                var whole = taken.Where(static b => !b.TakesPart).Sum(static b => b.Units);
                if (whole <= supply) best = Math.Max(best, Math.Min(supply, taken.Sum(static b => b.Units)));
            }
        }

        Assert.InRange(traded, 0, best);
        // Who goes away empty is a bid that takes no part; where all take part, nothing is missed.
        Assert.True(best - traded <= bids.Where(static b => !b.TakesPart).Select(static b => b.Units).DefaultIfEmpty(0).Max() * 2, $"seed {seed.Item}: {traded} of {best}");
        Assert.True(best == 0 || traded > 0 || bids.All(static b => !b.TakesPart), $"seed {seed.Item}: nothing of {best}");
    }

    /// <summary>One price, that every bid can pay and every offer takes; nobody gets more than it asked for, can borrow, can lend or can pay; the same round, the same outcome.</summary>
    [Property(MaxTest = 500)]
    public void Decide_OfAnyRound_KeepsToItsRules(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var participants = Enumerable.Range(0, 10).Select(i => new MarketParticipant(
            $"p{i}", 20, 0, random.Next(0, 12), random.Next(0, 12), random.Next(0, 60), 30 + random.Next(40), random.Next(2) == 0 ? 40 : random.Next(70))).ToArray();
        var bids = Enumerable.Range(0, random.Next(0, 12)).Select(_ => new MarketBid(
            random.Next(9), random.Next(1, 9), random.Next(1, 4) * Second, random.Next(0, 9000) / 1000m, random.Next(-1, 2), random.Next(2) == 0)).ToArray();
        var offers = Enumerable.Range(0, random.Next(0, 12)).Select(_ => new MarketOffer(random.Next(9), random.Next(1, 9), random.Next(0, 6000) / 1000m, random.Next(1, 5) * Second)).ToArray();
        var round = new MarketRound(Second, 1, participants, bids, offers, []);
        var outcome = Auction.Decide(round);
        MarketRules.Check(outcome, round);
        Assert.Equal(outcome.Transfers, Auction.Decide(round).Transfers);
        Assert.All(outcome.Transfers, t =>
        {
            Assert.Equal(outcome.ClearingPrice, t.Price);
            Assert.True(bids[t.Bid].Term <= offers[t.Offer].LongestTerm);
            Assert.True(participants[t.Borrower].Reputation >= participants[t.Lender].GrantThreshold);
        });
        for (var i = 0; i < participants.Length; i++)
        {
            Assert.True(outcome.Transfers.Where(t => t.Lender == i).Sum(static t => t.Units) <= participants[i].Lendable);
            Assert.True(outcome.Transfers.Where(t => t.Borrower == i).Sum(static t => t.Units) <= participants[i].Borrowable);
            Assert.True(outcome.Transfers.Where(t => t.Borrower == i).Sum(t => t.Units * t.Price * (decimal)bids[t.Bid].Term.TotalSeconds) <= participants[i].Credits);
        }

        // Of two bids of one participant's rank, who was left short at the price was not passed over for one that ranks lower.
        if (outcome.ClearingPrice is not { } price || participants.Any(static p => p.GrantThreshold > 30 || p.Borrowable < 200)) return;
        var got = outcome.Transfers.GroupBy(static t => t.Bid).ToDictionary(static g => g.Key, static g => g.Sum(static t => t.Units));
        Assert.All(bids.Index().Where(b => b.Item.HighestPrice >= price && got.GetValueOrDefault(b.Index) == 0), loser => Assert.DoesNotContain(bids.Index(), b =>
            got.ContainsKey(b.Index) && b.Item.Priority < loser.Item.Priority));
    }
}
