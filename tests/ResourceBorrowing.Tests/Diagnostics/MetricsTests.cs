using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Diagnostics;

public class MetricsTests
{
    [Theory]
    [InlineData("ru.limit", 15, 5)]
    [InlineData("ru.usage", 12, 1)]
    [InlineData("ru.lent", 0, 5)]
    [InlineData("ru.borrowed", 5, 0)]
    [InlineData("ru.waiting", 4, 0)]
    [InlineData("ru.debt", 0, 0)]
    [InlineData("loan.active", 1, 0)]
    public void Gauge_WhenCollected_ReadsTheWords(string name, int ofA, int ofB)
    {
        var (pool, meters, _) = Metered();
        using var collector = new MetricCollector<int>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing." + name);
        var (a, b) = (pool["a"], pool["b"]);
        _ = a.TryBorrow(b, 5, TestPool.Term);
        using var heldA = a.TryAcquire(12);
        using var heldB = b.TryAcquire(1);
        _ = a.AcquireAsync(4).AsTask();

        collector.RecordObservableInstruments();
        var byName = collector.GetMeasurementSnapshot().ToDictionary(static m => (string)m.Tags["resource_borrowing.participant"]!, static m => m.Value);
        Assert.Equal((ofA, ofB), (byName["a"], byName["b"]));
        Assert.Contains("(reserve)", byName.Keys);
    }

    [Fact]
    public void Gauge_Ratios_AreReadable()
    {
        var (pool, meters, _) = Metered();
        using var utilization = new MetricCollector<double>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.ru.utilization");
        using var reputation = new MetricCollector<double>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.reputation");
        using var capacity = new MetricCollector<int>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.ru.capacity");
        using var held = pool["a"].TryAcquire(5);
        utilization.RecordObservableInstruments();
        reputation.RecordObservableInstruments();
        capacity.RecordObservableInstruments();
        Assert.Equal(0.5, utilization.GetMeasurementSnapshot()[0].Value);
        Assert.All(reputation.GetMeasurementSnapshot(), static m => Assert.Equal(50, m.Value));
        Assert.Equal(30, capacity.LastMeasurement!.Value);
    }

    [Fact]
    public async Task Counters_OnSlowPaths_SayWhatHappened()
    {
        var (pool, meters, time) = Metered();
        using var loans = new MetricCollector<long>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.loans");
        using var refusals = new MetricCollector<long>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.refusals");
        using var duration = new MetricCollector<double>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.loan.duration");
        using var queued = new MetricCollector<double>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.request.time_in_queue");
        var (a, b) = (pool["a"], pool["b"]);
        time.Advance(TimeSpan.FromSeconds(1));
        _ = a.TryBorrow(b, 5, TestPool.Term);
        _ = a.TryBorrow(b, 1, TestPool.Term);
        var held = a.TryAcquire(15);
        _ = a.TryAcquire();
        var wait = a.AcquireAsync(10);
        time.Advance(TimeSpan.FromSeconds(2));
        held.Dispose();
        (await wait.Within()).Dispose();
        time.Advance(TestPool.Term);

        Assert.Equal(["granted", "lending_limit"], loans.GetMeasurementSnapshot().Select(static m => (string)m.Tags["resource_borrowing.result"]!));
        Assert.Equal("not_available", Assert.Single(refusals.GetMeasurementSnapshot()).Tags["resource_borrowing.reason"]);
        Assert.Equal(10, Assert.Single(duration.GetMeasurementSnapshot()).Value);
        Assert.Equal(2, Assert.Single(queued.GetMeasurementSnapshot()).Value);
    }

    /// <summary>Every reason has a name of its own; none is called other.</summary>
    [Fact]
    public void Refusals_AreCountedByTheirReason()
    {
        var (pool, meters, _) = Metered();
        using var refusals = new MetricCollector<long>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.refusals");
        var reasons = Enum.GetValues<RefusalReason>().Where(static r => r != RefusalReason.None).ToArray();
        foreach (var reason in reasons) pool.Metrics.Refused("a", reason);
        var names = refusals.GetMeasurementSnapshot().Select(static m => (string)m.Tags["resource_borrowing.reason"]!).ToArray();
        Assert.Equal(reasons.Select(static r => r.ToString()), names.Select(static n => string.Concat(n.Split('_').Select(static w => char.ToUpperInvariant(w[0]) + w[1..]))));
    }

    [Fact]
    public void Policy_ThatThrows_IsContainedCountedAndLogged()
    {
        var meters = Meters();
        using var contained = new MetricCollector<long>(meters, ResourceBorrowingDiagnostics.MeterName, "resource_borrowing.contained_exceptions");
        using var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(b => b.AddProvider(logs));
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)), time, new Broken(), factory, meters);
        _ = pool["a"].TryBorrow(pool["b"], 5, TestPool.Term);
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
        Assert.Equal(50, pool["a"].Standing.Score);
        // Return, impact and borrowing of the one party, and the other as a neighbour.
        Assert.Equal(4, contained.GetMeasurementSnapshot().Count);
        Assert.Contains(logs.Collector.GetSnapshot(), static r => r.Id.Name == "ExceptionContained" && r.Exception is DivideByZeroException);
    }

    [Fact]
    public void Listener_ThatThrows_ReachesNobody()
    {
        var (pool, meters, time) = Metered();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                // Its own pool's only: all tests' meters have this name.
                if (instrument.Meter.Scope == meters) l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => throw new InvalidOperationException("listener"));
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidOperationException("listener"));
        listener.Start();
        var loan = pool["a"].TryBorrow(pool["b"], 5, TestPool.Term);
        Assert.True(loan.IsGranted);
        using (pool["a"].TryAcquire(15)) Assert.False(pool["b"].TryAcquire(9).IsAcquired);
        time.Advance(TestPool.Term);
        Assert.True(pool["a"].Reputation > 50);
        TestPool.AssertAtRest(pool);
    }

    private static (ResourcePool Pool, IMeterFactory Meters, FakeTimeProvider Time) Metered()
    {
        var meters = Meters();
        var time = new FakeTimeProvider();
        return (new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)), time, meterFactory: meters), meters, time);
    }

    private static IMeterFactory Meters() => new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private sealed class Broken : IReputationPolicy
    {
        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => throw new DivideByZeroException();

        public double Score(in ReputationRecord record, TimeSpan now) => double.NaN;
    }
}
