using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;
using static ResourceBorrowing.Tests.TestPool;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What loans cost, from the first term to the last unit.</summary>
public class LoanPriceTests
{
    private const decimal Beginning = 1000;

    /// <summary>a owns 10, b owns 10, the reserve 10; each begins with 1000 credits.</summary>
    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30(Action<ResourcePoolOptions>? configure = null) => TestPool.Of30(options =>
    {
        options.Marketplace.IsEnabled = true;
        configure?.Invoke(options);
    });

    internal static void AssertConserved(ResourcePool pool)
    {
        var ledger = pool.Book.Credits!;
        pool.Book.Attend(pool.Book.Audit((ref _) =>
        {
            Assert.Equal(0, ledger.Sum());
            Assert.All(ledger.Members.Append(ledger.Reserve), static account =>
            {
                Assert.True(account.Held >= 0, $"{account.Name} holds {account.Held}.");
                var statement = account.Statement();
                Assert.Equal(statement.Balance, statement.Carried + statement.Entries.Sum(static e => e.Credits));
            });
        }));
    }

    [Fact]
    public void Pool_WithoutMarketplace_PricesNothing()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 5, TimeSpan.FromHours(1));
        Assert.True(loan.IsGranted);
        Assert.Equal(0, a.Credits);
        Assert.Contains("UseMarketplace", Assert.Throws<InvalidOperationException>(() => pool.Market).Message, StringComparison.Ordinal);
        pool.Dispose();
    }

    [Fact]
    public void Loan_ThatLastsItsTerm_IsPaidToItsLender()
    {
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 4, Term).IsGranted);
        Assert.Equal((Beginning, 40), (a.Credits, pool.Market.StatementOf("a").Held));
        Assert.Equal(Beginning - 40, pool.Market.StatementOf("a").Available);
        time.Advance(Term);
        Assert.Equal((Beginning - 40, Beginning + 40), (a.Credits, b.Credits));
        Assert.Equal(0, pool.Market.StatementOf("a").Held);
        AssertConserved(pool);
    }

    [Fact]
    public void Loan_ReturnedOrRecalledEarly_IsPaidForTheTimeThereWas()
    {
        var (pool, a, b, time) = Of30();
        var loan = a.TryBorrow(b, 4, Term);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, loan.Return(1));
        Assert.Equal((Beginning - 3, Beginning + 3, 30), (a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        Assert.Equal(3, loan.Recall());
        Assert.Equal((Beginning - 12, Beginning + 12, 0), (a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void Loan_RecalledWithNotice_CostsUntilTheUnitsAreBack()
    {
        var (pool, a, b, time) = Of30();
        var loan = a.TryBorrow(new LoanRequest(4) { Lender = b, Duration = Term, Terms = new() { Notice = TimeSpan.FromSeconds(2) } });
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(4, loan.Recall());
        Assert.Equal((Beginning, 40), (a.Credits, pool.Market.StatementOf("a").Held));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((Beginning - 20, 0), (a.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    /// <summary>A recall does not make what is kept free of charge, up to the term or the end of the grace period.</summary>
    [Theory]
    [InlineData(1, 10, 8)]
    [InlineData(2, 10, 12)]
    [InlineData(20, 30, 40)]
    [InlineData(20, 1, 8)]
    public void Loan_RecalledWhileInUse_CostsUntilTheUnitsAreBack(int keptSeconds, int graceSeconds, int paid)
    {
        var (pool, a, b, time) = Of30(o => o.GracePeriod = TimeSpan.FromSeconds(graceSeconds));
        var loan = a.TryBorrow(b, 4, Term);
        var lease = a.TryAcquire(14);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(4, loan.Recall());
        Assert.Equal((Beginning, 40), (a.Credits, pool.Market.StatementOf("a").Held));
        for (var i = 0; i < keptSeconds; i++) time.Advance(TimeSpan.FromSeconds(1));
        lease.Dispose();
        Assert.Equal((Beginning - paid, Beginning + paid, 0), (a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void Loan_StillInUseWhenItEnds_CostsItsTermAndNoMore()
    {
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 4, Term).IsGranted);
        var lease = a.TryAcquire(12);
        time.Advance(Term);
        Assert.Equal((Beginning - 20, 20), (a.Credits, pool.Market.StatementOf("a").Held));
        time.Advance(TimeSpan.FromMinutes(5));
        lease.Dispose();
        Assert.Equal((Beginning - 40, Beginning + 40, 0), (a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    /// <summary>Who never gives units back does not keep its credits too.</summary>
    [Fact]
    public void Loan_Overdue_IsPaidOnceItsGraceIsOver()
    {
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 4, Term).IsGranted);
        var lease = a.TryAcquire(14);
        time.Advance(Term);
        Assert.Equal((Beginning, 40), (a.Credits, pool.Market.StatementOf("a").Held));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((4, Beginning - 40, Beginning + 40, 0), (a.Overdue, a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        lease.Dispose();
        Assert.Equal((0, Beginning - 40, 0), (a.Debt, a.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void Borrow_WhereThePoolHasNoRoomForTheLoan_HoldsNothing()
    {
        var (pool, a, b, time) = Of30(static o => o.OpenLoanLimit = 1);
        Assert.True(a.TryBorrow(b, 1, Term).IsGranted);
        Assert.Equal(RefusalReason.PoolLoanLimit, a.TryBorrow(b, 1, Term).Refusal);
        Assert.Equal(10, pool.Market.StatementOf("a").Held);
        time.Advance(Term);
        Assert.Equal(0, pool.Market.StatementOf("a").Held);
        AssertConserved(pool);
    }

    [Fact]
    public void Loan_ReturnedEarlyWhileInUse_CostsUntilEachUnitIsBack()
    {
        var (pool, a, b, time) = Of30();
        var loan = a.TryBorrow(b, 4, Term);
        var lease = a.TryAcquire(14);
        time.Advance(TimeSpan.FromSeconds(1));
        loan.Dispose();
        Assert.Equal((Beginning, 40), (a.Credits, pool.Market.StatementOf("a").Held));
        time.Advance(TimeSpan.FromSeconds(1));
        lease.Dispose();
        Assert.Equal((Beginning - 8, 0), (a.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void Borrow_ForMoreThanThereIsToSpend_IsRefusedAndChangesNothing()
    {
        var (pool, a, b, time) = Of30();
        Assert.True(a.TryBorrow(b, 2, TimeSpan.FromSeconds(400)).IsGranted);
        var refused = a.TryBorrow(b, 1, TimeSpan.FromSeconds(201));
        Assert.Equal(RefusalReason.InsufficientCredits, refused.Refusal);
        Assert.Equal("'a' cannot pay for 1: it has 200 credits to spend", refused.Explanation);
        Assert.Equal((12, 800), (a.Allocation, pool.Market.StatementOf("a").Held));
        Assert.Equal(RefusalReason.InsufficientCredits, a.Evaluate(new LoanRequest(1) { Lender = b, Duration = TimeSpan.FromSeconds(201) }).Constraint);
        Assert.True(a.TryBorrow(b, 1, TimeSpan.FromSeconds(200)).IsGranted);
        AssertConserved(pool);
        Assert.Equal(RefusalReason.InsufficientCredits, b.TryBorrow(a, 5, ResourcePool.LongestTerm).Refusal);
    }

    [Fact]
    public void Overdraft_LetsBorrowersGoBelowZero_ByThatMuch()
    {
        var (pool, a, b, time) = Of30(static o => (o.Marketplace.InitialCredits, o.Marketplace.OverdraftLimit) = (0, 30));
        Assert.Equal(RefusalReason.InsufficientCredits, a.TryBorrow(b, 4, Term).Refusal);
        Assert.True(a.TryBorrow(b, 3, Term).IsGranted);
        time.Advance(Term);
        Assert.Equal((-30, 30), (a.Credits, b.Credits));
        AssertConserved(pool);
    }

    [Fact]
    public void Renewal_PaysForTheTermThatWas_AndHoldsTheNext()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.InitialCredits = 100);
        var loan = a.TryBorrow(b, 5, Term);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(RefusalReason.None, loan.TryRenew(Term));
        Assert.Equal((80, 50), (a.Credits, pool.Market.StatementOf("a").Held));
        Assert.Equal(RefusalReason.InsufficientCredits, loan.TryRenew(TimeSpan.FromSeconds(17)));
        Assert.Equal((80, 50), (a.Credits, pool.Market.StatementOf("a").Held));
        time.Advance(Term);
        Assert.Equal((30, 170 - 100 + 100 - 0, 0), (a.Credits, b.Credits, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void AutoRenewal_GoesOnUntilTheCreditsAreSpent()
    {
        var (pool, a, b, time) = Of30(static o => o.Marketplace.InitialCredits = 100);
        Assert.True(a.TryBorrow(new LoanRequest(4) { Lender = b, Duration = Term, Terms = new() { AutoRenews = true } }).IsGranted);
        for (var i = 0; i < 5; i++) time.Advance(Term);
        Assert.Equal((20, 180, 10), (a.Credits, b.Credits, a.Allocation));
        AssertAtRest(pool);
        AssertConserved(pool);
    }

    [Fact]
    public void BorrowingOnDemand_IsPaidFor_AndWhatLiesIdleAtTheEndOfTheTermIsNotHeldOn()
    {
        var (pool, a, b, time) = Of30(static o => (o.Capacity, o.Participants[0].BorrowOnDemand) = (20, true));
        var (kept, brief) = (a.TryAcquire(12), a.TryAcquire(3));
        Assert.Equal((5, 15), (a.Borrowed, a.InUse));
        brief.Dispose();
        time.Advance(Term);
        // Three lie idle and go home; two are in use and stay.
        Assert.Equal((2, Beginning - 50, 20), (a.Borrowed, a.Credits, pool.Market.StatementOf("a").Held));
        kept.Dispose();
        time.Advance(Term);
        Assert.Equal((0, 0), (a.Borrowed, pool.Market.StatementOf("a").Held));
        AssertConserved(pool);
    }

    [Fact]
    public void UnitsOfTheReserve_EarnForAll()
    {
        var (pool, a, _, time) = Of30();
        Assert.True(a.TryBorrow(pool.Reserve, 5, Term).IsGranted);
        time.Advance(Term);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((Beginning - 25, Beginning + 25), (a.Credits, pool["b"].Credits));
        Assert.Equal(0, pool.Market.StatementOf("(reserve)").Balance);
        AssertConserved(pool);
    }
}
