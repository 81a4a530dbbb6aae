using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What was once wrong in credits, orders, rounds and mechanisms.</summary>
public partial class MarketRegressionTests
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
    public void Ledger_OfNamesThatComeAndGo_WithAllThereIs_CanStillBeCountedWhenAllAreThere()
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(CreditAmount.Most, 0);
        string[] names = ["a", "b", "c", "d", "e"];
        foreach (var name in names) ledger.Leave(ledger.Join(name, 0), 0);
        foreach (var name in names) ledger.Join(name, 0);
        Assert.Equal((0, CreditAmount.Most), (ledger.Sum(), ledger.InCirculation));
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
    public void LoadState_OfLessThanIsHeldForLoans_IsRefused()
    {
        using var state = new MemoryStream();
        var (poor, _, _, _) = Of30(static o => o.Marketplace.InitialCredits = 10);
        poor.SaveState(state);
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 4, Term).IsGranted);
        state.Position = 0;
        Assert.Contains("'a' has loans for which 40 credits are held, and would have 10", Assert.Throws<InvalidDataException>(() => pool.LoadState(state)).Message, StringComparison.Ordinal);
        Assert.Equal(1000, a.Credits);
        time.Advance(Term);
        state.Position = 0;
        pool.LoadState(state);
        Assert.Equal((10, 0), (a.Credits, pool.Market.StatementOf("a").Held));
        LoanPriceTests.AssertConserved(pool);
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

    [Property(MaxTest = 100)]
    public void Loans_WhoseUnitsLieFree_CostTheTimeTheyWereOut_ToTheMillisecond(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (pool, a, b, time) = Of30(static o => (o.Marketplace.InitialCredits, o.Marketplace.RoundPeriod) = (1_000_000, TimeSpan.FromDays(1)));
        var (loans, cost, earned) = (new List<Loan>(), 0L, 0L);
        for (var step = 0; step < 400; step++)
        {
            var loan = loans.Count > 0 ? loans[random.Next(loans.Count)] : default;
            switch (random.Next(8))
            {
                case 0 or 1:
                    var terms = new LoanTerms { AutoRenews = random.Next(3) == 0, Notice = TimeSpan.FromMilliseconds(random.Next(2) * 7), MinimumHold = TimeSpan.FromMilliseconds(random.Next(2) * 9) };
                    loans.Add(a.TryBorrow(new LoanRequest(random.Next(1, 9)) { Lender = random.Next(2) == 0 ? b : null, Duration = TimeSpan.FromMilliseconds(random.Next(1, 90)), Terms = terms }));
                    break;
                case 2:
                    loan.Return(random.Next(1, 4));
                    break;
                case 3:
                    loan.Recall(random.Next(1, 4));
                    break;
                case 4:
                    if (loan.IsGranted) loan.TryRenew(TimeSpan.FromMilliseconds(random.Next(1, 90)));
                    break;
            }

            (cost, earned) = (cost + a.Borrowed, earned + b.Lent);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        foreach (var loan in loans) loan.Dispose();
        // What was recalled in part has notice, and goes back by itself.
        for (var i = 0; i < 20; i++)
        {
            (cost, earned) = (cost + a.Borrowed, earned + b.Lent);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal((0, 0), (a.Borrowed, pool.Market.StatementOf("a").Held));
        Assert.Equal((cost * 0.001m, earned * 0.001m), (1_000_000 - a.Credits, b.Credits - 1_000_000));
        LoanPriceTests.AssertConserved(pool);
    }

    [Fact]
    public async Task Callers_OfWhoCouldNotPay_AreServedWhenItHasCredits()
    {
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Participants[0].BorrowOnDemand, o.Marketplace.InitialCredits) = (20, true, 0));
        var waiting = a.AcquireAsync(12);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(waiting.IsCompleted);
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        (options.Participants[0].BorrowOnDemand, options.Marketplace.IsEnabled, options.Marketplace.OverdraftLimit) = (true, true, 1000);
        pool.Reconfigure(options);
        for (var i = 0; i < 60 && !waiting.IsCompleted; i++) time.Advance(Round);
        Assert.True(waiting.IsCompleted);
        (await waiting).Dispose();
    }

    [Fact]
    public void Evaluate_OfWhatCanJustBePaid_SaysWhatBorrowingDoes()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.InitialCredits = 40);
        time.Advance(TimeSpan.FromMilliseconds(0.5));
        var request = new LoanRequest(4) { Lender = b, Duration = Term };
        Assert.Equal(a.Evaluate(request).Constraint, a.TryBorrow(request).Refusal);
    }

    // Orders and rounds.

    [Fact]
    public void Bid_ThatCanJustBePaid_IsFilled()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.InitialCredits = 40);
        var bid = pool.Market.Bid(a, 4, 1m, Term, takesPart: false);
        pool.Market.Offer(b, 4, 1m);
        for (var i = 0; i < 5; i++) time.Advance(Round);
        Assert.Equal((MarketOrderStatus.Filled, RefusalReason.None), (bid.Status, bid.LastRefusal));
    }

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
        Assert.Equal((MarketOrderStatus.Standing, 4), (first.Status, first.UnitsLeft));
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

    private static void RemoveB(ResourcePool pool)
    {
        if (pool.Participants.Count == 2) Assert.True(pool.RemoveAsync("b").IsCompletedSuccessfully);
    }

    private static ResourcePoolOptions With(ResourcePoolOptions options, Action<ResourcePoolOptions> configure)
    {
        configure(options);
        return options;
    }
}
