using ResourceBorrowing.Tests.Concurrency;
using ResourceBorrowing.Tests.Loans;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests;

/// <summary>Plans under clocks that jump, stand, or run backwards, and under other periods.</summary>
public class BalancingTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Jump_OfHours_IsOnePeriod_AndStandingLoansGoOn()
    {
        using var pool = BalancingTests.Build(out var time);
        var a = pool["a"];
        var held = a.TryAcquire(10);
        var waiting = a.AcquireAsync(2).AsTask();
        BalancingTests.Run(time, 2 * Second);
        Assert.Equal(0, a.Waiting);
        var (periods, borrowed) = (a.DemandHistory.Count, a.Borrowed);
        time.Advance(TimeSpan.FromHours(7));
        Assert.Equal(periods + 1, a.DemandHistory.Count);
        Assert.Equal(new(12, 12, 0, 0), a.DemandHistory[^1]);
        Assert.Equal(borrowed, a.Borrowed);
        Assert.Equal(TimeSpan.FromHours(7) + 2 * Second, pool.ReportBalance()!.At);
        TestPool.AssertLaws(pool);
        held.Dispose();
        time.Advance(TimeSpan.FromHours(7));
        BalancingTests.Run(time, 30 * Second);
        Assert.InRange(a.Borrowed, 0, 2);
        TestPool.AssertLaws(pool);
        Assert.False(waiting.IsFaulted);
    }

    [Fact]
    public void TimeThatRunsBackwards_StandsStill()
    {
        var time = new SteppedTime();
        using var pool = new ResourcePool(Options(), time, new Unmoved(50));
        var a = pool["a"];
        var held = a.TryAcquire(10);
        time.RunTo(10 * Second);
        var (at, periods) = (pool.ReportBalance()!.At, a.DemandHistory.Count);
        time.Now = Second;
        for (var i = 0; i < 5; i++)
        {
            Assert.False(a.TryAcquire(2).IsAcquired);
            time.Fire();
        }

        Assert.Equal((at, periods), (pool.ReportBalance()!.At, a.DemandHistory.Count));
        time.Now = 11 * Second;
        time.Fire();
        Assert.Equal((11 * Second, periods + 1), (pool.ReportBalance()!.At, a.DemandHistory.Count));
        Assert.Equal(10, a.DemandHistory[^1].Refused);
        Assert.InRange(a.Allocation, 12, 15);
        TestPool.AssertLaws(pool);
        held.Dispose();
    }

    [Fact]
    public void TimeThatStands_MovesNothing()
    {
        using var pool = new ResourcePool(Options(), new StoppedTime(), new Unmoved(50));
        var held = pool["a"].TryAcquire(10);
        for (var i = 0; i < 100; i++) Assert.False(pool["a"].TryAcquire(2).IsAcquired);
        Assert.Equal(10, pool["a"].Allocation);
        Assert.Null(pool.ReportBalance());
        held.Dispose();
    }

    [Fact]
    public void PlanningPeriod_ThatIsMadeShorter_HoldsFromNowOn()
    {
        var time = new SteppedTime();
        using var pool = new ResourcePool(Options(planning: TimeSpan.FromHours(1), sample: TimeSpan.FromMinutes(1)), time, new Unmoved(50));
        time.RunTo(10 * Second);
        Assert.Null(pool.ReportBalance());
        pool.Reconfigure(Options(planning: Second, sample: TimeSpan.FromMilliseconds(10)));
        time.RunTo(12 * Second);
        Assert.NotNull(pool.ReportBalance());
        Assert.InRange(pool["a"].DemandHistory.Count, 1, 3);
    }

    [Fact]
    public void PlanningPeriod_ThatIsMadeLonger_HoldsFromNowOn()
    {
        var time = new SteppedTime();
        using var pool = new ResourcePool(Options(), time, new Unmoved(50));
        time.RunTo(10 * Second);
        var before = pool["a"].DemandHistory.Count;
        pool.Reconfigure(Options(planning: TimeSpan.FromMinutes(1)));
        time.RunTo(60 * Second);
        Assert.InRange(pool["a"].DemandHistory.Count, before, before + 1);
        time.RunTo(140 * Second);
        Assert.InRange(pool["a"].DemandHistory.Count, before + 1, before + 3);
    }

    [Fact]
    public void SamplePeriod_ThatIsMadeShorter_HoldsFromNowOn()
    {
        var time = new SteppedTime();
        var minute = TimeSpan.FromMinutes(1);
        using var pool = new ResourcePool(Options(planning: minute, sample: minute), time, new Unmoved(50));
        var a = pool["a"];
        var held = a.TryAcquire(10);
        Assert.False(a.TryAcquire(2).IsAcquired);
        time.RunTo(Second);
        pool.Reconfigure(Options(planning: minute, sample: TimeSpan.FromMilliseconds(10)));
        time.RunTo(30 * Second);
        held.Dispose();
        time.RunTo(minute + Second);
        // Half of the time all was in use; what is looked at once a minute would have been in use throughout.
        Assert.InRange(a.DemandHistory[0].Mean, 4.5, 5.5);
    }

    /// <summary>Between two looks at a quiet pool a caller came: what it left is told with the period in which it came.</summary>
    [Fact]
    public void Participant_ThatJoinsAndIsRefusedAtOnce_IsHeard()
    {
        var time = new SteppedTime();
        using var pool = new ResourcePool(Options(), time, new Unmoved(50));
        time.RunTo(Second - TimeSpan.FromMilliseconds(1));
        var c = pool.Add(new ParticipantOptions { Name = "c", NominalQuota = 0, BorrowingLimit = 5, BorrowOnDemand = false });
        time.Now = Second;
        Assert.False(c.TryAcquire(2).IsAcquired);
        time.Fire();
        time.RunTo(2 * Second);
        Assert.Equal(2, c.DemandHistory.Sum(static p => p.Refused));
        Assert.Equal(2, c.Allocation);
    }

    private static ResourcePoolOptions Options(TimeSpan? planning = null, TimeSpan? sample = null)
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Balancing.Mode = BalancingMode.On;
        (options.PlanningPeriod, options.Balancing.SamplePeriod) = (planning ?? Second, sample ?? TimeSpan.FromMilliseconds(10));
        options.Stability.IsEnabled = false;
        return options;
    }
}
