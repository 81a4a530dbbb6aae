using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>What limits and consents make impossible is said at once; what they allow is not refused.</summary>
public class LimitTests
{
    [Fact]
    public void PoolLoanLimit_OfOne_IsExact_WhoeverBorrows()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        options.OpenLoanLimit = 1;
        using var pool = new ResourcePool(options, new FakeTimeProvider(), null, null, null, null, shards: 4);
        for (var i = 0; i < 3; i++)
        {
            foreach (var p in pool.Participants)
            {
                using var loan = p.TryBorrow(pool.Reserve, 1, TestPool.Term);
                Assert.True(loan.IsGranted, loan.Explanation);
                Assert.Equal(RefusalReason.PoolLoanLimit, p.TryBorrow(pool.Reserve, 1, TestPool.Term).Refusal);
            }
        }
    }

    [Fact]
    public async Task BorrowAsync_MoreThanAnyLimitAllows_IsRefusedAtOnce()
    {
        var (_, a, b, _) = TestPool.Of30(static o =>
        {
            o.Participants[0].BorrowingLimit = 12;
            o.Participants[1].LongestTerm = TimeSpan.FromMinutes(1);
        });
        using var held = b.TryAcquire(10);
        Assert.Equal(RefusalReason.BorrowingLimit, (await a.BorrowAsync(new LoanRequest(13)).Within()).Refusal);
        Assert.Equal(RefusalReason.LendingLimit, (await a.BorrowAsync(new LoanRequest(6) { Lender = b }).Within()).Refusal);
        Assert.Equal(RefusalReason.NotEnoughToLend, (await a.BorrowAsync(new LoanRequest(12) { Duration = TimeSpan.FromHours(1) }).Within()).Refusal);
        Assert.False(a.BorrowAsync(new LoanRequest(12)).IsCompleted);
    }

    [Fact]
    public async Task BorrowAsync_WithTheLongestTimeout_WaitsForEver()
    {
        var (_, a, b, time) = TestPool.Of30();
        var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(2) { Lender = b }, TimeSpan.MaxValue).AsTask();
        time.Advance(TimeSpan.FromDays(3000));
        Assert.False(wait.IsCompleted);
        held.Dispose();
        Assert.True((await wait.Within()).IsGranted);
    }

    [Fact]
    public async Task BorrowAsync_WhoseTimeIsOver_WaitsForNoConsent()
    {
        var (_, a, b, time) = TestPool.Of30(static o => o.Participants[1].AskBeforeLending(
            static async (_, _, stop) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                return true;
            },
            TimeSpan.FromMinutes(1)));
        var wait = a.BorrowAsync(new LoanRequest(2) { Lender = b }, TimeSpan.FromSeconds(1)).AsTask();
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RefusalReason.ConsentRefused, (await wait.Within()).Refusal);
    }

    [Fact]
    public async Task AcquireAsync_MoreThanThoseWhoConsentCouldLend_IsRefusedAtOnce()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        options.Participants[1].Consent = LendingConsent.Never;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var lease = await pool["a"].AcquireAsync(11).Within();
        Assert.Equal("'a' can have at most 10, loans on demand included; 11 would wait for ever", lease.Explanation);
    }

    [Fact]
    public void RecallTokens_TellThoseWhoMustAct_AndNobodyElse()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var pool = new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)), new FakeTimeProvider(), meterFactory: meters);
        using var recalled = new MetricCollector<long>(meters, "ResourceBorrowing", "resource_borrowing.ru.recalled");
        var (a, b) = (pool["a"], pool["b"]);
        using var lease = a.TryAcquire(10);
        var (idle, used) = (a.TryBorrow(b, 2, TestPool.Term), a.TryBorrow(b, 2, TestPool.Term));
        Assert.Equal(2, idle.Recall());
        Assert.True(idle.RecallToken.IsCancellationRequested);
        Assert.False(lease.RecallToken.IsCancellationRequested, "its units were free");
        using var more = a.TryAcquire(2);
        used.Recall();
        Assert.True(lease.RecallToken.IsCancellationRequested);
        Assert.Equal([2, 2], recalled.GetMeasurementSnapshot().Select(static m => m.Value));
    }

    [Fact]
    public async Task RecallToken_OfALoanWhoseLenderLeaves_IsCancelled()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var token = a.TryBorrow(b, 2, TestPool.Term).RecallToken;
        var told = new TaskCompletionSource();
        token.Register(told.SetResult);
        _ = pool.RemoveAsync("b");
        await told.Task.Within();
    }

    [Fact]
    public void LoanOnDemand_WhoseUnitsAreInUse_GoesOnUntilTheLenderNeedsThem()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (a, b) = (pool["a"], pool["b"]);
        var first = a.TryAcquire(12);
        var second = a.TryAcquire(3);
        time.Advance(options.DefaultTerm * 5);
        Assert.Equal((15, 0, 0), (a.Allocation, a.Debt, a.Overdue));

        second.Dispose();
        time.Advance(options.DefaultTerm);
        Assert.Equal((12, 0, 1), (a.Allocation, a.Debt, pool.Snapshot().OpenLoans));

        var waiting = b.AcquireAsync(9);
        Assert.Equal((1, false), (a.Debt, waiting.IsCompleted));
        first.Dispose();
        Assert.True(waiting.IsCompleted);
        TestPool.AssertLaws(pool);
    }
}
