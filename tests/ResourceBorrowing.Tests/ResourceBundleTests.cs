using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests;

[Collection(RealThreads.Name)]
public class ResourceBundleTests
{
    [Fact]
    public async Task Bundle_OfSeveralParticipantsAndPools_IsAllOfThem_AndEndsOnce()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var (other, c, _, _) = TestPool.Of30();
        var bundle = await ResourceBundle.AcquireAllAsync([(c, 4), (b, 3), (a, 2), (b, 1)]).Within();
        Assert.True(bundle.IsAcquired);
        Assert.Equal((2, 4, 4), (a.InUse, b.InUse, c.InUse));
        bundle.Dispose();
        using var next = a.TryAcquire(2);
        bundle.Dispose();
        Assert.Equal((2, 0, 0), (a.InUse, b.InUse, c.InUse));
        next.Dispose();
        Assert.True((await ResourceBundle.AcquireAllAsync([]).Within()).IsAcquired);
        TestPool.AssertAtRest(pool);
        TestPool.AssertAtRest(other);
    }

    /// <summary>Tokens are spent with the bundle, bytes are reserved until its end.</summary>
    [Fact]
    public async Task Bundle_OfUnitsTokensAndBytes_IsAllOfThem()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var (other, c, _, _) = TestPool.Of30();
        var (tokens, memory) = (new ParticipantTokenBucketLimiter(c, new() { TokensPerUnit = 1, Burst = TestPool.Term }), new MemoryBudget(b, 100));
        var before = tokens.GetStatistics()!.CurrentAvailablePermits;
        using (var bundle = await ResourceBundle.AcquireAllAsync([(memory, 100), (tokens, 3), (b, 2), (memory, 101), (a, 4), (tokens, 2)]).Within())
        {
            Assert.True(bundle.IsAcquired, bundle.Explanation);
            Assert.Equal((201, 5), (memory.Reserved, before - tokens.GetStatistics()!.CurrentAvailablePermits));
            Assert.Equal(5, b.InUse);
        }

        Assert.Equal((0, 5), (memory.Reserved, before - tokens.GetStatistics()!.CurrentAvailablePermits));
        Assert.Equal(0, b.InUse);
        tokens.Dispose();
        TestPool.AssertAtRest(pool);
        TestPool.AssertAtRest(other);
    }

    [Fact]
    public async Task Bundle_ThatTokensOrBytesRefuse_SaysWhy_AndHoldsNothing()
    {
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[1].QueueLimit = 0);
        var (other, c, _, _) = TestPool.Of30();
        var (tokens, memory) = (new ParticipantTokenBucketLimiter(c, new() { TokensPerUnit = 1, Burst = TestPool.Term }), new MemoryBudget(b, 100));
        var before = tokens.GetStatistics()!.CurrentAvailablePermits;
        var all = memory.TryReserve(1_000);
        var noBytes = await ResourceBundle.AcquireAllAsync([(memory, 1), (tokens, 5), (a, 1)]).Within();
        Assert.Equal((false, RefusalReason.QueueFull), (noBytes.IsAcquired, noBytes.Refusal));
        Assert.Contains("'b'", noBytes.Explanation, StringComparison.Ordinal);
        Assert.Equal((0, 1_000), (before - tokens.GetStatistics()!.CurrentAvailablePermits, memory.Reserved));
        all.Dispose();

        using var spent = tokens.AttemptAcquire((int)before);
        var noTokens = await ResourceBundle.AcquireAllAsync([(b, 1), (tokens, 5), (memory, 1)]).Within();
        Assert.Equal((false, RefusalReason.QueueFull), (noTokens.IsAcquired, noTokens.Refusal));
        Assert.Equal("Queue limit reached", noTokens.Explanation);
        Assert.Equal((0, 0), (memory.Reserved, b.InUse));
        tokens.Dispose();
        TestPool.AssertAtRest(pool);
        TestPool.AssertAtRest(other);
    }

    [Fact]
    public async Task Bundle_ThatOneRefuses_SaysWhy_AndHoldsNothing()
    {
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[1].QueueLimit = 0);
        var all = b.TryAcquire(10);
        var bundle = await ResourceBundle.AcquireAllAsync([(b, 1), (a, 2)]).Within();
        Assert.False(bundle.IsAcquired);
        Assert.Equal(RefusalReason.QueueFull, bundle.Refusal);
        Assert.Contains("'b'", bundle.Explanation, StringComparison.Ordinal);
        Assert.Equal(0, a.InUse);
        bundle.Dispose();
        all.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Bundle_Cancelled_HoldsNothing()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var all = b.TryAcquire(10);
        using var source = new CancellationTokenSource();
        var wait = ResourceBundle.AcquireAllAsync([(a, 5), (b, 5)], source.Token).AsTask();
        Assert.Equal((5, 5), (a.InUse, b.Waiting));
        await source.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
        Assert.Equal(source.Token, exception.CancellationToken);
        Assert.Equal((0, 0), (a.InUse, b.Waiting));
        all.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Bundle_OfADisposedPool_ThrowsAndHoldsNothing()
    {
        var (_, a, _, _) = TestPool.Of30();
        var (other, c, _, _) = TestPool.Of30();
        using var all = c.TryAcquire(10);
        var wait = ResourceBundle.AcquireAllAsync([(a, 5), (c, 5)]).AsTask();
        Assert.Equal(5, a.InUse);
        other.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
        Assert.Equal(0, a.InUse);
    }

    [Fact]
    public void Requests_ThatCouldNeverSucceed_ThrowBeforeAnythingIsTaken()
    {
        var (_, a, b, _) = TestPool.Of30();
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (b, 0)]); });
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (b, 31)]); });
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (b, 16), (b, 16)]); });
        var (tokens, memory) = (new ParticipantTokenBucketLimiter(a, new() { TokensPerUnit = 1 }), new MemoryBudget(b, 100));
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (tokens, 0)]); });
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (tokens, 31)]); });
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (memory, 0)]); });
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), (memory, 1), (memory, 3_000)]); });
        Assert.Throws<ArgumentNullException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([default]); });
        Assert.Throws<ArgumentNullException>("requests", () => { _ = ResourceBundle.AcquireAllAsync([(a, 1), ((Participant)null!, 1)]); });
        Assert.Throws<ArgumentNullException>("requests", () => { _ = ResourceBundle.AcquireAllAsync(null!); });
        Assert.Equal((0, 0), (a.InUse, b.InUse));
    }

    /// <summary>One holds what was lent to it by whom the other waits for, and waits for what the other holds: the order alone does not help.</summary>
    [Fact]
    public async Task Circle_ThroughALoan_IsBrokenByTheRecall()
    {
        using var pool = new ResourcePool(TestPool.Options(12, ("a", 4), ("b", 4), ("c", 4)), new FakeTimeProvider());
        var (a, b, c) = (pool["a"], pool["b"], pool["c"]);
        using var loan = a.TryBorrow(c, 2, TestPool.Term);
        var (ofA, ofB) = (a.TryAcquire(2), b.TryAcquire(4));
        var second = ResourceBundle.AcquireAllAsync([(b, 4), (c, 4)]).AsTask();
        var first = ResourceBundle.AcquireAllAsync([(a, 4), (b, 4)]).AsTask();
        Assert.Equal((6, 8), (a.InUse, b.Waiting));

        ofB.Dispose();
        using (var bundle = await second.Within()) Assert.Equal((4, 4, 4), (b.InUse, c.InUse, c.Allocation));
        Assert.False(first.IsCompleted);
        ofA.Dispose();
        using (var bundle = await first.Within()) Assert.True(bundle.IsAcquired);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Wait_WhileHoldingForLong_GivesBackWhatItHolds()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var all = b.TryAcquire(10);
        var wait = ResourceBundle.AcquireAllAsync([(a, 10), (b, 1)]).AsTask();
        var other = a.AcquireAsync(10);
        Assert.False(other.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        (await other.Within()).Dispose();
        all.Dispose();
        (await wait.Within()).Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Property(MaxTest = 20)]
    public void Bundles_OfRandomSubsetsInRandomOrder_NeverDeadlock_AndEndAtRest(DoNotSize<int> seed, bool borrows)
    {
        const int Participants = 4;
        var options = new ResourcePoolOptions { Capacity = 4 * Participants + 2, Reputation = { NewcomerLoans = 0 } };
        for (var i = 0; i < Participants; i++) options.AddParticipant($"p{i}", 4, p => (p.BorrowOnDemand, p.QueueLimit) = (borrows, 1000));
        using var pool = new ResourcePool(options);
        var tasks = Enumerable.Range(0, 8).Select(t => Task.Run(async () =>
        {
            var random = new Random(seed.Item + t);
            for (var i = 0; i < 100; i++)
            {
                var requests = pool.Participants.Where(_ => random.Next(2) == 0).Select(p => (ResourceRequest)(p, 1 + random.Next(4))).ToArray();
                random.Shuffle(requests);
                using var source = new CancellationTokenSource();
                var wait = ResourceBundle.AcquireAllAsync(requests, source.Token);
                if (random.Next(10) == 0) await source.CancelAsync();
                try
                {
                    using var bundle = await wait;
                    Assert.True(bundle.IsAcquired, bundle.Explanation);
                    if (random.Next(2) == 0) await Task.Yield();
                }
                catch (OperationCanceledException)
                {
                    Assert.True(source.IsCancellationRequested);
                }
            }
        })).ToArray();
        Task.WhenAll(tasks).Within().GetAwaiter().GetResult();
        Assert.All(pool.Participants, static p => Assert.Equal((0, 0), (p.InUse, p.Waiting)));
        TestPool.AssertLaws(pool);
    }
}
