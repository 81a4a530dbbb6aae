using FsCheck.Xunit;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Mapping;

[Collection(RealThreads.Name)]
public class BoundedWorkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Concurrency_FollowsTheAllocation()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var gate = new SemaphoreSlim(0);
        await using var work = new BoundedWork<int>(a, async (_, _, stop) => await gate.WaitAsync(stop));
        for (var i = 0; i < 30; i++) await work.Writer.WriteAsync(i);
        work.Writer.Complete();
        Await(() => a is { InUse: 10, Waiting: 1 });
        using (var loan = a.TryBorrow(b, 4, TestPool.Term))
        {
            Assert.True(loan.IsGranted);
            Await(() => a.InUse == 14);
        }

        Assert.Equal(4, a.Debt);
        gate.Release(30);
        await work.Completion.Within();
        Assert.Empty(await work.StopAsync().Within());
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Items_OnOneUnit_StartInTheOrderOfWriting()
    {
        var (_, a, _, _) = TestPool.Of30();
        var seen = new List<int>();
        await using var work = new BoundedWork<int>(a, async (item, _, _) =>
        {
            seen.Add(item);
            await Task.Yield();
        }, new() { UnitsPerItem = 10 });
        for (var i = 0; i < 500; i++) await work.Writer.WriteAsync(i);
        work.Writer.Complete();
        await work.Completion.Within();
        Assert.Equal(Enumerable.Range(0, 500), seen);
    }

    [Fact]
    public async Task LargeItem_IsNotPassedBySmallOnesBehindIt()
    {
        var (_, a, _, _) = TestPool.Of30();
        var started = new List<int>();
        var gate = new SemaphoreSlim(0);
        await using var work = new BoundedWork<int>(a, async (cost, _, stop) =>
        {
            lock (started) started.Add(cost);
            await gate.WaitAsync(stop);
        }, new() { Cost = static cost => cost });
        foreach (var cost in (int[])[7, 8, 1, 2]) await work.Writer.WriteAsync(cost);
        Await(() => a.Waiting == 8 && Started() == 1);
        lock (started) Assert.Equal([7], started);
        gate.Release();
        Await(() => a is { InUse: 9, Waiting: 2 });
        gate.Release(3);
        work.Writer.Complete();
        await work.Completion.Within();

        int Started()
        {
            lock (started) return started.Count;
        }
    }

    [Fact]
    public async Task Item_ThatFails_IsToldWithItsReason_AndTheOthersGoOn()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var failed = new List<(int Item, string Why)>();
        var handled = 0;
        await using var work = new BoundedWork<int>(
            a,
            (item, _, _) => item % 3 == 0 ? throw new InvalidOperationException("broken") : new(Task.FromResult(Interlocked.Increment(ref handled))),
            new()
            {
                Cost = static item => item == 7 ? throw new FormatException("no cost") : item == 8 ? 31 : item == 10 ? 0 : item == 11 ? 25 : 1,
                OnFailed = (item, exception) =>
                {
                    lock (failed) failed.Add((item, exception.Message));
                    throw new NotSupportedException("broken, too");
                },
            });
        for (var i = 0; i < 30; i++) await work.Writer.WriteAsync(i);
        work.Writer.Complete();
        await work.Completion.Within();
        Assert.Equal([0, 3, 6, 7, 8, 9, 10, 11, 12, 15, 18, 21, 24, 27], failed.Select(static f => f.Item).Order());
        Assert.Equal(30 - 14, handled);
        Assert.Contains("no cost", failed.Single(static f => f.Item == 7).Why, StringComparison.Ordinal);
        Assert.Contains("ceiling", failed.Single(static f => f.Item == 8).Why, StringComparison.Ordinal);
        Assert.Contains("at most", failed.Single(static f => f.Item == 11).Why, StringComparison.Ordinal);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Stop_HandsBackWhatWasNotHandled_InOrder()
    {
        var (pool, a, _, _) = TestPool.Of30();
        await using var work = new BoundedWork<int>(a, static (item, _, stop) => item == 3 ? default : new(Task.Delay(Timeout.Infinite, stop)), new() { UnitsPerItem = 2, Capacity = 4 });
        for (var i = 0; i < 11; i++) await work.Writer.WriteAsync(i);
        Await(() => a is { InUse: 10, Waiting: 2 });
        Assert.False(work.Writer.TryWrite(11), "four wait in the channel, and one at the participant");
        var blocked = work.Writer.WriteAsync(12);
        Assert.Equal([0, 1, 2, 4, 5, 6, 7, 8, 9, 10], await work.StopAsync().Within());
        await Assert.ThrowsAsync<System.Threading.Channels.ChannelClosedException>(() => blocked.AsTask().Within());
        Assert.True(work.Completion.IsCanceled);
        Assert.Equal(10, (await work.StopAsync().Within()).Count);
        TestPool.AssertAtRest(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Participant_ThatIsGone_EndsTheWork_AndNothingIsLost(bool poolIsDisposed)
    {
        var (pool, a, _, _) = TestPool.Of30();
        var gate = new SemaphoreSlim(0);
        var handled = 0;
        await using var work = new BoundedWork<int>(a, async (_, _, stop) =>
        {
            await gate.WaitAsync(stop);
            Interlocked.Increment(ref handled);
        });
        for (var i = 0; i < 20; i++) await work.Writer.WriteAsync(i);
        Await(() => a is { InUse: 10, Waiting: 1 });
        var removal = poolIsDisposed ? Task.CompletedTask : pool.RemoveAsync("a");
        if (poolIsDisposed) pool.Dispose();
        Await(() => a.Waiting == 0);
        gate.Release(10);
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => work.Completion.Within());
        Assert.Equal(10, handled);
        Assert.Equal(Enumerable.Range(10, 10), await work.StopAsync().Within());
        await removal.Within();
    }

    [Fact]
    public async Task Handler_IsToldThatUnitsAreWantedBack_AndMayGiveThemBackEarly()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var rest = a.TryAcquire(10);
        using var loan = a.TryBorrow(b, 2, TestPool.Term);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var work = new BoundedWork<int>(a, async (_, lease, _) =>
        {
            using var told = lease.RecallToken.Register(lease.Dispose);
            await go.Task;
        });
        await work.Writer.WriteAsync(0);
        await work.Writer.WriteAsync(1);
        Await(() => a.InUse == 12);
        Assert.Equal(2, b.Recall(2));
        Await(() => b.Allocation == 10);
        go.SetResult();
        work.Writer.Complete();
        await work.Completion.Within();
        rest.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task FullQueueOfTheParticipant_IsAskedAgain()
    {
        var (_, a, _, time) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 0);
        var rest = a.TryAcquire(10);
        await using var work = new BoundedWork<int>(a, static (_, _, _) => default);
        await work.Writer.WriteAsync(1);
        work.Writer.Complete();
        rest.Dispose();
        Await(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return work.Completion.IsCompletedSuccessfully;
        });
    }

    [Property(MaxTest = 60)]
    public void Items_WhateverHappens_AreHandledOnceOrFailedOrHandedBack(byte[] items, byte stopsAfter, bool completes)
    {
        var (pool, a, b, _) = TestPool.Of30();
        var (handled, failed) = (new List<int>(), new List<int>());
        var written = 0;
        var work = new BoundedWork<int>(
            a,
            async (item, _, stop) =>
            {
                if (items[item] % 4 == 0) throw new InvalidOperationException("broken");
                if (items[item] % 4 == 1) await Task.Yield();
                stop.ThrowIfCancellationRequested();
                lock (handled) handled.Add(item);
            },
            new()
            {
                Capacity = 3,
                Cost = item => 1 + items[item] % 12,
                OnFailed = (item, _) =>
                {
                    lock (failed) failed.Add(item);
                    return default;
                },
            });
        for (; written < items.Length && written < stopsAfter; written++)
        {
            work.Writer.WriteAsync(written).AsTask().Within().GetAwaiter().GetResult();
            if (written % 7 == 0) a.TryBorrow(b, 2, TestPool.Term).Dispose();
        }

        if (completes) work.Writer.Complete();
        if (completes) work.Completion.Within().GetAwaiter().GetResult();
        var back = work.StopAsync().Within().GetAwaiter().GetResult();
        Assert.Equal(back.Order(), back);
        if (completes) Assert.Empty(back);
        Assert.Equal(Enumerable.Range(0, written), handled.Concat(failed).Concat(back).Order());
        TestPool.AssertAtRest(pool);
    }

    private static void Await(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));
}
