using System.Globalization;
using ResourceBorrowing.Market;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What a bidder gains by when and how it bids: units times what they are worth to it less the price, over 1,000 seeded rounds.</summary>
public class AuctionStrategyTests(ITestOutputHelper output)
{
    private const int Trials = 1000;
    private const int Bidders = 8;
    private const double Sure = 1.984;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Sniper_WhoBidsLast_GainsNothing() => Assert.True(Gain("bids last", isLast: true, static bid => bid) <= 0);

    /// <summary>With one price for all, who asks for one unit is best off with what it is worth.</summary>
    [Fact]
    public void BidderForOneUnit_WhoBidsAnythingElseThanItsWorth_GainsNothing()
    {
        Assert.True(Gain("one unit, bids half", isLast: false, static bid => bid with { HighestPrice = decimal.Floor(bid.HighestPrice * 500) / 1000 }, mostUnits: 1) <= 0);
        Assert.True(Gain("one unit, bids twice", isLast: false, static bid => bid with { HighestPrice = 2 * bid.HighestPrice }, mostUnits: 1) <= 0);
    }

    /// <summary>Who asks for several can press the price by asking for fewer: known of all auctions with one price. It is printed, and must not be worth much.</summary>
    [Fact]
    public void BidderForSeveralUnits_WhoAsksForFewerOrLess_GainsLittle()
    {
        Assert.True(Gain("bids nine tenths", isLast: false, static bid => bid with { HighestPrice = decimal.Floor(bid.HighestPrice * 900) / 1000 }) <= 5);
        Assert.True(Gain("asks for one fewer", isLast: false, static bid => bid with { Units = Math.Max(1, bid.Units - 1) }) <= 5);
        Assert.True(Gain("asks for one more", isLast: false, static bid => bid with { Units = bid.Units + 1 }) <= 5);
    }

    /// <returns>The upper bound of the mean gain in per cent of what truth brings.</returns>
    private double Gain(string name, bool isLast, Func<MarketBid, MarketBid> change, int mostUnits = 6)
    {
        var (gains, honest) = (new double[Trials], 0.0);
        for (var trial = 0; trial < Trials; trial++)
        {
            var random = new Random(trial);
            var bids = Enumerable.Range(0, Bidders).Select(i => new MarketBid(i, random.Next(1, mostUnits + 1), Second, random.Next(1, 11))).ToList();
            var offers = Enumerable.Range(0, 3).Select(i => new MarketOffer(Bidders + i, random.Next(1, 3 * mostUnits), random.Next(0, 5), ResourcePool.LongestTerm)).ToArray();
            var truth = Surplus(bids, offers, bids[0]);
            var lies = bids.Select((b, i) => i == 0 ? change(b) : b).ToList();
            if (isLast) lies = [.. lies.Skip(1), lies[0]];
            gains[trial] = Surplus(lies, offers, bids[0]) - truth;
            honest += truth;
        }

        var mean = gains.Average();
        var deviation = Math.Sqrt(gains.Sum(g => (g - mean) * (g - mean)) / (Trials - 1));
        var (percent, bound) = (100 * Trials / honest * mean, 100 * Trials / honest * (mean + Sure * deviation / Math.Sqrt(Trials)));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {percent:0.00} % (at most {bound:0.00} %)"));
        return bound;
    }

    /// <summary>What the first bidder has of a round; more units than it needs are worth nothing.</summary>
    private static double Surplus(List<MarketBid> bids, MarketOffer[] offers, MarketBid truth)
    {
        var round = new MarketRound(Second, 1, [.. Enumerable.Range(0, Bidders + 4).Select(static i => new MarketParticipant($"p{i}", 100, 0, 100, 100, 1_000_000))], bids, offers, []);
        var mine = new UniformPriceAuction().Decide(round).Transfers.Where(static t => t.Borrower == 0).ToArray();
        var units = mine.Sum(static t => t.Units);
        return (double)(Math.Min(units, truth.Units) * truth.HighestPrice - mine.Sum(static t => t.Units * t.Price));
    }
}
