using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing.Tests;

public class ConsentTests
{
    [Fact]
    public void Never_LendsNothing()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].Consent = LendingConsent.Never);
        Assert.Equal((RefusalReason.ConsentRefused, "'b' does not consent to lend"), Words(a.TryBorrow(b, 1, TestPool.Term)));
        Assert.Equal(RefusalReason.NotEnoughToLend, a.TryBorrow(11, TestPool.Term).Refusal);
    }

    [Fact]
    public void Headroom_IsKept()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].Headroom = 7);
        Assert.Equal(3, b.Lendable);
        Assert.Equal(RefusalReason.LenderKeepsUnits, a.TryBorrow(b, 4, TestPool.Term).Refusal);
        Assert.True(a.TryBorrow(b, 3, TestPool.Term).IsGranted);
    }

    [Fact]
    public void IdleThreshold_BusyLender_LendsNothing()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].IdleThreshold = 0.5);
        using (b.TryAcquire(6)) Assert.Equal(RefusalReason.LenderKeepsUnits, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        using (b.TryAcquire(5)) Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
    }

    [Fact]
    public void MinimumIdleTime_CallersShortOfLate_LendsNothing()
    {
        var (_, a, b, time) = TestPool.Of30(static o => o.Participants[1].MinimumIdleTime = TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(b.TryAcquire(11).IsAcquired);
        Assert.Equal(RefusalReason.LenderKeepsUnits, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
    }

    [Fact]
    public void LongestTerm_IsTheLongest()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].LongestTerm = TimeSpan.FromSeconds(5));
        Assert.Equal(RefusalReason.TermTooLong, a.TryBorrow(b, 1, TimeSpan.FromSeconds(6)).Refusal);
        Assert.True(a.TryBorrow(b, 1, TimeSpan.FromSeconds(5)).IsGranted);
    }

    [Fact]
    public async Task Ask_TryBorrowIsTold_BorrowAsyncAsks()
    {
        Participant? asker = null;
        var answer = false;
        var (pool, a, b, _) = TestPool.Of30(o => o.Participants[1].AskBeforeLending((request, borrower, _) =>
        {
            asker = borrower;
            return new(answer && request.Units == 3);
        }));
        Assert.Equal(RefusalReason.ConsentRequired, a.TryBorrow(b, 3, TestPool.Term).Refusal);
        Assert.Equal(RefusalReason.ConsentRefused, (await a.BorrowAsync(new LoanRequest(3) { Lender = b }).Within()).Refusal);
        Assert.Same(a, asker);
        answer = true;
        using var loan = await a.BorrowAsync(new LoanRequest(3) { Lender = b }).Within();
        Assert.True(loan.IsGranted, loan.Explanation);
        Assert.Equal(10, pool.Reserve.Allocation);
    }

    [Fact]
    public async Task Ask_FromAnyone_IsAskedWhenTheOthersAreNotEnough()
    {
        var asked = 0;
        var (_, a, b, _) = TestPool.Of30(o => o.Participants[1].AskBeforeLending((_, _, _) => new(Interlocked.Increment(ref asked) > 0)));
        using (await a.BorrowAsync(new LoanRequest(10)).Within()) Assert.Equal(0, asked);
        using var loan = await a.BorrowAsync(new LoanRequest(13)).Within();
        Assert.True(loan.IsGranted, loan.Explanation);
        Assert.Equal((1, 3), (asked, b.Lent));
    }

    [Fact]
    public async Task Ask_WhoThrows_MeansNo()
    {
        var (pool, a, b, _) = TestPool.Of30(o => o.Participants[1].AskBeforeLending(static (_, _, _) => throw new InvalidOperationException("no idea")));
        Assert.Equal(RefusalReason.ConsentRefused, (await a.BorrowAsync(new LoanRequest(3) { Lender = b }).Within()).Refusal);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Ask_WhoDoesNotAnswer_MeansNo()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (pool, a, b, time) = TestPool.Of30(o => o.Participants[1].AskBeforeLending(async (_, _, stop) =>
        {
            stop.Register(late.SetResult);
            asked.SetResult();
            await new TaskCompletionSource<bool>().Task;
            return true;
        }, TimeSpan.FromSeconds(3)));
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b }).AsTask();
        await asked.Task.Within();
        while (!wait.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            await Task.Yield();
        }

        Assert.Equal(RefusalReason.ConsentRefused, (await wait).Refusal);
        await late.Task.Within();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Ask_WhoAnswersAfterTheCallersTimeout_MeansNo()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (pool, a, b, time) = TestPool.Of30(o => o.Participants[1].AskBeforeLending(async (_, _, _) =>
        {
            asked.SetResult();
            return await new TaskCompletionSource<bool>().Task;
        }, TimeSpan.FromDays(1)));
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b }, timeout: TimeSpan.FromSeconds(2)).AsTask();
        await asked.Task.Within();
        for (var second = 0; second < 3_600 && !wait.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(RefusalReason.ConsentRefused, (await wait.Within()).Refusal);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Ask_FromAnyone_WhoIsBusyIsAskedTooAndLendsLater()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].AskBeforeLending(static (_, _, _) => new(true)));
        var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(13)).AsTask();
        while (!b.Account.Cell.IsWanted) await Task.Yield();
        held.Dispose();
        Assert.True((await wait.Within()).IsGranted);
    }

    [Fact]
    public async Task Ask_WhoThrowsWhenNobodyWaitsAnyMore_IsLogged()
    {
        using var logs = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var asked = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource<bool>();
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[1].AskBeforeLending((_, _, late) =>
        {
            asked.SetResult(late);
            return new(answer.Task);
        });
        using var pool = new ResourcePool(options, loggerFactory: loggers);
        using var cancellation = new CancellationTokenSource();
        var wait = pool["a"].BorrowAsync(new LoanRequest(3) { Lender = pool["b"] }, cancellationToken: cancellation.Token);
        await asked.Task.Within();
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());

        answer.SetException(new DivideByZeroException());
        Assert.True(SpinWait.SpinUntil(() => logs.Collector.GetSnapshot().Any(static r => r.Exception is DivideByZeroException), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Ask_WithoutAnybodyToAsk_FailsAtStart()
    {
        var fault = Assert.Throws<OptionsValidationException>(() => TestPool.Of30(static o => o.Participants[0].Consent = LendingConsent.Ask));
        Assert.Contains("nobody is to be asked", fault.Message, StringComparison.Ordinal);
    }

    private static (RefusalReason, string) Words(Loan loan) => (loan.Refusal, loan.Explanation);
}
