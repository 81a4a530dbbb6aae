using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

/// <summary>Orders and rounds, in a pool whose clock the test turns.</summary>
public class MarketplaceTests
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30(Action<ResourcePoolOptions>? configure = null, IMarketMechanism? mechanism = null) => TestPool.Of30(options =>
    {
        options.Marketplace.IsEnabled = true;
        if (mechanism is not null) options.Marketplace.UseMechanism(mechanism);
        configure?.Invoke(options);
    });

    [Fact]
    public void Bid_MatchedByAnOffer_BecomesALoanAtTheClearingPrice()
    {
        var (pool, a, b, time) = Of30();
        var bid = pool.Market.Bid(a, 4, 3m, Term);
        var offer = pool.Market.Offer(b, 5, 2m);
        Assert.Equal([bid, offer], pool.Market.Orders);
        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, 0, 14, 6), (bid.Status, bid.UnitsLeft, a.Allocation, b.Allocation));
        Assert.Equal((MarketOrderStatus.Standing, 1), (offer.Status, offer.UnitsLeft));
        Assert.Equal((2m, 2m), (bid.LastPrice, offer.LastPrice));
        Assert.True(bid.Completion.IsCompletedSuccessfully);
        var status = Assert.Single(Assert.Single(bid.Loans).Status);
        Assert.Equal(("b", "a", 4), (status.Lender, status.Borrower, status.Units));
        Assert.Equal(80, pool.Market.StatementOf("a").Held);
        var report = pool.Market.ReportRound()!;
        Assert.Equal((2m, 1, 1, 4L, 4L, ""), (report.ClearingPrice!.Value, report.Bids, report.Offers, report.Wanted, report.Lent, report.Reason));
        time.Advance(Term);
        Assert.Equal((920, 1080), (a.Credits, b.Credits));
        Assert.Equal([bid.Loans[0]], offer.Loans);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Bid_FilledInPart_GoesOnStandingForTheRest_UnlessItTakesNoPart()
    {
        var (pool, a, b, time) = Of30();
        var whole = pool.Market.Bid(a, 5, 3m, takesPart: false);
        pool.Market.Offer(b, 3, 1m);
        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Standing, 5, 10), (whole.Status, whole.UnitsLeft, a.Allocation));
        var part = pool.Market.Bid(a, 5, 2m);
        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Standing, 2, 13), (part.Status, part.UnitsLeft, a.Allocation));
        Assert.Equal(MarketOrderStatus.Standing, whole.Status);
        pool.Market.Offer(b, 2, 1m);
        Assert.True(whole.Cancel());
        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, 15), (part.Status, a.Allocation));
        Assert.Equal(2, part.Loans.Count);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void BidThatTakesNoPart_OfSeveralLenders_ComesTogether()
    {
        var (pool, a, b, time) = Of30(static o => o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false));
        var bid = pool.Market.Bid(a, 8, 3m, takesPart: false);
        var (first, second) = (pool.Market.Offer(b, 4, 1m), pool.Market.Offer(pool["c"], 4, 2m));
        // What c has is in use when the round wants to lend it.
        using (var lease = pool["c"].TryAcquire(7))
        {
            time.Advance(Round);
            Assert.Equal((MarketOrderStatus.Standing, 8, 10), (bid.Status, bid.UnitsLeft, a.Allocation));
            Assert.Equal((4, 4), (first.UnitsLeft, second.UnitsLeft));
        }

        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, 18), (bid.Status, a.Allocation));
        Assert.Equal(2, Assert.Single(bid.Loans).Status.Count);
        Assert.Equal(2m, pool.Market.ReportRound()!.ClearingPrice);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public async Task Order_Cancelled_Expired_OrWithdrawn_TakesPartNoMore()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.RoundPeriod = TimeSpan.FromSeconds(10));
        var (cancelled, expired) = (pool.Market.Bid(a, 1, 5m), pool.Market.Bid(a, 1, 5m, expiresAfter: TimeSpan.FromSeconds(3)));
        var lasting = pool.Market.Bid(b, 1, 5m);
        Assert.True(cancelled.Cancel());
        Assert.False(cancelled.Cancel());
        time.Advance(TimeSpan.FromSeconds(2.999));
        Assert.Equal(MarketOrderStatus.Standing, expired.Status);
        time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal((MarketOrderStatus.Cancelled, MarketOrderStatus.Expired), (cancelled.Status, expired.Status));
        Assert.Equal(MarketOrderStatus.Expired, await expired.Completion.Within());
        Assert.Equal([lasting], pool.Market.Orders);
        Assert.True(pool.RemoveAsync("b").IsCompletedSuccessfully);
        Assert.Equal(MarketOrderStatus.Withdrawn, lasting.Status);
        var last = pool.Market.Offer(a, 1, 1m);
        pool.Dispose();
        Assert.Equal(MarketOrderStatus.Withdrawn, last.Status);
        Assert.Throws<ObjectDisposedException>(() => pool.Market.Bid(a, 1, 1m));
    }

    /// <summary>After a jump of the clock a round comes before orders end that stood when it was due, and after those that did not.</summary>
    [Theory]
    [InlineData(61, 1.5, MarketOrderStatus.Filled)]
    [InlineData(61, 1, MarketOrderStatus.Expired)]
    [InlineData(0.9, 0.5, MarketOrderStatus.Expired)]
    [InlineData(3600, 3600, MarketOrderStatus.Filled)]
    public void Orders_WhenTheClockJumps_TakePartInTheRoundThatWasDue(double jump, double life, MarketOrderStatus status)
    {
        var (pool, a, b, time) = Of30();
        var (bid, offer) = (pool.Market.Bid(a, 2, 1m, expiresAfter: TimeSpan.FromSeconds(life)), pool.Market.Offer(b, 2, 1m, expiresAfter: TimeSpan.FromSeconds(life)));
        time.Advance(TimeSpan.FromSeconds(jump));
        Assert.Equal((status, status), (bid.Status, offer.Status));
        LoanPriceTests.AssertConserved(pool);
    }

    public static TheoryData<MarketError, Action<ResourcePool>> Faults => new()
    {
        { MarketError.Units, static p => p.Market.Bid(p["a"], 0, 1m) },
        { MarketError.Units, static p => p.Market.Bid(p["a"], -1, 1m) },
        { MarketError.Units, static p => p.Market.Offer(p["a"], 31, 1m) },
        { MarketError.Price, static p => p.Market.Bid(p["a"], 1, -0.001m) },
        { MarketError.Price, static p => p.Market.Bid(p["a"], 1, 1_000_000.001m) },
        { MarketError.Price, static p => p.Market.Bid(p["a"], 1, decimal.MaxValue) },
        { MarketError.Price, static p => p.Market.Offer(p["a"], 1, 0.0001m) },
        { MarketError.Time, static p => p.Market.Bid(p["a"], 1, 1m, TimeSpan.Zero) },
        { MarketError.Time, static p => p.Market.Offer(p["a"], 1, 1m, TimeSpan.FromDays(31)) },
        { MarketError.Time, static p => p.Market.Bid(p["a"], 1, 1m, expiresAfter: TimeSpan.Zero) },
        { MarketError.Priority, static p => p.Market.Bid(p["a"], 1, 1m, priority: 101) },
        { MarketError.Participant, static p => p.Market.Bid(p.Reserve, 1, 1m) },
        { MarketError.Participant, static p => p.Market.Offer(Of30().A, 1, 1m) },
        { MarketError.Participant, static p => p.Market.Offer(p["b"], 1, 1m) },
        { MarketError.InsufficientCredits, static p => p.Market.Bid(p["a"], 10, 10.001m, Term) },
        { MarketError.TooManyOrders, static p => Array.ForEach([1, 2, 3, 4], _ => p.Market.Offer(p["a"], 1, 1m)) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Order_ThatCannotBeRight_IsRefusedWithItsReason(MarketError error, Action<ResourcePool> order)
    {
        var (pool, _, _, _) = Of30(static o => (o.Marketplace.OrderLimit, o.Participants[1].Consent) = (3, LendingConsent.Never));
        Assert.Equal(error, Assert.Throws<MarketException>(() => order(pool)).Error);
        Assert.Equal(error == MarketError.TooManyOrders ? 3 : 0, pool.Market.Orders.Count);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Bid_ThatCostsMoreThanCanBeCounted_IsAnOverflow()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = int.MaxValue, Reputation = { NewcomerLoans = 0 }, Marketplace = { IsEnabled = true } }.AddParticipant("a", 1), new FakeTimeProvider());
        Assert.Equal(MarketError.Overflow, Assert.Throws<MarketException>(() => pool.Market.Bid(pool["a"], int.MaxValue, 1_000_000m, ResourcePool.LongestTerm)).Error);
        Assert.Equal(RefusalReason.InsufficientCredits, pool["a"].TryBorrow(pool.Reserve, int.MaxValue - 1, ResourcePool.LongestTerm).Refusal);
    }

    [Fact]
    public void Bid_OfWhoHasNoReputation_IsNotFilled_AndSaysWhy()
    {
        var (pool, a, b, time) = Of30(static o => o.Participants[1].GrantThreshold = 51);
        var (bid, _) = (pool.Market.Bid(a, 4, 3m), pool.Market.Offer(b, 4, 1m));
        time.Advance(Round);
        Assert.Equal((4, 10), (bid.UnitsLeft, a.Allocation));
        Assert.Equal(0, pool.Market.ReportRound()!.Lent);
    }

    [Fact]
    public void Offer_IsConsent_OfWhoWantsToBeAsked()
    {
        var (pool, a, b, time) = Of30(static o => o.Participants[1].AskBeforeLending(static (_, _, _) => ValueTask.FromResult(false)));
        pool.Market.Bid(a, 4, 3m);
        pool.Market.Offer(b, 4, 1m);
        time.Advance(Round);
        Assert.Equal(14, a.Allocation);
    }

    [Fact]
    public void Mechanism_ThatThrows_DecidesNothing_OrWhatCannotBe_IsContained()
    {
        foreach (var decide in new Func<MarketRound, MarketOutcome>[]
        {
            static _ => throw new InvalidOperationException("no"),
            static _ => null!,
            static _ => new([new(0, 0, 1, 1)], 1, []),
            static _ => new([new(0, 1, 0, 1)], 1, []),
            static _ => new([new(0, 7, 1, 1)], 1, []),
            static _ => new([new(0, 2, 1, 1)], 1, []),
            static _ => new([new(0, 1, 1, -1)], 1, []),
            static _ => new([new(1, 0, 1, 4) { Bid = 0 }], 1, []),
            static _ => new([new(1, 0, 5, 1) { Bid = 0 }], 1, []),
            static _ => new([new(1, 0, 1, 1) { Bid = 0, Offer = 3 }], 1, []),
            static _ => new([], null, [new(0, 1, -1, CreditReason.Loan)]),
            static _ => new([], null, [new(-2, 1, 1, CreditReason.Loan)]),
            static _ => new([], null, [new(0, 3, 1, CreditReason.Loan)]),
        })
        {
            var (pool, a, _, time) = Of30(mechanism: new Deciding(decide));
            pool.Market.Bid(a, 4, 3m);
            time.Advance(Round);
            Assert.Null(pool.Market.ReportRound());
            Assert.Equal((1000, 10), (a.Credits, a.Allocation));
            AssertLaws(pool);
            LoanPriceTests.AssertConserved(pool);
        }
    }

    [Fact]
    public void Mechanism_ThatPaysWithoutLoans_TakesNoMoreThanThereIs()
    {
        var (pool, a, b, time) = Of30(mechanism: new Deciding(static _ => new([], null, [new(0, 1, 600, CreditReason.Pledged), new(0, 1, 600, CreditReason.Pledged), new(-1, 1, 5, CreditReason.Free), new(1, 2, 5, CreditReason.Pledged)])));
        time.Advance(Round);
        Assert.Equal((402.5m, 1602.5m), (a.Credits, b.Credits));
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void PoolThatObserves_LendsNothingByTheMarket()
    {
        var (pool, a, b, time) = Of30(static o => o.Mode = PoolMode.Observe);
        var (bid, _) = (pool.Market.Bid(a, 4, 3m), pool.Market.Offer(b, 4, 1m));
        time.Advance(Round);
        Assert.Equal((4, 10, "the pool only observes"), (bid.UnitsLeft, a.Allocation, pool.Market.ReportRound()!.Reason));
    }

    [Fact]
    public async Task Karma_LendsWhatIsNotNeeded_RenewsIt_AndTakesItBack()
    {
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Participants[0].BorrowOnDemand) = (20, false), new Karma(0.5m));
        var busy = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        time.Advance(Round);
        Assert.True(waiting.IsCompletedSuccessfully);
        Assert.Equal((14, 4), (a.Allocation, b.Lent));
        for (var i = 0; i < 20; i++) time.Advance(Round);
        Assert.Equal((14, 4L), (a.Allocation, pool.Market.ReportRound()!.Renewed));
        // Four units lent and five of its own that it had pledged, each second; what nobody earned of it came back to both.
        Assert.True(a.Credits < b.Credits);
        Assert.Equal(2000, a.Credits + b.Credits + pool.Market.StatementOf("(reserve)").Balance);
        var late = b.TryAcquire(8);
        Assert.False(late.IsAcquired);
        (await waiting).Dispose();
        busy.Dispose();
        time.Advance(Round);
        time.Advance(Round);
        AssertAtRest(pool);
        Assert.Equal(0, pool.Market.StatementOf("a").Held);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public async Task Plans_ThatAreTraded_GoThroughTheMarket_ForThoseWithoutOrders()
    {
        var (pool, a, b, time) = Of30(static o =>
        {
            (o.Capacity, o.Balancing.Mode, o.Balancing.OfferAfter, o.Marketplace.TradesPlans) = (20, BalancingMode.On, TimeSpan.FromSeconds(1), true);
        });
        using var busy = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        BalancingTests.Run(time, TimeSpan.FromSeconds(6));
        Assert.True(waiting.IsCompletedSuccessfully);
        Assert.True(pool.Market.Traded >= 4);
        Assert.True(a.Borrowed >= 4);
        LoanPriceTests.AssertConserved(pool);
        (await waiting).Dispose();
    }

    /// <summary>Also where it passes through a pool without a marketplace.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void State_KeepsCredits_OfThoseThatLeftToo(bool hasMarketBetween)
    {
        using var state = new MemoryStream();
        var (pool, a, b, time) = Of30();
        a.TryBorrow(b, 4, Term);
        time.Advance(Term);
        Assert.True(pool.RemoveAsync("b").IsCompletedSuccessfully);
        pool.SaveState(state);
        ResourcePool? other = null;
        foreach (var hasMarket in new[] { hasMarketBetween, true })
        {
            other = new ResourcePool(new ResourcePoolOptions { Capacity = 30, Marketplace = { IsEnabled = hasMarket } }.AddParticipant("a", 10), new FakeTimeProvider());
            state.Position = 0;
            other.LoadState(state);
            state.SetLength(0);
            other.SaveState(state);
        }

        Assert.Equal(960, other!["a"].Credits);
        Assert.Equal(1040, other.Add(new ParticipantOptions { Name = "b", NominalQuota = 10 }).Credits);
        LoanPriceTests.AssertConserved(other);
    }

    internal sealed class Deciding(Func<MarketRound, MarketOutcome> decide) : IMarketMechanism
    {
        public MarketOutcome Decide(MarketRound round) => decide(round);
    }
}
