using System.Collections;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What a review found wanting in credits, orders, rounds and mechanisms.</summary>
public class ReviewTests
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30(Action<ResourcePoolOptions>? configure = null, IMarketMechanism? mechanism = null) => TestPool.Of30(options =>
    {
        options.Marketplace.IsEnabled = true;
        if (mechanism is not null) options.Marketplace.UseMechanism(mechanism);
        configure?.Invoke(options);
    });

    private static MarketplaceTests.Deciding Deciding(Func<MarketRound, MarketOutcome> decide) => new(decide);

    // Credits.

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Credits_MovedByARound_ForWhoLeftMeanwhile_AreNeitherMadeNorLost(bool pays)
    {
        ResourcePool? pool = null;
        var (made, a, b, time) = Of30(static o => o.Marketplace.OverdraftLimit = 100, Deciding(_ =>
        {
            RemoveB(pool!);
            return new([], null, [pays ? new(1, 0, 50, CreditReason.Pledged) : new(0, 1, 50, CreditReason.Pledged)]);
        }));
        pool = made;
        time.Advance(Round);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Rounds_AfterOneThatSomebodyLeftIn_AreCarriedOut()
    {
        ResourcePool? pool = null;
        var (made, a, b, time) = Of30(null, Deciding(_ =>
        {
            var hasLeft = pool!.Participants.Count < 2;
            RemoveB(pool);
            return hasLeft ? MarketOutcome.None : new([], null, [new(-1, 1, 5, CreditReason.Free)]);
        }));
        pool = made;
        for (var i = 0; i < 5; i++) time.Advance(Round);
        Assert.NotNull(pool.Market.ReportRound());
    }

    [Fact]
    public void Karma_WithFreeCredits_GivesNoneToWhoLeftWhileItDecided()
    {
        ResourcePool? pool = null;
        var karma = new Karma(0.5m, freeCredits: true);
        var (made, a, b, time) = Of30(null, Deciding(round =>
        {
            RemoveB(pool!);
            return karma.Decide(round);
        }));
        pool = made;
        time.Advance(Round);
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public void Ledger_LoadedForNamesThatAreNotThere_CanStillBeCountedWhenTheyJoin()
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(1000, 0);
        var names = Enumerable.Range(0, 6).Select(static i => $"n{i}").ToArray();
        if (ledger.Load(names.ToDictionary(static n => n, static _ => CreditAmount.Most), 0) is not null) return;
        foreach (var name in names) ledger.Join(name, 0);
        Assert.Equal(0, ledger.Sum());
        Assert.True(ledger.InCirculation <= CreditAmount.Most);
    }

    [Fact]
    public void Statement_OfMuchThatWentToAndFro_TellsHowMuch()
    {
        // 1,000,000,000 credits at a time: all that a participant may begin with, or one loan of 1,000 units for a second at the highest price.
        var (a, b) = (new CreditAccount("a", 0), new CreditAccount("b", 0));
        const long amount = 1_000_000_000 * CreditAmount.PerCredit;
        for (var i = 0; i < 10_000; i++)
        {
            a.Pay(b, amount, CreditReason.Loan, i);
            b.Pay(a, amount, CreditReason.Loan, i);
        }

        var statement = a.Statement();
        Assert.Equal(statement.Balance, statement.Carried + statement.Entries.Sum(static e => e.Credits));
        Assert.All(statement.Entries, static e => Assert.Equal(1_000_000_000m * e.Postings, Math.Abs(e.Credits)));
    }

    [Fact]
    public void LoadState_WhileALoanIsOut_TakesNoBalanceBelowTheOverdraft()
    {
        using var state = new MemoryStream();
        var (poor, _, _, _) = Of30(static o => o.Marketplace.InitialCredits = 10);
        poor.SaveState(state);
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 4, Term).IsGranted);
        state.Position = 0;
        pool.LoadState(state);
        time.Advance(Term);
        LoanPriceTests.AssertConserved(pool);
        Assert.True(a.Credits >= 0, $"a has {a.Credits}.");
    }

    // What loans cost.

    [Fact]
    public void AutoRenewal_OfTheShortestTerm_PaysForTheTimeThereWas()
    {
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(new LoanRequest(4) { Lender = b, Duration = ResourcePool.ShortestTerm, Terms = new() { AutoRenews = true } }).IsGranted);
        // A timer comes every 16 ms or so.
        for (var i = 0; i < 100; i++) time.Advance(TimeSpan.FromMilliseconds(16));
        Assert.Equal(4, a.Borrowed);
        Assert.InRange(b.Credits - 1000, 4 * 1.5m, 4 * 1.7m);
    }

    [Fact]
    public void FreeLoans_OfWhoOwes_CanBeHadEverywhere()
    {
        ResourcePoolOptions Options(decimal price, decimal overdraft) => With(TestPool.Options(30, ("a", 10), ("b", 10)), o =>
        {
            o.Marketplace.IsEnabled = true;
            (o.Marketplace.InitialCredits, o.Marketplace.Price, o.Marketplace.OverdraftLimit) = (0, price, overdraft);
        });
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(Options(1, 30), time);
        var (a, b) = (pool["a"], pool["b"]);
        Assert.True(a.TryBorrow(b, 3, Term).IsGranted);
        time.Advance(Term);
        Assert.Equal(-30, a.Credits);
        pool.Reconfigure(Options(0, 0));
        var request = new LoanRequest(1) { Lender = b };
        Assert.True(a.TryBorrow(request).IsGranted);
        Assert.Equal(RefusalReason.None, a.Evaluate(request).Constraint);
        Assert.Equal(MarketOrderStatus.Standing, pool.Market.Bid(a, 1, 0).Status);
    }

    [Fact]
    public void Price_FinerThanCanBeCounted_IsRefused()
    {
        using var pool = new ResourcePool(With(TestPool.Options(30, ("a", 10)), static o => (o.Marketplace.IsEnabled, o.Marketplace.Price) = (true, 0.002m)), new FakeTimeProvider());
        Assert.Throws<OptionsValidationException>(static () => new ResourcePool(With(TestPool.Options(30, ("a", 10)), static o => (o.Marketplace.IsEnabled, o.Marketplace.Price) = (true, 0.0009m)), new FakeTimeProvider()));
    }

    [Fact]
    public void Name_OfTheHouse_IsTaken()
    {
        using var pool = Of30().Pool;
        Assert.Throws<OptionsValidationException>(() => pool.Add(new ParticipantOptions { Name = "(house)", NominalQuota = 1 }));
    }

    // Orders and rounds.

    [Fact]
    public void Offer_ForAShortTerm_DoesNotKeepOthersFromTrading()
    {
        var auction = new UniformPriceAuction();
        MarketParticipant[] participants = [.. "abc".Select(static c => new MarketParticipant($"{c}", 100, 0, 100, 100, 1_000_000)), new("(reserve)", 0, 0, 0, 0, 0)];
        var round = new MarketRound(Round, 1, participants, [new(0, 10, TimeSpan.FromHours(1), 10)], [new(1, 10, 5, ResourcePool.LongestTerm)], []);
        Assert.Equal(10, auction.Decide(round).Transfers.Sum(static t => t.Units));
        round = round with { Offers = [new(1, 10, 5, ResourcePool.LongestTerm), new(2, 10, 0, ResourcePool.ShortestTerm)] };
        Assert.Equal(10, auction.Decide(round).Transfers.Sum(static t => t.Units));
    }

    [Fact]
    public void Offer_OfTheBidderItself_DoesNotKeepItFromTrading()
    {
        var auction = new UniformPriceAuction();
        MarketParticipant[] participants = [.. "ab".Select(static c => new MarketParticipant($"{c}", 100, 0, 100, 100, 1_000_000)), new("(reserve)", 0, 0, 0, 0, 0)];
        var round = new MarketRound(Round, 1, participants, [new(0, 10, Round, 10)], [new(0, 10, 0, Round), new(1, 10, 5, Round)], []);
        Assert.Equal(10, auction.Decide(round).Transfers.Sum(static t => t.Units));
    }

    [Fact]
    public void Bid_ThatItsLenderCannotServe_DoesNotKeepOthersFromBeingServed()
    {
        var (pool, a, b, time) = Of30(static o =>
        {
            o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false);
            o.Participants[1].LongestTerm = TimeSpan.FromSeconds(30);
        });
        pool.Market.Bid(a, 4, 3m, TimeSpan.FromSeconds(31));
        var other = pool.Market.Bid(pool["c"], 4, 2m, Term);
        pool.Market.Offer(b, 4, 1m);
        for (var i = 0; i < 5; i++) time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, 14), (other.Status, pool["c"].Allocation));
    }

    [Fact]
    public void Bid_OfANewcomerThatHasALoan_DoesNotKeepOthersFromBeingServed()
    {
        var (pool, a, b, time) = Of30(static o =>
        {
            o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false);
            o.Capacity = 40;
            o.Reputation.NewcomerLoans = 5;
        });
        Assert.True(a.TryBorrow(pool.Reserve, 1, TimeSpan.FromSeconds(60)).IsGranted);
        var first = pool.Market.Bid(a, 4, 3m, Term);
        var other = pool.Market.Bid(pool["c"], 4, 2m, Term);
        pool.Market.Offer(b, 4, 1m);
        for (var i = 0; i < 5; i++) time.Advance(Round);
        Assert.Equal(RefusalReason.NewcomerLine, first.LastRefusal);
        Assert.Equal((MarketOrderStatus.Filled, 14), (other.Status, pool["c"].Allocation));
    }

    [Fact]
    public void BidThatTakesNoPart_OfManyOffersOfOneLender_IsFilled()
    {
        var options = TestPool.Options(200, ("a", 100), ("b", 100));
        options.Marketplace.IsEnabled = true;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var bid = pool.Market.Bid(pool["a"], 33, 2m, Term, takesPart: false);
        for (var i = 0; i < 33; i++) pool.Market.Offer(pool["b"], 1, 1m);
        time.Advance(Round);
        Assert.Equal((RefusalReason.None, MarketOrderStatus.Filled), (bid.LastRefusal, bid.Status));
    }

    [Fact]
    public void Offer_ThatServedABidTogetherWithAnother_TellsOfItsOwnUnitsOnly()
    {
        var (pool, a, b, time) = Of30(static o => o.AddParticipant("c", 10, static c => c.BorrowOnDemand = false));
        pool.Market.Bid(a, 8, 3m, takesPart: false);
        var (first, second) = (pool.Market.Offer(b, 4, 1m), pool.Market.Offer(pool["c"], 4, 2m));
        time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, MarketOrderStatus.Filled), (first.Status, second.Status));
        Assert.Equal(4, first.Loans.Sum(static l => l.Recall()));
        Assert.Equal(4, pool["c"].Lent);
    }

    [Fact]
    public void Order_WhoseLoanCannotBeMade_BecauseOfTooManyTerms_LosesNoUnits()
    {
        var (pool, a, b, time) = Of30();
        for (var i = 0; i < 5000; i++)
        {
            try
            {
                _ = a.Evaluate(new LoanRequest(1) { Lender = b, Terms = new() { Notice = TimeSpan.FromMilliseconds(i) } });
            }
            catch (InvalidOperationException)
            {
                break;
            }
        }

        var (bid, offer) = (pool.Market.Bid(a, 4, 3m, priority: 7), pool.Market.Offer(b, 4, 1m));
        time.Advance(Round);
        Assert.Equal(10, a.Allocation);
        Assert.Equal((4, 4), (bid.UnitsLeft, offer.UnitsLeft));
    }

    [Fact]
    public void Reconfigure_ToAShorterRound_IsKeptFromThenOn()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.RoundPeriod = TimeSpan.FromDays(1));
        var bid = pool.Market.Bid(a, 4, 3m, expiresAfter: TimeSpan.FromHours(1));
        pool.Market.Offer(b, 4, 1m, expiresAfter: TimeSpan.FromHours(1));
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        options.Marketplace.IsEnabled = true;
        pool.Reconfigure(options);
        for (var i = 0; i < 60; i++) time.Advance(Round);
        Assert.NotNull(pool.Market.ReportRound());
        Assert.Equal(MarketOrderStatus.Filled, bid.Status);
    }

    // Mechanisms of others.

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

    private static void RemoveB(ResourcePool pool)
    {
        if (pool.Participants.Count == 2) Assert.True(pool.RemoveAsync("b").IsCompletedSuccessfully);
    }

    private static ResourcePoolOptions With(ResourcePoolOptions options, Action<ResourcePoolOptions> configure)
    {
        configure(options);
        return options;
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
