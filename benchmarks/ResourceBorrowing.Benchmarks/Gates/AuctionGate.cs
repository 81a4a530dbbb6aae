using ResourceBorrowing.Market;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One round of the auction, half of its orders bids and half offers, of all prices and priorities; wrong when little is traded.</summary>
internal sealed class AuctionGate(int orders, double most) : Gate($"auction/orders={orders}", Bound.AtMostMilliseconds(most))
{
    private const int Participants = 100;
    private const int Rounds = 50;

    internal override Reading Measure()
    {
        var random = new Random(7);
        var participants = Enumerable.Range(0, Participants + 1).Select(static i => new MarketParticipant($"p{i}", 10_000, 0, 10_000, 10_000, 1e9m)).ToArray();
        var bids = Enumerable.Range(0, orders / 2).Select(_ => new MarketBid(random.Next(Participants), random.Next(1, 20), TimeSpan.FromSeconds(1), random.Next(10_000) / 1000m, random.Next(-3, 4), random.Next(4) > 0)).ToArray();
        var offers = Enumerable.Range(0, orders / 2).Select(_ => new MarketOffer(random.Next(Participants), random.Next(1, 20), random.Next(10_000) / 1000m, TimeSpan.FromSeconds(random.Next(1, 10)))).ToArray();
        var round = new MarketRound(TimeSpan.FromSeconds(1), 1, participants, bids, offers, []);
        var (auction, traded) = (new UniformPriceAuction(), 0);
        var decide = new Action(() => traded = auction.Decide(round).Transfers.Sum(static t => t.Units));
        Slices.WarmUp(decide);
        var best = Slices.Best(
            () =>
            {
                var began = Stopwatch.GetTimestamp();
                decide();
                return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            },
            Rounds);
        return traded > orders ? new Reading(best, $"best of {Rounds}, {traded} units traded") : Reading.Wrong($"{traded} units are traded");
    }
}
