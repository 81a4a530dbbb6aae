using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests;

/// <summary>Defects that were found once and must not come back.</summary>
public class RegressionTests
{
    [Fact]
    public void Quota_LoweredAndRaisedWhileInUse_SetsOppositeDebtsOff()
    {
        using var pool = new ResourcePool(TestPool.Options(int.MaxValue, ("a", int.MaxValue)));
        var a = pool["a"];
        var held = a.TryAcquire(int.MaxValue);
        for (var i = 0; i < 5; i++)
        {
            pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 0 });
            Assert.Equal(int.MaxValue, a.Debt);
            TestPool.AssertLaws(pool);
            pool.Update(new ParticipantOptions { Name = "a", NominalQuota = int.MaxValue - i });
            Assert.Equal(i, a.Debt);
            TestPool.AssertLaws(pool);
        }

        held.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Score_FadedSinceTheLastEvidence_OpensTheDoorAgain()
    {
        var (_, a, b, time) = TestPool.Of30();
        for (var i = 0; i < 2; i++)
        {
            _ = a.TryBorrow(b, 5, TimeSpan.FromMinutes(10));
            var held = a.TryAcquire(15);
            time.Advance(TimeSpan.FromMinutes(11));
            held.Dispose();
        }

        Assert.True(a.Reputation < 40);
        Assert.Equal(RefusalReason.Reputation, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        time.Advance(TimeSpan.FromDays(365));
        Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
    }

    [Fact]
    public void DebtPaidByARelease_WithoutAnybodyAsking_IsJudgedByTheTimer()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TimeSpan.FromHours(1));
        var held = a.TryAcquire(15);
        time.Advance(TimeSpan.FromMinutes(10));
        loan.Dispose();
        held.Dispose();
        Assert.Equal(50, a.Standing.Score);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(a.Standing.Score > 50);
    }

    [Fact]
    public void ClockBackwards_ShortensNoTerm()
    {
        var time = new Steps();
        using var pool = new ResourcePool(TestPool.Options(20, ("a", 10), ("b", 10)), time);
        time.Now = TimeSpan.FromHours(2);
        pool["a"].TryBorrow(pool["b"], 1, TestPool.Term).Dispose();
        time.Fire();
        time.Now = TimeSpan.FromHours(1);
        var loan = pool["a"].TryBorrow(pool["b"], 1, TestPool.Term);
        time.Now = TimeSpan.FromHours(2) + TestPool.Term - TimeSpan.FromTicks(1);
        time.Fire();
        Assert.True(loan.IsActive);
        time.Now = TimeSpan.FromHours(2) + TestPool.Term;
        time.Fire();
        Assert.False(loan.IsActive);
    }

    [Fact]
    public void ClockThatThrows_ReachesTheBorrowerAndChangesNothing()
    {
        var time = new Steps();
        using var pool = new ResourcePool(TestPool.Options(20, ("a", 10), ("b", 10)), time);
        var (a, b) = (pool["a"], pool["b"]);
        var loan = a.TryBorrow(b, 2, TestPool.Term);
        time.Fails = true;
        Assert.Throws<InvalidOperationException>(() => a.TryBorrow(b, 1, TestPool.Term));
        loan.Dispose();
        time.Fails = false;
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void TimerThatThrows_IsSetAgainByWhoeverComesNext()
    {
        var time = new Steps { TimerFails = true };
        using var pool = new ResourcePool(TestPool.Options(20, ("a", 10), ("b", 10)), time);
        var (a, b) = (pool["a"], pool["b"]);
        var loan = a.TryBorrow(b, 2, TestPool.Term);
        Assert.True(loan.IsGranted);
        Assert.Null(time.Due);
        time.TimerFails = false;
        a.TryBorrow(b, 1, TimeSpan.FromHours(1)).Dispose();
        Assert.NotNull(time.Due);
    }

    [Fact]
    public void Centuries_Later_LoansStillEnd()
    {
        var (pool, a, b, time) = TestPool.Of30();
        for (var i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromDays(365.0 * 150));
            Assert.True(a.TryBorrow(b, 5, TimeSpan.FromDays(30)).IsGranted);
            time.Advance(TimeSpan.FromDays(30));
            TestPool.AssertAtRest(pool);
        }
    }

    [Fact]
    public async Task Remove_WithAContextThatNeedsThePool_DoesNotDeadlock()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(10);
        var context = new AskingContext(pool);
        var previous = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        var waiting = Await(a.AcquireAsync(2));
        SynchronizationContext.SetSynchronizationContext(previous);

        _ = pool.RemoveAsync("a");
        Assert.Equal(RefusalReason.Removed, await waiting.Within());
        Assert.True(context.Answered);

        static async Task<RefusalReason> Await(ValueTask<ResourceLease> wait) => (await wait).Refusal;
    }

    [Fact]
    public void Update_LowerQueueLimitNewestFirst_KeepsWhoWaits()
    {
        var (pool, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueOrder = System.Threading.RateLimiting.QueueProcessingOrder.NewestFirst);
        using var held = a.TryAcquire(10);
        var waits = Enumerable.Range(0, 5).Select(_ => a.AcquireAsync()).ToArray();
        pool.Update(new ParticipantOptions
        {
            Name = "a",
            NominalQuota = 10,
            QueueLimit = 2,
            BorrowOnDemand = false,
            QueueOrder = System.Threading.RateLimiting.QueueProcessingOrder.NewestFirst,
        });
        Assert.All(waits, static w => Assert.False(w.IsCompleted));
    }

    [Fact]
    public void IdleDuration_OfANewLimiter_StartsNow()
    {
        var (_, a, _, time) = TestPool.Of30();
        time.Advance(TimeSpan.FromHours(1));
        using var limiter = new ParticipantConcurrencyLimiter(a);
        Assert.Equal(TimeSpan.Zero, limiter.IdleDuration);
        var held = limiter.AttemptAcquire();
        time.Advance(TimeSpan.FromHours(1));
        Assert.Null(limiter.IdleDuration);
        held.Dispose();
        Assert.Equal(TimeSpan.Zero, limiter.IdleDuration);
    }

    [Fact]
    public void Timer_ThatFiresInsideTheServerOfWants_IsNotSetForThePast()
    {
        var (pool, _, _, _) = TestPool.Of30();
        pool.Wants.Add(new Asking(static () => false));
        var again = 0L;
        pool.Wants.Add(new Asking(() =>
        {
            again = pool.Wants.OnTimer(10);
            return true;
        }));
        Assert.InRange(again, 11, 1_010);
    }

    /// <summary>A want whose deadline has passed.</summary>
    private sealed class Asking(Func<bool> tryFinish) : Want
    {
        internal override Participant? Lender => null;

        internal override long Deadline => 5;

        internal override bool TryFinish(long now, long borrowable) => tryFinish();
    }

    /// <summary>Posts by asking the pool for a snapshot on another thread, and waits for it.</summary>
    private sealed class AskingContext(ResourcePool pool) : SynchronizationContext
    {
        public bool Answered { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Answered = Task.Run(pool.Snapshot).Wait(TimeSpan.FromSeconds(30));
            ThreadPool.QueueUserWorkItem(_ => d(state));
        }
    }

    /// <summary>A clock and a timer that do what the test says.</summary>
    private sealed class Steps : TimeProvider
    {
        private TimerCallback? _callback;
        private object? _state;

        public TimeSpan Now { get; set; }

        public bool Fails { get; set; }

        public bool TimerFails { get; set; }

        public TimeSpan? Due { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Fails ? throw new InvalidOperationException("clock") : Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return new Timer(this);
        }

        public void Fire() => _callback!(_state);

        private sealed class Timer(Steps steps) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                if (steps.TimerFails) throw new InvalidOperationException("timer");
                steps.Due = dueTime;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
