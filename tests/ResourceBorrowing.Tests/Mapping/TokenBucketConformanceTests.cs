using System.Threading.RateLimiting;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>The same script on the framework's token bucket and on ours gives the same answers, while no time passes; what flows in is <see cref="RateBucketTests"/>' business.</summary>
public class TokenBucketConformanceTests
{
    private const int Limit = 8;

    [Property(MaxTest = 300, Arbitrary = [typeof(Scripts)])]
    public void AnyScript_OnBothLimiters_GivesTheSameAnswers(LimiterConformanceTests.ScriptStep[] script, bool newestFirst)
    {
        var order = newestFirst ? QueueProcessingOrder.NewestFirst : QueueProcessingOrder.OldestFirst;
        using var pool = Pool();
        using var theirs = Theirs(order);
        using var ours = Ours(pool, order);
        Assert.Equal(Run(theirs, script), Run(ours, script));
    }

    [Fact]
    public async Task Dispose_Limiter_CompletesItsWaitersAsFailedLeases()
    {
        using var pool = Pool();
        foreach (RateLimiter limiter in (RateLimiter[])[Theirs(QueueProcessingOrder.OldestFirst), Ours(pool, QueueProcessingOrder.OldestFirst)])
        {
            Assert.True(limiter.AttemptAcquire(Limit).IsAcquired);
            var wait = limiter.AcquireAsync(2);
            await limiter.DisposeAsync();
            Assert.False((await wait.AsTask().Within()).IsAcquired);
            Assert.Throws<ObjectDisposedException>(() => limiter.AttemptAcquire());
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await limiter.AcquireAsync());
        }

        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task AcquireAsync_Cancelled_FreesItsPlace()
    {
        using var pool = Pool();
        foreach (RateLimiter limiter in (RateLimiter[])[Theirs(QueueProcessingOrder.OldestFirst), Ours(pool, QueueProcessingOrder.OldestFirst)])
        {
            Assert.True(limiter.AttemptAcquire(Limit).IsAcquired);
            using var source = new CancellationTokenSource();
            var wait = limiter.AcquireAsync(6, source.Token).AsTask();
            await source.CancelAsync();
            var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
            Assert.Equal((0L, source.Token), (limiter.GetStatistics()!.CurrentQueuedCount, exception.CancellationToken));
            await limiter.DisposeAsync();
        }
    }

    [Fact]
    public void Refusal_SaysWhyAndWhenToComeAgain()
    {
        using var pool = Pool();
        using var limiter = Ours(pool, QueueProcessingOrder.OldestFirst);
        Assert.True(limiter.AttemptAcquire(Limit).IsAcquired);
        using var lease = limiter.AttemptAcquire(4);
        Assert.True(lease.TryGetMetadata(MetadataName.RetryAfter, out var after));
        Assert.Equal(TimeSpan.FromSeconds(0.5), after);
        Assert.True(lease.TryGetMetadata(MetadataName.ReasonPhrase, out var reason));
        Assert.Equal("'a' has 0 tokens, 4 asked for.", reason);
        Assert.Equal(["REASON_PHRASE", "RETRY_AFTER"], lease.MetadataNames);
        Assert.Null(limiter.IdleDuration);
    }

    [Fact]
    public void Settle_WithWhatItDidCost_OwesTokensOrHasThemBack_AndNeverUnits()
    {
        var time = new FakeTimeProvider();
        using var pool = Pool(time);
        using var limiter = Ours(pool, QueueProcessingOrder.OldestFirst);
        using var lease = limiter.AttemptAcquire(2);
        limiter.Settle(lease, 7);
        Assert.Equal(1, limiter.GetStatistics()!.CurrentAvailablePermits);
        Assert.True(lease.TryGetMetadata(ParticipantTokenBucketLimiter.Cost, out var cost));
        Assert.Equal(7, cost);
        limiter.Settle(lease, 3);
        Assert.Equal(5, limiter.GetStatistics()!.CurrentAvailablePermits);
        limiter.Settle(lease, 24);
        Assert.False(limiter.AttemptAcquire().IsAcquired);
        Assert.Equal((4, 0), (pool["a"].InUse, pool["a"].Debt));
        // 16 are owed, and 8 flow in each second.
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(limiter.AttemptAcquire().IsAcquired);
        time.Advance(TimeSpan.FromSeconds(0.125));
        Assert.True(limiter.AttemptAcquire().IsAcquired);
        Assert.Throws<ArgumentException>(() => limiter.Settle(limiter.AttemptAcquire(8), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.Settle(lease, -1));
    }

    [Fact]
    public void Options_ThatCannotBe_AreRefusedByName()
    {
        using var pool = Pool();
        foreach (var (options, name) in ((TokenBucketOptions, string)[])[
            (new() { TokensPerUnit = 0 }, "TokensPerUnit"), (new() { TokensPerUnit = double.NaN }, "TokensPerUnit"), (new() { TokensPerUnit = 1, Burst = TimeSpan.Zero }, "Burst"),
            (new() { TokensPerUnit = 1, QueueLimit = -1 }, "QueueLimit"), (new() { TokensPerUnit = 1, QueueProcessingOrder = (QueueProcessingOrder)7 }, "QueueProcessingOrder")])
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => new ParticipantTokenBucketLimiter(pool["a"], options)).Message, StringComparison.Ordinal);
        Assert.Contains("IoOperationsPerSecond", Assert.Throws<InvalidOperationException>(() => new ParticipantTokenBucketLimiter(pool["a"])).Message, StringComparison.Ordinal);
    }

    public static class Scripts
    {
        // A request for none: theirs is queued behind others, and served by whatever comes next; ours is answered as it stands.
        public static Arbitrary<LimiterConformanceTests.ScriptStep[]> Steps() =>
            (from kind in Gen.Choose(0, 1)
             from permits in Gen.Choose(1, Limit + 1)
             select new LimiterConformanceTests.ScriptStep(kind, permits, 0)).ArrayOf().ToArbitrary();
    }

    private static ResourcePool Pool(TimeProvider? time = null) => new(
        new ResourcePoolOptions { Capacity = 4 }.AddParticipant("a", 4, static p => p.LendingLimit = p.BorrowingLimit = 0), time ?? new FakeTimeProvider());

    private static ParticipantTokenBucketLimiter Ours(ResourcePool pool, QueueProcessingOrder order) =>
        new(pool["a"], new() { TokensPerUnit = Limit / 4, QueueLimit = 6, QueueProcessingOrder = order });

    private static TokenBucketRateLimiter Theirs(QueueProcessingOrder order) => new(new()
    {
        TokenLimit = Limit,
        TokensPerPeriod = Limit,
        ReplenishmentPeriod = TimeSpan.FromDays(1),
        AutoReplenishment = false,
        QueueLimit = 6,
        QueueProcessingOrder = order,
    });

    private static List<string> Run(RateLimiter limiter, LimiterConformanceTests.ScriptStep[] script)
    {
        var answers = new List<string>();
        var waits = new List<(Task<RateLimitLease> Task, int Permits)>();
        foreach (var step in script)
        {
            try
            {
                if (step.Kind == 0) answers.Add($"acquired {limiter.AttemptAcquire(step.Permits).IsAcquired}");
                else waits.Add((limiter.AcquireAsync(step.Permits).AsTask(), step.Permits));
            }
            catch (ArgumentOutOfRangeException)
            {
                answers.Add("throws");
            }

            Assert.True(SpinWait.SpinUntil(() => waits.Where(static w => !w.Task.IsCompleted).Sum(static w => w.Permits) == limiter.GetStatistics()!.CurrentQueuedCount, TimeSpan.FromSeconds(30)));
            foreach (var wait in waits.Where(static w => w.Task.IsCompleted).ToArray())
            {
                answers.Add($"acquired {wait.Task.Result.IsAcquired}");
                waits.Remove(wait);
            }

            var statistics = limiter.GetStatistics()!;
            answers.Add($"available {statistics.CurrentAvailablePermits} queued {statistics.CurrentQueuedCount} successful {statistics.TotalSuccessfulLeases} failed {statistics.TotalFailedLeases}");
        }

        return answers;
    }
}
