using System.Collections;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

// Mechanisms, those of others and Karma in a pool.
public partial class MarketRegressionTests
{
    [Fact]
    public void Mechanism_WithUnitsThatDoNotAddUp_MovesNothing()
    {
        var (pool, a, b, time) = Of30(mechanism: Deciding(static _ => new([new(1, 0, int.MaxValue, 1), new(1, 0, int.MaxValue, 1)], 1, [])));
        time.Advance(Round);
        Assert.Equal((10, 10, 0), (a.Allocation, b.Allocation, b.Lent));
        AssertLaws(pool);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Mechanism_ThatLendsWithoutAnOffer_DoesNotPassOverConsent()
    {
        var (pool, a, b, time) = Of30(
            static o =>
            {
                o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false);
                o.Participants[2].AskBeforeLending(static (_, _, _) => ValueTask.FromResult(false));
            },
            Deciding(static r => r.Bids.Count == 0 ? MarketOutcome.None : new([new(1, 0, 4, 1) { Bid = 0, Offer = 0 }, new(2, 0, 4, 1) { Bid = 0 }], 1, [])));
        pool.Market.Bid(a, 8, 3m, takesPart: false);
        pool.Market.Offer(b, 4, 1m);
        time.Advance(Round);
        Assert.Equal(0, pool["c"].Lent);
    }

    [Fact]
    public void Mechanism_ThatLendsForLongerThanAnOfferDoes_IsWrong()
    {
        var (pool, a, b, time) = Of30(mechanism: Deciding(static r => r.Bids.Count == 0 ? MarketOutcome.None : new([new(1, 0, 4, 1) { Bid = 0, Offer = 0 }], 1, [])));
        pool.Market.Bid(a, 4, 3m, TimeSpan.FromSeconds(60));
        pool.Market.Offer(b, 4, 1m, longestTerm: TimeSpan.FromSeconds(2));
        time.Advance(Round);
        Assert.Equal(0, b.Lent);
    }

    [Fact]
    public void Mechanism_OfWhoseOutcomeReadingRunsCode_RunsItOutsideAllLocks()
    {
        ResourcePool? pool = null;
        var isHeldUp = false;
        var (made, _, _, time) = Of30(mechanism: Deciding(_ => new([], null, new Lazily([new(0, 1, 5, CreditReason.Pledged)], () => isHeldUp |= !Task.Run(() => pool!.Snapshot()).Wait(TimeSpan.FromSeconds(3))))));
        pool = made;
        time.Advance(Round);
        Assert.False(isHeldUp);
    }

    [Fact]
    public void Mechanism_WhoseOutcomeChangesAfterTheCheck_TakesNothingThatIsNotThere()
    {
        var looks = 0;
        var (pool, a, b, time) = Of30(mechanism: Deciding(_ =>
        {
            looks = 0;
            var credits = new List<CreditTransfer> { new(0, 1, 5, CreditReason.Pledged) };
            return new([], null, new Lazily(credits, () =>
            {
                if (++looks > 1) credits[0] = new(0, 1, -5000, CreditReason.Pledged);
            }));
        }));
        time.Advance(Round);
        Assert.True(b.Credits >= 0, $"b has {b.Credits}.");
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Mechanism_ThatTakesLongerThanARound_MovesNoCreditsEither()
    {
        FakeTimeProvider? clock = null;
        var isFirst = true;
        var (pool, a, b, time) = Of30(mechanism: Deciding(_ =>
        {
            if (!isFirst) return MarketOutcome.None;
            isFirst = false;
            clock!.Advance(TimeSpan.FromMinutes(1));
            return new([new(1, 0, 4, 1)], 1, [new(0, 1, 5, CreditReason.Pledged)]);
        }));
        clock = time;
        time.Advance(Round);
        Assert.Equal((0, 1000, 1000), (a.Borrowed, a.Credits, b.Credits));
    }

    [Fact]
    public void Mechanism_DuringWhichUnitsAreRecalled_LeavesWhatShallStay()
    {
        var rounds = 0;
        Participant? lender = null;
        var (pool, a, b, time) = Of30(mechanism: Deciding(_ =>
        {
            if (++rounds > 1) lender!.TryAcquire(8);
            return new([new(1, 0, rounds > 1 ? 3 : 4, 1)], 1, []);
        }));
        lender = b;
        time.Advance(Round);
        Assert.Equal(4, a.Borrowed);
        time.Advance(Round);
        // Two were recalled by a caller of the lender; three were to stay, and two are there.
        Assert.Equal((8, 2), (b.InUse, a.Borrowed));
    }

    [Fact]
    public void Mechanism_ThatEndsAStandingLoan_LeavesItsUnitsForTheBidsOfTheSameRound()
    {
        var (pool, a, b, time) = Of30(
            static o => o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false),
            Deciding(static r => r.Bids.Count == 0 ? new([new(1, 0, 5, 1)], 1, []) : new([new(1, 2, 4, 1) { Bid = 0 }], 1, [])));
        time.Advance(Round);
        Assert.Equal(5, b.Lent);
        var bid = pool.Market.Bid(pool["c"], 4, 2m, Term);
        time.Advance(Round);
        Assert.Equal((0, MarketOrderStatus.Filled), (a.Borrowed, bid.Status));
    }

    // Karma in a pool.

    [Fact]
    public async Task Karma_WhoCanPayForARound_GetsItsUnits()
    {
        // All is guaranteed: a asks for four that b does not need, for one credit each.
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Marketplace.InitialCredits) = (20, 5), new Karma(1m));
        using var busy = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        time.Advance(Round);
        Assert.Equal((14, ""), (a.Allocation, pool.Market.ReportRound()!.Reason));
        (await waiting).Dispose();
    }

    [Fact]
    public async Task Karma_StandingLoans_OfALenderOfShortTerms_AreRenewed()
    {
        var (pool, a, b, time) = Of30(
            static o =>
            {
                o.Capacity = 20;
                o.Participants[1].LongestTerm = TimeSpan.FromSeconds(1.5);
            },
            new Karma(0.5m));
        using var busy = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        time.Advance(Round);
        Assert.Equal((14, ""), (a.Allocation, pool.Market.ReportRound()!.Reason));
        for (var i = 0; i < 5; i++)
        {
            time.Advance(Round);
            Assert.Equal("", pool.Market.ReportRound()!.Reason);
            Assert.Equal(4, pool.Market.ReportRound()!.Renewed);
        }

        (await waiting).Dispose();
    }

    [Fact]
    public void Karma_OwnerThatNeitherUsesNorLends_IsNotCharged()
    {
        // Nobody uses anything, and nothing is lent.
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Participants[1].Consent) = (20, LendingConsent.Never), new Karma(0.5m));
        for (var i = 0; i < 10; i++) time.Advance(Round);
        Assert.Equal((0, 0, 0), (a.InUse, b.InUse, pool.Snapshot().OpenLoans));
        Assert.Equal((1000, 1000), (a.Credits, b.Credits));
    }

    [Fact]
    public void Karma_WithoutGuarantee_ChargesNobodyForWhatItsLendingLimitKeeps()
    {
        // The default lending limit keeps half of each quota: nobody uses it.
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Participants[0].LendingLimit) = (20, 10), new Karma(0m));
        for (var i = 0; i < 10; i++) time.Advance(Round);
        Assert.Equal((1000, 1000), (a.Credits, b.Credits));
    }

    [Fact]
    public void Karma_WhereThePoorestDonorDoesNotTrustWhoNeeds_AnotherLends()
    {
        MarketParticipant[] participants =
        [
            new("needs", 10, 14, 10, 100, 100), new("poor", 10, 0, 10, 100, 0, GrantThreshold: 100), new("rich", 10, 0, 10, 100, 500), new("(reserve)", 0, 0, 0, 0, 0),
        ];
        var transfer = Assert.Single(new Karma(1m).Decide(new(Round, 1, participants, [], [], [])).Transfers);
        Assert.Equal((2, 0, 4, 1m), (transfer.Lender, transfer.Borrower, transfer.Units, transfer.Price));
    }

    [Fact]
    public async Task Karma_AfterAChangeOfPrice_MakesNobodyOverdue()
    {
        var (pool, a, b, time) = Of30(static o => o.Capacity = 20, new Karma(0.5m));
        using var busy = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        time.Advance(Round);
        using var more = await waiting;
        Assert.Equal((14, 4), (a.InUse, a.Borrowed));
        var before = a.Reputation;
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        (options.Marketplace.IsEnabled, options.Marketplace.Price) = (true, 2);
        pool.Reconfigure(options);
        for (var i = 0; i < 10; i++) time.Advance(Round);
        // b needs none of it.
        Assert.Equal((0, 0), (a.Debt, a.Overdue));
        Assert.True(a.Reputation >= before, $"a's reputation fell from {before} to {a.Reputation}.");
    }

    [Fact]
    public void Karma_BidBelowThePrice_PaysNoMoreThanItsBid()
    {
        var (pool, a, b, time) = Of30(static o => o.Capacity = 20, new Karma(1m));
        pool.Market.Bid(a, 4, 0.5m, Term);
        time.Advance(Round);
        time.Advance(Round);
        Assert.True(a.Credits >= 1000 - 4 * 0.5m, $"a has {a.Credits}.");
    }

    private sealed class Lazily(List<CreditTransfer> items, Action onRead) : IReadOnlyList<CreditTransfer>
    {
        public CreditTransfer this[int index] => items[index];

        public int Count => items.Count;

        public IEnumerator<CreditTransfer> GetEnumerator()
        {
            onRead();
            return items.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
