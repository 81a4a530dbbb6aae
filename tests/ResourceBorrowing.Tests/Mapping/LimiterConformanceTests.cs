using System.Threading.RateLimiting;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>The same script on the framework's limiter and on ours gives the same answers.</summary>
public class LimiterConformanceTests
{
    [Property(MaxTest = 300, Arbitrary = [typeof(Scripts)])]
    public void AnyScript_OnBothLimiters_GivesTheSameAnswers(ScriptStep[] script, bool newestFirst)
    {
        var order = newestFirst ? QueueProcessingOrder.NewestFirst : QueueProcessingOrder.OldestFirst;
        using var pool = Pool(order);
        using var theirs = Limiter(ours: false, pool, order);
        using var ours = Limiter(ours: true, pool, order);
        var expected = Run(theirs, script);
        var actual = Run(ours, script);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_Limiter_CompletesItsWaitersAsFailedLeases(bool ours)
    {
        using var pool = Pool(QueueProcessingOrder.OldestFirst);
        var limiter = Limiter(ours, pool, QueueProcessingOrder.OldestFirst);
        var held = limiter.AttemptAcquire(5);
        var wait = limiter.AcquireAsync(2);
        var direct = pool["a"].AcquireAsync(2);
        await limiter.DisposeAsync();
        Assert.False((await wait.AsTask().Within()).IsAcquired);
        Assert.Throws<ObjectDisposedException>(() => limiter.AttemptAcquire());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await limiter.AcquireAsync());
        held.Dispose();
        held.Dispose();

        // Who waits at the participant itself is nobody's business.
        Assert.True((await direct.Within()).IsAcquired);
    }

    [Fact]
    public async Task PoolDispose_LimiterWaiters_GetFailedLeases()
    {
        var pool = Pool(QueueProcessingOrder.OldestFirst);
        using var limiter = new ParticipantConcurrencyLimiter(pool["a"]);
        using var held = limiter.AttemptAcquire(5);
        var wait = limiter.AcquireAsync(2);
        pool.Dispose();
        var lease = await wait.AsTask().Within();
        Assert.False(lease.IsAcquired);
        Assert.True(lease.TryGetMetadata(MetadataName.ReasonPhrase, out var reason));
        Assert.Contains("disposed", reason, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => limiter.AttemptAcquire());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AcquireAsync_OfNone_WaitsUntilAnyIsThereAndTakesNothing(bool ours)
    {
        using var pool = Pool(QueueProcessingOrder.OldestFirst);
        using var limiter = Limiter(ours, pool, QueueProcessingOrder.OldestFirst);
        Assert.True((await limiter.AcquireAsync(0)).IsAcquired);
        var held = limiter.AttemptAcquire(5);
        Assert.False(limiter.AttemptAcquire(0).IsAcquired);
        var wait = limiter.AcquireAsync(0);
        Assert.False(wait.IsCompleted);
        Assert.Equal(0, limiter.GetStatistics()!.CurrentQueuedCount);
        held.Dispose();
        Assert.True((await wait.AsTask().Within()).IsAcquired);
        Assert.Equal(5, limiter.GetStatistics()!.CurrentAvailablePermits);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AcquireAsync_Cancelled_FreesItsPlace(bool ours)
    {
        using var pool = Pool(QueueProcessingOrder.OldestFirst);
        using var limiter = Limiter(ours, pool, QueueProcessingOrder.OldestFirst);
        using var held = limiter.AttemptAcquire(5);
        using var source = new CancellationTokenSource();
        var wait = limiter.AcquireAsync(5, source.Token).AsTask();
        await source.CancelAsync();
        Assert.Equal(0, limiter.GetStatistics()!.CurrentQueuedCount);
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
        Assert.Equal(source.Token, exception.CancellationToken);
    }

    [Fact]
    public void IdleDuration_WhileHeld_IsNull()
    {
        using var pool = Pool(QueueProcessingOrder.OldestFirst);
        using var limiter = new ParticipantConcurrencyLimiter(pool["a"]);
        Assert.NotNull(limiter.IdleDuration);
        using (limiter.AttemptAcquire()) Assert.Null(limiter.IdleDuration);
        Assert.NotNull(limiter.IdleDuration);
        Assert.NotSame(limiter.GetStatistics(), limiter.GetStatistics());
    }

    [Fact]
    public void Limit_FollowsTheAllocation()
    {
        var (_, a, b, _) = TestPool.Of30();
        using var limiter = new ParticipantConcurrencyLimiter(a);
        using var held = limiter.AttemptAcquire(10);
        Assert.False(limiter.AttemptAcquire().IsAcquired);
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var more = limiter.AttemptAcquire(5);
        Assert.True(more.IsAcquired);
        Assert.Throws<ArgumentOutOfRangeException>("permitCount", () => limiter.AttemptAcquire(31));
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.AttemptAcquire(-1));
    }

    public sealed record ScriptStep(int Kind, int Permits, int Place);

    public static class Scripts
    {
        // Without cancellation, after which we serve whom the framework leaves waiting, and without queued requests for
        // none, which the framework counts as served by whatever release comes next.
        public static Arbitrary<ScriptStep[]> Steps() =>
            (from kind in Gen.Choose(0, 2)
             from permits in Gen.Choose(kind == 1 ? 1 : 0, 7)
             from place in Gen.Choose(0, 9)
             select new ScriptStep(kind, permits, place)).ArrayOf().ToArbitrary();
    }

    // Lending and borrowing are off, so the ceiling is the nominal quota: the framework's permit limit.
    private static ResourcePool Pool(QueueProcessingOrder order)
    {
        var options = new ResourcePoolOptions { Capacity = 5 }.AddParticipant("a", 5, p =>
        {
            p.QueueLimit = 6;
            p.QueueOrder = order;
            p.LendingLimit = p.BorrowingLimit = 0;
        });
        return new ResourcePool(options);
    }

    private static RateLimiter Limiter(bool ours, ResourcePool pool, QueueProcessingOrder order) => ours
        ? new ParticipantConcurrencyLimiter(pool["a"])
        : new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 5, QueueLimit = 6, QueueProcessingOrder = order });

    private static List<string> Run(RateLimiter limiter, ScriptStep[] script)
    {
        var answers = new List<string>();
        var leases = new List<RateLimitLease>();
        var waits = new List<(Task<RateLimitLease> Task, int Permits)>();
        foreach (var step in script)
        {
            try
            {
                switch (step.Kind)
                {
                    case 0:
                        Take(limiter.AttemptAcquire(step.Permits));
                        break;
                    case 1:
                        waits.Add((limiter.AcquireAsync(step.Permits).AsTask(), step.Permits));
                        break;
                    case 2 when leases.Count > 0:
                        leases[step.Place % leases.Count].Dispose();
                        break;
                }
            }
            catch (ArgumentOutOfRangeException exception)
            {
                answers.Add($"throws {exception.ParamName}");
            }

            // What was decided travels over the thread pool; what is still queued the limiter tells at once.
            Assert.True(SpinWait.SpinUntil(() => Pending() == limiter.GetStatistics()!.CurrentQueuedCount, TimeSpan.FromSeconds(30)));
            foreach (var wait in waits.Where(static w => w.Task.IsCompleted).ToArray())
            {
                Take(wait.Task.GetAwaiter().GetResult());
                waits.Remove(wait);
            }

            var statistics = limiter.GetStatistics()!;
            answers.Add($"available {statistics.CurrentAvailablePermits} queued {statistics.CurrentQueuedCount} " +
                $"successful {statistics.TotalSuccessfulLeases} failed {statistics.TotalFailedLeases} idle {limiter.IdleDuration is not null}");
        }

        return answers;

        long Pending() => waits.Where(static w => !w.Task.IsCompleted).Sum(static w => (long)w.Permits);

        void Take(RateLimitLease lease)
        {
            answers.Add($"acquired {lease.IsAcquired}");
            if (lease.IsAcquired) leases.Add(lease);
        }
    }
}
