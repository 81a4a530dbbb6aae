using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Forecasting;
using ResourceBorrowing.Tests.Loans;

namespace ResourceBorrowing.Tests;

/// <summary>Whatever a forecaster does, loans expire, callers are served, and plans go on for the others.</summary>
public class BalancingFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(Fault.Constructor, 1)]
    [InlineData(Fault.Observe, 3)]
    [InlineData(Fault.TryForecast, 3)]
    public async Task Forecaster_ThatThrows_IsContainedAndCounted_AndUnitsMoveForAll(Fault fault, int times)
    {
        using var provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = provider.GetRequiredService<IMeterFactory>();
        using var contained = new MetricCollector<long>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.contained_exceptions");
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(Options(name => new Faulty(name == "a" ? fault : Fault.None)), time, meterFactory: meters);
        var held = pool["a"].TryAcquire(10);
        var waiting = pool["a"].AcquireAsync(2).AsTask();
        BalancingTests.Run(time, 3 * Second);
        Assert.Equal(Enumerable.Repeat("forecaster", times), contained.GetMeasurementSnapshot().Select(static m => (string)m.Tags["resource_borrowing.source"]!));
        Assert.True((await waiting.Within()).IsAcquired);
        Assert.InRange(pool["a"].Allocation, 12, 14);
        Assert.Equal(42, Balance(pool, "b").Forecast!.SafeMost);
        TestPool.AssertLaws(pool);
        held.Dispose();
    }

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(-1, 0)]
    [InlineData(double.PositiveInfinity, 0)]
    [InlineData(40, -1)]
    public async Task Forecaster_ThatTellsNonsense_CountsAsNone(double first, double step)
    {
        using var pool = BalancingTests.Build(out var time, options => Foresee(options, name => new Faulty(name == "a" ? Fault.Nonsense : Fault.None) { First = first, Step = step }));
        var held = pool["a"].TryAcquire(10);
        var waiting = pool["a"].AcquireAsync(2).AsTask();
        BalancingTests.Run(time, 3 * Second);
        Assert.True((await waiting.Within()).IsAcquired);
        Assert.Null(Balance(pool, "a").Forecast!.SafeMost);
        Assert.Equal(42, Balance(pool, "b").Forecast!.SafeMost);
        held.Dispose();
    }

    [Fact]
    public void Forecaster_ThatIsBelievedAndForeseesMoreThanThereIs_StopsNobodysPlan()
    {
        using var pool = BalancingTests.Build(out var time, options =>
        {
            options.Capacity = 30;
            (options.Participants[0].BorrowingLimit, options.Participants[1].LendingLimit) = (2, 10);
            options.AddParticipant("c", 10, static p => (p.BorrowOnDemand, p.BorrowingLimit) = (false, 0));
            Foresee(options, name => new Faulty(name == "a" ? Fault.Nonsense : Fault.None) { First = 1e300 });
        });
        var a = pool["a"];
        for (var i = 0; i < 20; i++)
        {
            BalancingTests.Run(time, 3 * Second);
            var held = a.TryAcquire(a.Allocation);
            Assert.False(a.TryAcquire(1).IsAcquired);
            BalancingTests.Run(time, 3 * Second);
            held.Dispose();
        }

        Assert.True(Balance(pool, "a").Forecast is { IsTrusted: true, SafeMost: 1e300 }, pool.ReportBalance()!.ToString());
        var report = pool.ReportBalance()!;
        Assert.True(report.At > pool.Elapsed - 2 * Second, "plans go on");
        Assert.Equal(30, report.Participants.Sum(static p => p.Planned));
        Assert.All(report.Participants, static p => Assert.InRange(p.Planned, 0, p.Ceiling));
        TestPool.AssertLaws(pool);
    }

    /// <summary>What a step brought is known, whatever the forecaster made of it: an alarm that was open is judged by it.</summary>
    [Fact]
    public void Forecaster_ThatThrowsNowAndThen_IsJudgedByEveryStep()
    {
        var faulty = new Faulty(Fault.Nonsense) { First = 5 };
        var forecast = new DemandForecast(faulty);
        forecast.Add(1, 0, 1000, 1000, 1000, line: 2);
        faulty.Fault = Fault.Observe;
        for (var step = 2; step <= 1 + DemandQuantiles.Window; step++)
        {
            Assert.Equal(0, forecast.Alarms.Known);
            Assert.Throws<FaultOnPurposeException>(() => forecast.Add(1, 0, 1000, step * 1000, 1000, line: 2));
        }

        Assert.Equal((1, 0.0), forecast.Alarms);
    }

    [Fact]
    public async Task Plan_ThatTakesLongerThanAPlanningPeriod_LeavesAllocationsAsTheyAre()
    {
        var time = new SteppedTime();
        var isSlow = true;
        using var pool = new ResourcePool(Options(name => new Faulty(Fault.None) { Observed = () => time.Now += isSlow ? 2 * Second : TimeSpan.Zero }), time);
        var held = pool["a"].TryAcquire(10);
        var waiting = pool["a"].AcquireAsync(2).AsTask();
        for (var i = 0; i < 5; i++) Fire(time);

        Assert.Equal("the plan took longer than a planning period", pool.ReportBalance()!.Reason);
        Assert.True(pool.ReportBalance()!.UnitsPlanned >= 2);
        Assert.Equal((0, 10, false), (pool.ReportBalance()!.UnitsMoved, pool["a"].Allocation, waiting.IsCompleted));
        isSlow = false;
        Fire(time);
        Assert.True((await waiting.Within()).IsAcquired);
        held.Dispose();
    }

    [Fact]
    public async Task Forecaster_ThatNeverReturns_HoldsUpNoLoanAndNoCaller()
    {
        using var end = new ManualResetEventSlim();
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = Options(name => new Faulty(Fault.None)
        {
            Observed = () =>
            {
                called.TrySetResult();
                end.Wait();
            },
        });
        (options.PlanningPeriod, options.Balancing.SamplePeriod, options.Forecasting.Step) = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5));
        options.Participants[1].BorrowOnDemand = true;
        options.Stability.IsEnabled = false;
        using var logs = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        using var pool = new ResourcePool(options, loggerFactory: loggers);
        var (a, b) = (pool["a"], pool["b"]);
        await called.Task.Within();
        Assert.True(SpinWait.SpinUntil(() => logs.Collector.GetSnapshot().Any(static r => r.Id.Name == "PlanIsLate"), TimeSpan.FromSeconds(30)), "somebody learns of it");

        var loan = a.TryBorrow(b, 2, TimeSpan.FromMilliseconds(20));
        Assert.True(loan.IsGranted);
        Assert.True(SpinWait.SpinUntil(() => !loan.IsActive, TimeSpan.FromSeconds(30)), "loans expire");
        var held = b.TryAcquire(12);
        Assert.True(held.IsAcquired, "a caller is served, and what it misses is borrowed");
        var waiting = b.AcquireAsync(4);
        held.Dispose();
        (await waiting.Within()).Dispose();
        Assert.Null(pool.ReportBalance());
        TestPool.AssertLaws(pool);
        end.Set();
        Assert.True(SpinWait.SpinUntil(() => pool.ReportBalance() is not null, TimeSpan.FromSeconds(30)), "the plan ends when it can");
    }

    /// <summary>What is saved then is no plan that is late, and the next one does not wait for another period.</summary>
    [Fact]
    public void Plan_ThatIsDueWhileForecastsAreSaved_ComesRightAfter()
    {
        using var logs = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(Options(static _ => new Faulty(Fault.None)), time, loggerFactory: loggers);
        using var held = pool["a"].TryAcquire(3);
        BalancingTests.Run(time, 2 * Second);
        Assert.True(pool.Balancer!.TryBetweenPlans(() => BalancingTests.Run(time, 1.5 * Second)));
        var before = pool.ReportBalance()!.At;
        BalancingTests.Run(time, TimeSpan.FromMilliseconds(30));
        Assert.True(pool.ReportBalance()!.At > before);
        Assert.DoesNotContain(logs.Collector.GetSnapshot(), static r => r.Id.Name == "PlanIsLate");
    }

    [Fact]
    public void Plan_OfAPoolThatWasDisposedMeanwhile_MovesNothing()
    {
        ResourcePool? pool = null;
        var time = new FakeTimeProvider();
        // Whoever is asked last: the others have been looked at.
        var options = Options(name => new Faulty(Fault.None) { Observed = () => { if (name == "c") pool!.Dispose(); } });
        options.Capacity = 30;
        options.AddParticipant("c", 10);
        pool = new ResourcePool(options, time);
        var held = pool["a"].TryAcquire(10);
        Assert.False(pool["a"].TryAcquire(2).IsAcquired);
        BalancingTests.Run(time, 2 * Second);
        Assert.True(pool.IsDisposed);
        Assert.True(pool.ReportBalance() is { UnitsPlanned: >= 2, UnitsMoved: 0, Reason: "the pool was disposed" }, pool.ReportBalance()!.ToString());
        Assert.Equal((10, 10), (pool["a"].Allocation, pool["b"].Allocation));
        held.Dispose();
    }

    private static void Fire(SteppedTime time)
    {
        time.Now += Second;
        time.Fire();
    }

    private static ResourcePoolOptions Options(Func<string, IDemandForecaster> make)
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Balancing.Mode = BalancingMode.On;
        Foresee(options, make);
        return options;
    }

    private static void Foresee(ResourcePoolOptions options, Func<string, IDemandForecaster> make)
    {
        (options.Forecasting.IsEnabled, options.Forecasting.Step) = (true, Second);
        options.Forecasting.UseForecaster(make);
    }

    private static ParticipantBalance Balance(ResourcePool pool, string name) => pool.ReportBalance()!.Participants.Single(p => p.Name == name);

    /// <summary>Where a forecaster fails.</summary>
    public enum Fault
    {
        /// <summary>Nowhere.</summary>
        None,

        /// <summary>There is none.</summary>
        Constructor,

        /// <summary>It does not learn.</summary>
        Observe,

        /// <summary>It does not foresee.</summary>
        TryForecast,

        /// <summary>It foresees what it is told to.</summary>
        Nonsense,
    }

    private sealed class FaultOnPurposeException : Exception;

    private sealed class Faulty : IDemandForecaster
    {
        internal Faulty(Fault fault)
        {
            if (fault == Fault.Constructor) throw new FaultOnPurposeException();
            Fault = fault;
        }

        internal Fault Fault { get; set; }

        internal double First { get; init; }

        internal double Step { get; init; }

        internal Action Observed { get; init; } = static () => { };

        public void Observe(double value)
        {
            if (Fault == Fault.Observe) throw new FaultOnPurposeException();
            Observed();
        }

        public bool TryForecast(DemandTarget target, Span<double> quantiles)
        {
            if (Fault == Fault.TryForecast) throw new FaultOnPurposeException();
            for (var i = 0; i < quantiles.Length; i++) quantiles[i] = Fault == Fault.Nonsense ? First + i * Step : 42;
            return true;
        }
    }
}
