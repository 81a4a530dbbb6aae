using System.Runtime.CompilerServices;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>Defects that other limiters have had.</summary>
public class LimiterTrapTests
{
    // Given back twice: not tested by the framework.
    [Fact]
    public void Lease_DisposedTwice_GivesItsPermitsBackOnce()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var limiter = new ParticipantConcurrencyLimiter(a);
        using var other = limiter.AttemptAcquire(4);
        var lease = limiter.AttemptAcquire(3);
        lease.Dispose();
        lease.Dispose();
        Assert.Equal((4, 6), (a.InUse, limiter.GetStatistics()!.CurrentAvailablePermits));
        Assert.Null(limiter.IdleDuration);
    }

    // An idle partition disposed while it is being used: dotnet/runtime#99865.
    [Fact]
    public void Limiter_DisposedWhileInUse_LosesNoPermit_AndItsSuccessorWorks()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var limiter = new ParticipantConcurrencyLimiter(a);
        var lease = limiter.AttemptAcquire(6);
        limiter.Dispose();
        using var successor = new ParticipantConcurrencyLimiter(a);
        Assert.False(successor.AttemptAcquire(5).IsAcquired, "six are still in use");
        lease.Dispose();
        using (var all = successor.AttemptAcquire(10)) Assert.True(all.IsAcquired);
        TestPool.AssertAtRest(pool);
    }

    // Limiters that nobody disposes, in hosts with many tenants: dotnet/aspnetcore#66434.
    [Fact]
    public void Limiter_NeverDisposed_IsNotKeptByThePool()
    {
        var (_, a, _, _) = TestPool.Of30();
        var limiters = Make(a);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.DoesNotContain(limiters, static l => l.TryGetTarget(out _));
        Assert.Equal(0, a.InUse);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference<ParticipantConcurrencyLimiter>[] Make(Participant a) => [.. Enumerable.Range(0, 100).Select(_ =>
        {
            var limiter = new ParticipantConcurrencyLimiter(a);
            limiter.AttemptAcquire().Dispose();
            return new WeakReference<ParticipantConcurrencyLimiter>(limiter);
        })];
    }

    // A waiter that gave up is handed the permit all the same, and capacity leaks away.
    [Fact]
    public async Task Waiters_ThatGiveUpAroundARelease_LeakNoPermit()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var limiter = new ParticipantConcurrencyLimiter(a);
        for (var i = 0; i < 100; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var held = limiter.AttemptAcquire(10);
            var wait = limiter.AcquireAsync(1 + i % 10, cancellation.Token).AsTask();
            if (i % 2 == 0) cancellation.Cancel();
            held.Dispose();
            if (i % 2 != 0) cancellation.Cancel();
            try
            {
                (await wait.Within()).Dispose();
                Assert.NotEqual(0, i % 2);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(0, i % 2);
            }

            Assert.Equal(10, a.Available);
        }

        TestPool.AssertAtRest(pool);
    }

    // One lock for each request: dotnet/runtime#126301.
    [Fact]
    public void Limiter_WhileEveryLockOfThePoolIsHeld_AcquiresAndReleases()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var limiter = new ParticipantConcurrencyLimiter(a);
        pool.Book.Audit((ref _) =>
        {
            var caller = new Thread(() =>
            {
                for (var i = 0; i < 100; i++) limiter.AttemptAcquire(15).Dispose();
            })
            { IsBackground = true };
            caller.Start();
            Assert.True(caller.Join(TimeSpan.FromSeconds(30)), "a caller waited for a lock");
        });
        Assert.Equal(100, limiter.GetStatistics()!.TotalSuccessfulLeases);
    }
}
