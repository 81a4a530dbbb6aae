using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests;

/// <summary>A host that is overloaded lends nothing and takes back what is out, the riskiest first, until it has been well for a while.</summary>
public class OverloadTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Overload_EndsLending_RecallsBitByBit_AndIsOverOnlyAfterAWhile()
    {
        var (pool, time, load) = Of30();
        var (a, b) = (pool["a"], pool["b"]);
        Assert.Equal(8, Enumerable.Range(0, 8).Count(_ => a.TryBorrow(b, 1, TimeSpan.FromHours(1)).IsGranted));
        load.Value = 80;
        time.Advance(Second);
        Assert.True(pool.ReportStability().IsOverloaded);
        Assert.Equal("health 0.20, overloaded: queue 80 (healthy to 0, unhealthy from 100)", pool.ReportStability().ToString());
        var refused = a.TryBorrow(b, 1, Second);
        Assert.Equal(RefusalReason.Overload, refused.Refusal);
        Assert.Equal("'b' does not lend 1 now: the host is overloaded", refused.Explanation);
        Assert.False(a.TryBorrow(1, Second).IsGranted);

        List<int> lent = [b.Lent];
        for (var i = 0; i < 3; i++)
        {
            time.Advance(Second);
            lent.Add(b.Lent);
        }

        // A quarter of what is left, rounded up.
        Assert.Equal([6, 4, 3, 2], lent);

        load.Value = 35;
        for (var i = 0; i < 4; i++)
        {
            time.Advance(Second);
            Assert.Equal(RefusalReason.Overload, a.TryBorrow(b, 1, Second).Refusal);
        }

        time.Advance(Second);
        Assert.False(pool.ReportStability().IsOverloaded);
        Assert.True(a.TryBorrow(b, 1, Second).IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void Overload_RecallsFromTheLowestReputationFirst()
    {
        var (pool, time, load) = Of30();
        var (a, b, risky) = (pool["a"], pool["b"], pool["risky"]);
        Assert.True(a.TryBorrow(b, 2, TimeSpan.FromHours(1)).IsGranted);
        Assert.True(risky.TryBorrow(b, 2, TimeSpan.FromHours(1)).IsGranted);
        risky.Standing.Load(default(ReputationRecord).With(EvidenceSource.Return, 0, 1), 42.75, 0, 0, [], []);
        load.Value = 100;
        time.Advance(Second);
        time.Advance(Second);
        Assert.Equal((2, 0), (a.Borrowed, risky.Borrowed));
    }

    [Fact]
    public void Health_BetweenTheThresholds_ShrinksWhatIsLent()
    {
        var (pool, time, load) = Of30();
        var (a, b) = (pool["a"], pool["b"]);
        load.Value = 54;
        time.Advance(Second);
        // Health 0.46 is a good half of the way from 0.3 to 0.6, so of the lending limit of 8 a good half is left.
        Assert.Equal(4, b.Lendable);
        Assert.Equal(RefusalReason.Overload, a.TryBorrow(b, 5, Second).Refusal);
        Assert.True(a.TryBorrow(b, 4, Second).IsGranted);
        Assert.False(pool.ReportStability().IsOverloaded);
    }

    [Fact]
    public void Renewal_InOverload_IsRefused()
    {
        var (pool, time, load) = Of30();
        var loan = pool["a"].TryBorrow(new LoanRequest(1) { Lender = pool["b"], Duration = TimeSpan.FromHours(1), Terms = new LoanTerms { IsRecallable = false } });
        load.Value = 100;
        time.Advance(Second);
        Assert.Equal(RefusalReason.Overload, loan.TryRenew(Second));
        Assert.True(loan.IsActive, "what may not be recalled goes on");
    }

    [Fact]
    public async Task Caller_ThatWaitsForALoan_GetsItWhenTheOverloadIsOver()
    {
        var (pool, time, load) = Of30(borrowsOnDemand: true);
        load.Value = 100;
        time.Advance(Second);
        var own = pool["a"].TryAcquire(8);
        var waiting = pool["a"].AcquireAsync();
        Assert.False(waiting.IsCompleted);
        load.Value = 0;
        for (var i = 0; i < 5; i++) time.Advance(Second);
        using var lease = await waiting.Within();
        Assert.True(lease.IsAcquired);
        own.Dispose();
    }

    [Fact]
    public void Signal_ThatThrows_IsContained_AndHarmsNoHealth()
    {
        var load = new Load { Throws = true };
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(10, ("a", 10)), time, signals: [load]);
        time.Advance(Second);
        Assert.True(load.Reads > 0);
        Assert.Equal(1, pool.ReportStability().Health);
    }

    [Fact]
    public void Pool_ThatIsNotToWatch_Reads_Nothing()
    {
        var load = new Load { Value = 100 };
        var options = TestPool.Options(10, ("a", 10));
        options.Stability.IsEnabled = false;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time, signals: [load]);
        pool["a"].RecordOutcome(Second);
        time.Advance(10 * Second);
        Assert.Equal((0, 1.0, "the host is not watched"), (load.Reads, pool.ReportStability().Health, pool.ReportStability().Reason));
    }

    [Fact]
    public void Outcomes_ThatGrowSlow_AreThePoolsHealth()
    {
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(10, ("a", 10)), time);
        for (var i = 0; i < 70; i++)
        {
            for (var request = 0; request < 20; request++) pool["a"].RecordOutcome(TimeSpan.FromMilliseconds(10));
            time.Advance(Second);
        }

        Assert.Equal(1, pool.ReportStability().Health);
        for (var i = 0; i < 5; i++)
        {
            for (var request = 0; request < 20; request++) pool["a"].RecordOutcome(TimeSpan.FromMilliseconds(18));
            time.Advance(Second);
        }

        var report = pool.ReportStability();
        Assert.InRange(report.Health, 0.2, 0.25);
        Assert.Contains("'a' 1.8", report.Reason, StringComparison.Ordinal);
        Assert.True(pool.RemoveAsync("a").IsCompletedSuccessfully);
        Assert.DoesNotContain(pool.ReportStability().Readings, static r => r.Participant is not null);
    }

    [Fact]
    public async Task HealthCheck_SaysThatTheHostIsOverloaded_AndWhy()
    {
        var load = new Load();
        var time = new FakeTimeProvider();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<IStabilitySignal>(load);
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 10).AddParticipant("a", 10);
        builder.Services.AddHealthChecks().AddResourceBorrowing();
        using var host = builder.Build();
        await host.StartAsync();
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await checks.CheckHealthAsync()).Status);
        load.Value = 100;
        time.Advance(Second);
        var entry = (await checks.CheckHealthAsync()).Entries["resource_borrowing"];
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal("The host is overloaded, and nothing is lent: queue 100 (healthy to 0, unhealthy from 100).", entry.Description);
        Assert.Equal(0.0, entry.Data["health"]);
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(0.5, 0.4)]
    [InlineData(double.NaN, 0.4)]
    [InlineData(-0.1, 0.4)]
    [InlineData(0.1, 1.1)]
    public void Thresholds_ThatCannotBe_AreRefused(double threshold, double recovery)
    {
        var services = new ServiceCollection();
        services.AddResourceBorrowing(o => (o.Capacity, o.Stability.OverloadThreshold, o.Stability.RecoveryThreshold) = (10, threshold, recovery));
        using var provider = services.BuildServiceProvider();
        Assert.Contains("Threshold", Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<ResourcePool>()).Message, StringComparison.Ordinal);
    }

    /// <summary>a owns 8, b and the risky one too.</summary>
    private static (ResourcePool Pool, FakeTimeProvider Time, Load Load) Of30(bool borrowsOnDemand = false)
    {
        var options = TestPool.Options(24, ("a", 8), ("b", 8), ("risky", 8));
        foreach (var participant in options.Participants) (participant.LendingLimit, participant.BorrowOnDemand) = (8, borrowsOnDemand);
        var (time, load) = (new FakeTimeProvider(), new Load());
        return (new ResourcePool(options, time, signals: [load]), time, load);
    }

    private sealed class Load : IStabilitySignal
    {
        public string Name => "queue";

        public double Healthy => 0;

        public double Unhealthy => 100;

        internal double Value { get; set; }

        internal bool Throws { get; init; }

        internal int Reads { get; private set; }

        public double? Read(TimeSpan now)
        {
            Reads++;
            return Throws ? throw new InvalidOperationException("no reading today") : Value;
        }
    }
}
