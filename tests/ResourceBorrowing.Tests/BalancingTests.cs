using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>Units move by themselves.</summary>
public class BalancingTests
{
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task CallersThatWait_WithoutBorrowOnDemand_AreRelievedWithinOneRound()
    {
        using var pool = Build(out var time);
        var (a, b) = (pool["a"], pool["b"]);
        var leases = Take(a, 10);
        var waiting = a.AcquireAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        Run(time, TimeSpan.FromSeconds(1) + Sample);
        var relieved = await waiting.Within();
        Assert.Equal(11, a.Allocation);
        Assert.Equal(1, a.Borrowed);
        TestPool.AssertLaws(pool);
        Assert.Contains("'a' owns 10", pool.ReportBalance()!.ToString(), StringComparison.Ordinal);
        relieved.Dispose();
        leases.ForEach(static l => l.Dispose());
    }

    [Fact]
    public void Callers_ThatAreRefused_AreDemandAsWell()
    {
        using var pool = Build(out var time);
        var a = pool["a"];
        var leases = Take(a, 10);
        Run(time, TimeSpan.FromSeconds(0.5));
        for (var i = 0; i < 3; i++) Assert.False(a.TryAcquire(2).IsAcquired);
        Run(time, TimeSpan.FromSeconds(0.5) + Sample);
        Assert.True(a.TryAcquire(2).IsAcquired);
        Assert.Equal(6, Assert.Single(a.DemandHistory).Refused);
        Assert.Equal(12, a.DemandHistory[0].Most);
    }

    [Fact]
    public void StandingLoans_NoLongerNeeded_GoHome()
    {
        using var pool = Build(out var time, options => options.Balancing.DemandHalfLife = TimeSpan.FromSeconds(10));
        var (a, b) = (pool["a"], pool["b"]);
        Run(time, TimeSpan.FromSeconds(12));
        var leases = Take(a, 10);
        Assert.False(a.TryAcquire(2).IsAcquired);
        Run(time, TimeSpan.FromSeconds(2));
        Assert.True(a.Borrowed >= 1, pool.ReportBalance()!.ToString());
        leases.ForEach(static l => l.Dispose());
        Run(time, TimeSpan.FromSeconds(60));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void IdleUnits_ForLongEnough_AreOfferedAndWithdrawn()
    {
        using var pool = Build(out var time);
        var b = pool["b"];
        Run(time, TimeSpan.FromSeconds(9));
        Assert.Equal(0, b.Offered);
        Run(time, TimeSpan.FromSeconds(3));
        Assert.Equal(5, b.Offered);
        var leases = Take(b, 8);
        Run(time, TimeSpan.FromSeconds(1) + Sample);
        Assert.Equal(2, b.Offered);
        leases.ForEach(static l => l.Dispose());
    }

    internal static ResourcePool Build(out FakeTimeProvider time, Action<ResourcePoolOptions>? configure = null)
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Balancing.Mode = BalancingMode.On;
        configure?.Invoke(options);
        time = new FakeTimeProvider();
        return new ResourcePool(options, time);
    }

    internal static List<ResourceLease> Take(Participant participant, int units)
    {
        var leases = new List<ResourceLease>();
        for (var i = 0; i < units; i++) leases.Add(participant.TryAcquire());
        Assert.All(leases, static l => Assert.True(l.IsAcquired));
        return leases;
    }

    /// <summary>Lets time pass in steps of a sample, as it does.</summary>
    internal static void Run(FakeTimeProvider time, TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Sample) time.Advance(Sample);
    }
}
