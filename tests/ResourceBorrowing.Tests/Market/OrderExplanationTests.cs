using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What an order says about itself.</summary>
public class OrderExplanationTests
{
    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30(Action<ResourcePoolOptions>? configure = null) => TestPool.Of30(options =>
    {
        options.Marketplace.IsEnabled = true;
        configure?.Invoke(options);
    });

    [Fact]
    public void Bid_ThatStands_SaysWhatStandsInItsWay_AndNothingOnceItDoesNot()
    {
        var (pool, a, b, time) = Of30(static o => o.AddParticipant("strict", 5, static p => (p.GrantThreshold, p.BorrowOnDemand) = (51, false)));
        var bid = pool.Market.Bid(a, 4, 2m, Term);
        Assert.Equal("0 of 4 units have been lent; nobody offers units", bid.Explanation);
        using (Offering(b, 3m)) Assert.Equal("0 of 4 units have been lent; all offers are for more than 2 credits", bid.Explanation);
        using (Offering(b, 1m, TimeSpan.FromSeconds(9))) Assert.Equal("0 of 4 units have been lent; no offer that it could pay is for so long a term", bid.Explanation);
        using (Offering(pool["strict"], 1m)) Assert.Contains("its reputation is 50, below the lender's grant threshold", bid.Explanation, StringComparison.Ordinal);
        using (Offering(b, 1m))
        {
            using (b.TryAcquire(10)) Assert.Contains("'b' cannot lend 1: 0 of its own are free to lend", bid.Explanation, StringComparison.Ordinal);
            var spent = a.TryBorrow(pool.Reserve, 1, TimeSpan.FromSeconds(990));
            Assert.True(spent.IsGranted);
            Assert.Contains("'a' cannot pay for 1: it has 10 credits to spend", bid.Explanation, StringComparison.Ordinal);
            spent.Dispose();
            Assert.Equal("0 of 4 units have been lent; it takes part in the next round", bid.Explanation);
        }

        var offer = pool.Market.Offer(b, 3, 1m);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("3 of 4 units have been lent; nobody offers units", "all 3 units have been lent"), (bid.Explanation, offer.Explanation));
        Assert.Equal("Bid of 'a' for 4 at 2 credits: 3 of 4 units have been lent; nobody offers units", bid.ToString());
        Assert.True(bid.Cancel());
        Assert.Equal("3 of 4 units were lent before it was cancelled", bid.Explanation);

        Ending Offering(Participant lender, decimal price, TimeSpan? longest = null) => new(pool.Market.Offer(lender, 3, price, longest ?? Term));
    }

    [Fact]
    public void Offer_ThatStands_SaysWhatStandsInItsWay()
    {
        var (pool, a, b, time) = Of30();
        var offer = pool.Market.Offer(b, 3, 2m, Term);
        Assert.Equal("0 of 3 units have been lent; nobody bids", offer.Explanation);
        using (Bidding(1.5m)) Assert.Contains("all bids are for less than 2 credits", offer.Explanation, StringComparison.Ordinal);
        using (Bidding(3m, Term + Term)) Assert.Contains("for longer terms", offer.Explanation, StringComparison.Ordinal);
        using (Bidding(3m))
        {
            using (b.TryAcquire(10)) Assert.Contains("'b' can lend nothing now", offer.Explanation, StringComparison.Ordinal);
            Assert.Contains("it takes part in the next round", offer.Explanation, StringComparison.Ordinal);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("0 of 3 units were lent before its time was over", offer.Explanation);
        var last = pool.Market.Offer(b, 3, 2m, Term);
        pool.Dispose();
        Assert.Contains("left, or the pool was disposed", last.Explanation, StringComparison.Ordinal);

        Ending Bidding(decimal price, TimeSpan? term = null) => new(pool.Market.Bid(a, 1, price, term ?? Term));
    }

    [Fact]
    public void Round_InOneLine_SaysWhatItDid()
    {
        var (pool, a, b, time) = Of30();
        pool.Market.Bid(a, 4, 2.5m);
        pool.Market.Offer(b, 3, 1.5m);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("1.000s: 1 bids, 1 offers; 3 units wanted, 3 lent at 2.5 credits, 0 renewed, 0 given back", pool.Market.ReportRound()!.ToString());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("2.000s: 1 bids, 0 offers; 0 units wanted, 0 lent, 0 renewed, 0 given back", pool.Market.ReportRound()!.ToString());
    }

    private sealed class Ending(MarketOrder order) : IDisposable
    {
        public void Dispose() => order.Cancel();
    }
}
