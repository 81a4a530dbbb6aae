using System.Threading.RateLimiting;

namespace ResourceBorrowing.Tests;

public class QueueTests
{
    [Fact]
    public async Task AcquireAsync_FreeUnits_CompletesAtOnce()
    {
        var (_, a, _, _) = TestPool.Of30();
        var wait = a.AcquireAsync(10);
        Assert.True(wait.IsCompletedSuccessfully);
        Assert.True((await wait).IsAcquired);
    }

    [Fact]
    public async Task AcquireAsync_OldestFirst_IsServedInOrderAndNotPassed()
    {
        var (_, a, _, _) = TestPool.Of30();
        var held = a.TryAcquire(10);
        var large = a.AcquireAsync(8);
        var small = a.AcquireAsync(1);
        Assert.Equal(9, a.Waiting);

        held.Dispose();
        using var first = await large.Within();
        using var second = await small.Within();
        Assert.Equal((9, 0), (a.InUse, a.Waiting));
    }

    [Fact]
    public async Task AcquireAsync_LargeRequestAtTheFront_IsNotStarvedBySmallOnes()
    {
        var (_, a, _, _) = TestPool.Of30();
        var leases = Enumerable.Range(0, 10).Select(_ => a.TryAcquire()).ToArray();
        var large = a.AcquireAsync(10);
        foreach (var lease in leases)
        {
            Assert.False(large.IsCompleted);
            Assert.False(a.TryAcquire().IsAcquired);
            lease.Dispose();
        }

        Assert.True((await large.Within()).IsAcquired);
    }

    [Fact]
    public async Task AcquireAsync_NewestFirst_PassesTheQueue()
    {
        var (_, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueOrder = QueueProcessingOrder.NewestFirst);
        var held = a.TryAcquire(8);
        var oldest = a.AcquireAsync(5);
        Assert.True(a.TryAcquire().IsAcquired); // fits, and may pass
        var newest = a.AcquireAsync(6);
        held.Dispose();
        Assert.True((await newest.Within()).IsAcquired);
        Assert.False(oldest.IsCompleted);
    }

    [Fact]
    public async Task AcquireAsync_FullQueue_IsRefusedWithReason()
    {
        var (_, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 4);
        var held = a.TryAcquire(10);
        var waiting = a.AcquireAsync(3);
        var refused = await a.AcquireAsync(2).Within();
        Assert.Equal(RefusalReason.QueueFull, refused.Refusal);
        Assert.Contains("queue of 'a'", refused.Explanation, StringComparison.Ordinal);
        held.Dispose();
        Assert.True((await waiting.Within()).IsAcquired);
    }

    [Fact]
    public async Task AcquireAsync_FullQueueNewestFirst_EvictsAsManyAsNeeded()
    {
        var (_, a, _, _) = TestPool.Of30(static o =>
        {
            o.Participants[0].QueueOrder = QueueProcessingOrder.NewestFirst;
            o.Participants[0].QueueLimit = 5;
        });
        using var held = a.TryAcquire(10);
        var waits = Enumerable.Range(0, 5).Select(_ => a.AcquireAsync()).ToArray();
        var newest = a.AcquireAsync(2);
        Assert.Equal([true, true, false, false, false], waits.Select(static w => w.IsCompleted));
        Assert.Equal(RefusalReason.QueueFull, (await waits[0].Within()).Refusal);
        Assert.Equal(5, a.Waiting);
        Assert.Equal(RefusalReason.QueueFull, (await a.AcquireAsync(6).Within()).Refusal);
        Assert.False(newest.IsCompleted);
    }

    [Fact]
    public async Task AcquireAsync_Cancelled_ThrowsAndFreesItsPlace()
    {
        var (pool, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 5);
        var held = a.TryAcquire(10);
        using var source = new CancellationTokenSource();
        var cancelled = a.AcquireAsync(5, source.Token);
        Assert.Equal(RefusalReason.QueueFull, (await a.AcquireAsync().Within()).Refusal);

        await source.CancelAsync();
        Assert.Equal(0, a.Waiting);
        var exception = await Assert.ThrowsAsync<OperationCanceledException>(async () => await cancelled);
        Assert.Equal(source.Token, exception.CancellationToken);

        var next = a.AcquireAsync(5);
        held.Dispose();
        (await next.Within()).Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task AcquireAsync_FrontCancelled_ServesWhoFitsBehindIt()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(5);
        using var source = new CancellationTokenSource();
        var large = a.AcquireAsync(8, source.Token);
        var small = a.AcquireAsync(5);
        Assert.False(small.IsCompleted);
        await source.CancelAsync();
        Assert.True((await small.Within()).IsAcquired);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await large);
    }

    [Fact]
    public async Task AcquireAsync_CancelledBefore_TakesNothing()
    {
        var (_, a, _, _) = TestPool.Of30();
        await Assert.ThrowsAsync<TaskCanceledException>(async () => await a.AcquireAsync(1, new CancellationToken(true)));
        Assert.Equal(0, a.InUse);
    }

    [Fact]
    public async Task AcquireAsync_AboveQuotaAndAllocation_IsRefusedAtOnce()
    {
        var (_, a, _, _) = TestPool.Of30();
        var lease = await a.AcquireAsync(11).Within();
        Assert.Equal(RefusalReason.ExceedsAllocation, lease.Refusal);
    }

    [Fact]
    public async Task AcquireAsync_LoanThatMadeItPossibleEnds_IsRefused()
    {
        var (_, a, b, time) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var held = a.TryAcquire(1);
        var wait = a.AcquireAsync(15);
        Assert.False(wait.IsCompleted);
        time.Advance(TestPool.Term);
        Assert.Equal(RefusalReason.ExceedsAllocation, (await wait.Within()).Refusal);
    }

    [Fact]
    public async Task PoolDispose_FailsWaiters()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(10);
        var wait = a.AcquireAsync();
        await pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await wait);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await a.AcquireAsync());
    }

    [Fact]
    public async Task AcquireAsync_ResultTakenBeforeItIsThere_ThrowsAndLosesNothing()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var held = a.TryAcquire(10);
        var wait = a.AcquireAsync();
#pragma warning disable CA2012 // misuse is what is tested
        Assert.Throws<InvalidOperationException>(() => wait.GetAwaiter().GetResult());
#pragma warning restore CA2012
        held.Dispose();
        (await wait.Within()).Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task AcquireAsync_ContextThatThrows_LosesNoWaiterAndNoUnit()
    {
        var (_, a, _, _) = TestPool.Of30();
        var held = a.TryAcquire(10);
        var previous = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new ThrowingContext());
        var doomed = Await(a.AcquireAsync(2));
        SynchronizationContext.SetSynchronizationContext(previous);
        var next = a.AcquireAsync(2);

        // The continuation comes by the thread pool instead, so its units are not lost either.
        held.Dispose();
        Assert.True((await next.Within()).IsAcquired);
        Assert.True((await doomed.Within()).IsAcquired);

        static async Task<ResourceLease> Await(ValueTask<ResourceLease> wait) => await wait;
    }

    private sealed class ThrowingContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => throw new InvalidOperationException("no");
    }
}
