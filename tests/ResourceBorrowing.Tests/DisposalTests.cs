using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests;

/// <summary>The pool is disposed by whoever it calls: nobody hangs, nothing escapes, and what waits ends.</summary>
public class DisposalTests
{
    [Fact]
    public async Task Dispose_InAMapper_EndsThePool()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var mapper = new Ending(pool);
        pool.Attach(a, mapper);
        await mapper.Ended.Within();
        await AssertEnded(pool, a, b, time);
    }

    [Fact]
    public async Task Dispose_InAnEventReader_EndsThePoolAndTheReading()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var reading = ReadAsync();
        Assert.False(reading.IsCompleted);
        using var loan = a.TryBorrow(b, 1, TestPool.Term);
        await reading.Within();
        await AssertEnded(pool, a, b, time);

        async Task ReadAsync()
        {
            await foreach (var happened in pool.ReadEventsAsync())
                if (happened.Kind == PoolEventKind.Granted) pool.Dispose();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_WhileAskedForConsent_TheBorrowerIsTold(bool answer)
    {
        ResourcePool? asked = null;
        var (pool, a, b, time) = TestPool.Of30(o => o.Participants[1].AskBeforeLending((_, _, _) =>
        {
            asked!.Dispose();
            return new ValueTask<bool>(answer);
        }));
        asked = pool;
        var borrowing = a.BorrowAsync(new LoanRequest(1) { Lender = b });
        if (answer) await Assert.ThrowsAsync<ObjectDisposedException>(() => borrowing.Within());
        else Assert.Equal(RefusalReason.ConsentRefused, (await borrowing.Within()).Refusal);
        await AssertEnded(pool, a, b, time);
    }

    [Fact]
    public async Task Dispose_WhenARecallTokenIsRaised_EndsThePool()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var lease = a.TryAcquire(15);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loan.RecallToken.Register(() =>
        {
            pool.Dispose();
            ended.SetResult();
        });
        Assert.Equal(5, loan.Recall());
        await ended.Task.Within();
        Assert.Equal(5, a.Debt);
        lease.Dispose();
        Assert.Equal((0, 10), (a.Debt, b.Allocation));
        await AssertEnded(pool, a, b, time);
    }

    [Fact]
    public async Task Dispose_InAReputationPolicyOnTheTimer_EndsThePool()
    {
        var time = new FakeTimeProvider();
        var policy = new EndingPolicy();
        var pool = policy.Pool = new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)), time, policy);
        var (a, b) = (pool["a"], pool["b"]);
        var request = new LoanRequest(4) { Lender = b, Duration = TestPool.Term, Terms = new() { IsRecallable = false } };
        _ = a.TryBorrow(request);
        var stays = a.TryBorrow(request with { Units = 1, Duration = TestPool.Term * 2 });
        using var held = b.TryAcquire(4);
        var wait = b.AcquireAsync(9).AsTask();
        time.Advance(TestPool.Term);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
        time.Advance(TestPool.Term * 2);
        Assert.True(stays.IsActive, "loans stay as they are");
        await AssertEnded(pool, a, b, time);
    }

    [Fact]
    public async Task Dispose_InAContinuationOfAWait_EndsTheOtherWaits()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var held = a.TryAcquire(10);
        var first = DisposeAsync();
        var second = a.AcquireAsync(9).AsTask();
        using var ofB = b.TryAcquire(10);
        var borrowing = a.BorrowAsync(new LoanRequest(5) { Lender = b }).AsTask();
        held.Dispose();
        await first.Within();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => second.Within());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => borrowing.Within());
        await AssertEnded(pool, a, b, time);

        async Task DisposeAsync()
        {
            using var lease = await a.AcquireAsync(5);
            pool.Dispose();
        }
    }

    private static async Task AssertEnded(ResourcePool pool, Participant a, Participant b, FakeTimeProvider time)
    {
        // As if nothing had happened, again and again, and time goes on.
        pool.Dispose();
        await pool.DisposeAsync();
        time.Advance(TimeSpan.FromDays(1));
        Assert.Throws<ObjectDisposedException>(() => a.TryAcquire(a.Ceiling));
        Assert.Throws<ObjectDisposedException>(() => a.TryBorrow(b, 1, TestPool.Term));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await a.AcquireAsync(a.Ceiling));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => a.BorrowAsync(new LoanRequest(1)).Within());
        TestPool.AssertLaws(pool);
    }

    private sealed class Ending(ResourcePool pool) : IResourceMapper
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Ended => _ended.Task;

        public void OnAllocationChanged(Participant participant, int allocation)
        {
            pool.Dispose();
            _ended.SetResult();
        }
    }

    private sealed class EndingPolicy : IReputationPolicy
    {
        internal ResourcePool? Pool { get; set; }

        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings)
        {
            Pool!.Dispose();
            return record;
        }

        public double Score(in ReputationRecord record, TimeSpan now) => 50;
    }
}
