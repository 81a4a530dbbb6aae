using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>What a rate may let through, and which units it uses for that.</summary>
public class RateBucketTests
{
    private const double PerUnit = 10;
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Draws_WhateverComes_AreNeverMoreThanUnitsHeldHaveBrought(int seed)
    {
        var random = new Random(seed);
        var (pool, a, b, time) = TestPool.Of30();
        using var bucket = Bucket(a);
        var drawn = 0.0;
        var most = 10 * PerUnit;
        var loan = default(Loan);
        for (var step = 0; step < 2_000; step++)
        {
            var passed = TimeSpan.FromMilliseconds(random.Next(40));
            // Units change hands between the steps only, and while none come or go a bucket cannot let in more than all of them bring.
            most += a.Allocation * PerUnit * passed.TotalSeconds;
            time.Advance(passed);
            var amount = random.Next(1, 8);
            if (bucket.TryDraw(new Rates(amount))) drawn += amount;
            if (random.Next(50) == 0)
            {
                loan.Dispose();
                loan = random.Next(2) == 0 ? a.TryBorrow(b, 5, TimeSpan.FromHours(1)) : default;
            }

            Assert.True(drawn <= most + 1e-6, $"seed {seed}, step {step}: {drawn} of {most}");
            TestPool.AssertLaws(pool);
        }

        Assert.True(drawn > 0.9 * most, $"seed {seed}: {drawn} of {most}");
    }

    [Theory]
    [InlineData(25, 3)]
    [InlineData(50, 5)]
    [InlineData(75, 8)]
    public void Demand_ThatIsSteady_HoldsTheUnitsThatItAmountsTo(int perSecond, int units)
    {
        var (_, a, _, time) = TestPool.Of30();
        using var bucket = Bucket(a);
        var inUse = 0.0;
        for (var i = 0; i < 20 * perSecond; i++)
        {
            Assert.True(bucket.TryDraw(new Rates(1)));
            time.Advance(TimeSpan.FromSeconds(1.0 / perSecond));
            if (i >= 10 * perSecond) inUse += a.InUse;
        }

        Assert.InRange(inUse / (10 * perSecond), units - 1, units + 0.5);
    }

    [Fact]
    public async Task Waiters_ThatAskForMoreThanThereIs_GetExactlyTheRateOfTheAllocation_AndThisFollowsALoan()
    {
        var (pool, a, b, time) = TestPool.Of30();
        using var bucket = Bucket(a);
        var got = 0;
        using var stop = new CancellationTokenSource();
        var draining = Enumerable.Range(0, 4).Select(_ => DrawAsync()).ToArray();
        InSeconds(2, units: 10);
        Assert.InRange(InSeconds(10, units: 10), 990, 1010);
        using (a.TryBorrow(b, 5, TimeSpan.FromHours(1)))
        {
            InSeconds(1, units: 15);
            Assert.InRange(InSeconds(10, units: 15), 1485, 1515);
        }

        InSeconds(1, units: 10);
        Assert.InRange(InSeconds(10, units: 10), 990, 1010);
        TestPool.AssertLaws(pool);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(draining).Within());

        async Task DrawAsync()
        {
            while (true)
            {
                Assert.Equal(WaitOutcome.Granted, await bucket.DrawAsync(new Rates(1), stop.Token));
                Interlocked.Increment(ref got);
            }
        }

        int InSeconds(int seconds, int units)
        {
            var before = Volatile.Read(ref got);
            for (var i = 0; i < seconds * 100; i++)
            {
                // Time passes when all wait again and all units are used that the rate is to have: those are waited for on threads of the pool.
                Assert.True(SpinWait.SpinUntil(() => a.InUse == units && bucket.Queued == draining.Length, TimeSpan.FromSeconds(30)), $"{a.InUse} units in use, {units} expected");
                time.Advance(TimeSpan.FromMilliseconds(10));
                // It looks at every instant: another thread may be held up in the timer's callback, and the fake clock does not wait for that.
                bucket.TryDraw(default);
            }

            return Volatile.Read(ref got) - before;
        }
    }

    [Fact]
    public void Bucket_ThatIsFullAgain_UsesNothing()
    {
        var (pool, a, _, time) = TestPool.Of30();
        using var bucket = Bucket(a);
        Assert.True(bucket.TryDraw(new Rates(100)));
        Assert.Equal(10, a.InUse);
        Assert.False(bucket.TryDraw(new Rates(1)));
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.InRange(a.InUse, 1, 10);
        for (var i = 0; i < 100; i++) time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(0, a.InUse);
        Assert.Equal(100, bucket.Level.First, 1e-6);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Recall_OfUnitsThatARateUses_HasThemAtOnce()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var bucket = Bucket(a);
        using var loan = a.TryBorrow(b, 5, TimeSpan.FromHours(1));
        Assert.True(bucket.TryDraw(new Rates(100)));
        Assert.True(bucket.TryDraw(new Rates(1)) || a.InUse > 10);
        b.Recall(5);
        Assert.True(SpinWait.SpinUntil(() => b.Allocation == 10, TimeSpan.FromSeconds(30)));
        Assert.Equal(0, a.Debt);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Callers_OfTheSameParticipant_GetUnitsBesideARateThatWantsAll()
    {
        var (_, a, _, time) = TestPool.Of30();
        using var bucket = Bucket(a);
        Assert.True(bucket.TryDraw(new Rates(100)));
        var wait = bucket.DrawAsync(new Rates(50), CancellationToken.None);
        var caller = a.AcquireAsync(4);
        for (var i = 0; i < 30 && !caller.IsCompleted; i++) await Pass(time, 0.1);
        using (await caller.Within()) Assert.InRange(bucket.Held, 0, 6);
        for (var i = 0; i < 100 && !wait.IsCompleted; i++) await Pass(time, 0.1);
        Assert.Equal(WaitOutcome.Granted, await wait.Within());
    }

    [Fact]
    public async Task Waiter_WhoseParticipantHasNothing_HasUnitsBorrowed()
    {
        var options = TestPool.Options(20, ("a", 0), ("b", 20));
        options.Participants[0].BorrowOnDemand = true;
        options.Participants[1].LendingLimit = 20;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        using var bucket = new RateBucket(pool["a"], static _ => new Rates(PerUnit), Burst, isFull: true);
        Assert.False(bucket.TryDraw(new Rates(5)));
        var wait = bucket.DrawAsync(new Rates(5), CancellationToken.None);
        for (var i = 0; i < 100 && !wait.IsCompleted; i++) await Pass(time, 0.05);
        Assert.Equal(WaitOutcome.Granted, await wait.Within());
        Assert.True(pool["a"].Borrowed > 0);
    }

    [Fact]
    public async Task Waiter_ThatIsCancelled_LeavesNobodyInTheParticipantsQueue()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var bucket = Bucket(a);
        using var rest = a.TryAcquire(10);
        using var cancellation = new CancellationTokenSource();
        var wait = bucket.DrawAsync(new Rates(5), cancellation.Token);
        Assert.Equal(1, a.Waiting);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 0, TimeSpan.FromSeconds(30)));
        rest.Dispose();
        Assert.True(a.TryAcquire(10).IsAcquired);
    }

    [Fact]
    public async Task Waiters_OfABucketOrPoolThatGoes_AreTold()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var bucket = Bucket(a);
        Assert.True(bucket.TryDraw(new Rates(100)));
        var wait = bucket.DrawAsync(new Rates(5), CancellationToken.None);
        bucket.Dispose();
        Assert.Equal(WaitOutcome.Disposed, await wait.Within());
        Assert.False(bucket.TryDraw(new Rates(1)));
        Assert.Equal(0, a.InUse);

        using var second = Bucket(b);
        Assert.True(second.TryDraw(new Rates(100)));
        wait = second.DrawAsync(new Rates(5), CancellationToken.None);
        var removal = pool.RemoveAsync("b");
        Assert.Equal(WaitOutcome.Removed, await wait.Within());
        await removal.Within();

        using var third = Bucket(a);
        Assert.True(third.TryDraw(new Rates(100)));
        wait = third.DrawAsync(new Rates(5), CancellationToken.None);
        pool.Dispose();
        Assert.Equal(WaitOutcome.Disposed, await wait.Within());
    }

    [Fact]
    public async Task Timers_ThatThrow_LoseNoUnitAndNoWaiter()
    {
        var time = new ThrowingTimers();
        using var pool = new ResourcePool(TestPool.Options(10, ("a", 10)), time);
        var a = pool["a"];
        using var bucket = new RateBucket(a, static _ => new Rates(PerUnit), Burst, isFull: true);
        Assert.True(bucket.TryDraw(new Rates(50)));
        var held = a.InUse;
        var wait = bucket.DrawAsync(new Rates(60), CancellationToken.None);
        time.IsThrowing = true;
        // Units come and go, and who can be served is, though the clock will not be set.
        time.Advance(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 5; i++) bucket.TryDraw(new Rates(1));
        Assert.Equal(WaitOutcome.Granted, await wait.Within());
        Assert.True(held > 0 && a.InUse == bucket.Held);
        time.Advance(TimeSpan.FromMinutes(1));
        bucket.TryDraw(new Rates(0));
        Assert.Equal((0, 0, 10), (bucket.Held, a.InUse, a.Available));
        bucket.Dispose();
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Race_OfDrawsLoansCancellationsAndDisposal_LosesNoUnit()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        using var pool = new ResourcePool(options);
        var (a, b) = (pool["a"], pool["b"]);
        var bucket = new RateBucket(a, static _ => new Rates(2_000), TimeSpan.FromMilliseconds(20), isFull: true);
        var workers = Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            for (var k = 0; k < 400; k++)
            {
                using var cancellation = new CancellationTokenSource();
                if (random.Next(4) == 0) cancellation.CancelAfter(random.Next(3));
                try
                {
                    if (i == 0) a.TryBorrow(b, 1 + random.Next(5), TimeSpan.FromMilliseconds(5));
                    else if (i == 1) (await a.AcquireAsync(1 + random.Next(3), cancellation.Token)).Dispose();
                    else await bucket.DrawAsync(new Rates(1 + random.Next(20)), cancellation.Token);
                }
                catch (OperationCanceledException)
                {
                    // As it was meant to be.
                }
            }
        })).ToArray();
        await Task.WhenAll(workers).Within();
        TestPool.AssertLaws(pool);
        bucket.Dispose();
        Assert.True(SpinWait.SpinUntil(() => a is { InUse: 0, Waiting: 0, Debt: 0 }, TimeSpan.FromSeconds(30)), $"{a}, {a.Waiting} waiting");
        TestPool.AssertLaws(pool);
    }

    private sealed class ThrowingTimers : FakeTimeProvider
    {
        internal bool IsThrowing { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, base.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(ThrowingTimers time, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => time.IsThrowing ? throw new InvalidOperationException("no timer") : timer.Change(dueTime, period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    private static RateBucket Bucket(Participant participant) => new(participant, static _ => new Rates(PerUnit), Burst, isFull: true);

    /// <summary>Lets time pass in small steps, and after each lets those go on that it woke.</summary>
    private static async Task Pass(FakeTimeProvider time, double seconds)
    {
        for (var i = 0; i < seconds * 100; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            for (var k = 0; k < 20; k++) await Task.Yield();
            while (ThreadPool.PendingWorkItemCount > 0) await Task.Yield();
        }
    }
}
