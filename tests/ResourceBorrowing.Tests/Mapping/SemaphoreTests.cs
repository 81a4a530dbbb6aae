using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Mapping;

[Collection(RealThreads.Name)]
public class SemaphoreTests
{
    [Fact]
    public async Task Permits_WhileHeld_FollowTheAllocation()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        for (var i = 0; i < 10; i++) Assert.True(semaphore.Wait(0));
        Assert.False(semaphore.Wait(0));
        var waits = Enumerable.Range(0, 4).Select(_ => semaphore.WaitAsync()).ToArray();
        using (var loan = a.TryBorrow(b, 4, TestPool.Term))
        {
            await Task.WhenAll(waits).Within();
            Assert.Equal((14, 14, 0), (a.Allocation, a.InUse, semaphore.CurrentCount));
        }

        // The loan has ended: the next units released are the lender's.
        semaphore.Release(4);
        Assert.Equal((10, 10, 0, 10), (a.Allocation, a.InUse, semaphore.CurrentCount, b.Allocation));
        semaphore.Release(10);
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release());
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Release_OfMoreThanAreHeld_ChangesNothing()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        using var direct = a.TryAcquire(5);
        semaphore.Wait();
        semaphore.Wait();
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release(3));
        Assert.Equal((7, 3), (a.InUse, semaphore.CurrentCount));
        Assert.Equal(3, semaphore.Release(2));
        Assert.Equal(5, a.InUse);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wait_WhoseTimeIsOver_AnswersFalseAndNotEarlier(bool blocks)
    {
        var (pool, a, _, time) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        using var all = a.TryAcquire(10);
        var limit = TimeSpan.FromSeconds(3);
        var wait = blocks ? Task.Factory.StartNew(() => semaphore.Wait(limit), TaskCreationOptions.LongRunning) : semaphore.WaitAsync(limit);
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 1, TimeSpan.FromSeconds(30)));
        time.Advance(limit - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, a.Waiting);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await wait.Within());
        Assert.Equal(0, a.Waiting);
        all.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Release_WhileAThreadIsBlocked_HasHandedItThePermitWhenItReturns()
    {
        // No thread of the thread pool stands between the two: it may have none to spare.
        var (_, a, _, _) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        for (var i = 0; i < 10; i++) semaphore.Wait();
        for (var round = 0; round < 200; round++)
        {
            var thread = new Thread(semaphore.Wait) { IsBackground = true };
            thread.Start();
            Assert.True(SpinWait.SpinUntil(() => a.Waiting == 1 && thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30)));
            Assert.Equal(0, semaphore.Release());
            Assert.Equal((0, 10), (a.Waiting, a.InUse));
            Assert.Equal(0, semaphore.Release(10));
            for (var i = 0; i < 10; i++) semaphore.Wait();
            Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
        }
    }

    [Fact]
    public void TimeLimitAgainstRelease_AtOnce_LosesNoUnit() => RaceAgainstRelease(static (_, time) => time.Advance(TimeSpan.FromSeconds(1)));

    [Fact]
    public void CancellationAgainstRelease_AtOnce_LosesNoUnit() => RaceAgainstRelease(static (source, _) => source.Cancel());

    [Fact]
    public async Task Refusal_IsFalseWithATimeLimit_AndAnExceptionThatSaysWhyWithout()
    {
        var (pool, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 0);
        using var semaphore = new ParticipantSemaphore(a);
        using var all = a.TryAcquire(10);
        Assert.False(semaphore.Wait(1000));
        Assert.False(await semaphore.WaitAsync(1000).Within());
        Assert.Contains("queue", Assert.Throws<InvalidOperationException>(semaphore.Wait).Message, StringComparison.Ordinal);
        Assert.Contains("queue", (await Assert.ThrowsAsync<InvalidOperationException>(() => semaphore.WaitAsync())).Message, StringComparison.Ordinal);

        var removal = pool.RemoveAsync("a");
        Assert.Contains("leaving", Assert.Throws<InvalidOperationException>(() => semaphore.Wait(1000)).Message, StringComparison.Ordinal);
        Assert.Contains("leaving", Assert.Throws<InvalidOperationException>(() => semaphore.Wait(0)).Message, StringComparison.Ordinal);
        all.Dispose();
        await removal.Within();
    }

    [Fact]
    public async Task PoolDispose_EndsWaits_AndRefusesNewOnes()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        using var all = a.TryAcquire(10);
        var wait = semaphore.WaitAsync();
        pool.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
        Assert.Throws<ObjectDisposedException>(semaphore.Wait);
        Assert.Throws<ObjectDisposedException>(() => semaphore.Wait(0));
    }

    [Fact]
    public async Task Dispose_WhileSomeWaitAndHold_EndsTheWaitsAndLosesNoUnit()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var semaphore = new ParticipantSemaphore(a);
        semaphore.Wait();
        var all = a.TryAcquire(9);
        var wait = semaphore.WaitAsync();
        var timed = semaphore.WaitAsync(TimeSpan.FromHours(1));
        var blocked = Task.Factory.StartNew(semaphore.Wait, TaskCreationOptions.LongRunning);
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 3, TimeSpan.FromSeconds(30)));
        var direct = a.AcquireAsync();
        semaphore.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => timed.Within());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocked.Within());
        Assert.Equal(10, a.InUse);
        Assert.Throws<ObjectDisposedException>(() => semaphore.Release());
        (await direct.Within()).Dispose();
        all.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Storm_OfWaitersAndLoans_NeverHasMoreInsideThanUnits_AndEndsAtRest()
    {
        const int Callers = 6;
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 1000);
        using var semaphore = new ParticipantSemaphore(a);
        using var held = a.TryAcquire(8);
        var (inside, most, seed) = (0, 0, Random.Shared.Next());
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Factory.StartNew(() =>
        {
            var random = new Random(seed + caller);
            for (var i = 0; i < 3_000; i++)
            {
                using var source = new CancellationTokenSource();
                var kind = random.Next(4);
                if (kind == 0) semaphore.Wait();
                else if (kind == 1) semaphore.WaitAsync().Wait();
                else if (kind == 2 && !semaphore.Wait(0)) continue;
                else if (kind == 3 && !IsEntered(source)) continue;
                var now = Interlocked.Increment(ref inside);
                for (var seen = most; now > seen; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, now, seen);
                Interlocked.Decrement(ref inside);
                semaphore.Release();
            }
        }, TaskCreationOptions.LongRunning)).ToArray();
        var all = Task.WhenAll(callers);
        while (!all.IsCompleted)
        {
            using var loan = a.TryBorrow(b, 1, TestPool.Term);
            Assert.InRange(a.InUse, 8, 11);
        }

        await all.Within();
        Assert.InRange(most, 1, 3);
        held.Dispose();
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release());
        TestPool.AssertAtRest(pool);

        bool IsEntered(CancellationTokenSource source)
        {
            var wait = semaphore.WaitAsync(TimeSpan.FromHours(1), source.Token);
            source.Cancel();
            try
            {
                return wait.GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    private static void RaceAgainstRelease(Action<CancellationTokenSource, FakeTimeProvider> end)
    {
        var (pool, a, _, time) = TestPool.Of30();
        using var semaphore = new ParticipantSemaphore(a);
        using var rest = a.TryAcquire(9);
        Task<bool>? wait = null;
        CancellationTokenSource? source = null;
        var (won, lost, headStart) = (0, 0, 0);
        Race.Run(
            3_000,
            () =>
            {
                semaphore.Wait();
                source = new CancellationTokenSource();
                wait = semaphore.WaitAsync(TimeSpan.FromSeconds(1), source.Token);
            },
            () =>
            {
                Assert.True(SpinWait.SpinUntil(() => wait!.IsCompleted, TimeSpan.FromSeconds(30)));
                var isEntered = wait!.IsCompletedSuccessfully && wait.Result;
                Assert.Equal(isEntered ? 10 : 9, a.InUse);
                if (isEntered) semaphore.Release();
                if (isEntered) won++; else lost++;
                // Whoever came first comes later next time, so that they meet.
                headStart = Math.Max(0, headStart + (isEntered ? 20 : -20));
                Assert.Throws<SemaphoreFullException>(() => semaphore.Release());
            },
            () =>
            {
                Thread.SpinWait(headStart);
                semaphore.Release();
            },
            () => end(source!, time));
        Assert.True(won > 0 && lost > 0, $"won {won}, lost {lost}: the two never met");
        rest.Dispose();
        TestPool.AssertAtRest(pool);
    }
}
