using CsCheck;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests.Stability;

public sealed class StabilityMonitorTests : IDisposable
{
    private readonly StubHost _host = new();
    private TimeSpan _now;

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Health_BeforeAnySample_IsOneAndSaysWhy()
    {
        var monitor = new StabilityMonitor(_host);
        Assert.Equal(1, monitor.Health);
        Assert.Equal("nothing has been measured yet", monitor.Report().Reason);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(105, 0.5)]
    [InlineData(200, 0)]
    [InlineData(5000, 0)]
    [InlineData(double.PositiveInfinity, 0)]
    [InlineData(double.NaN, 1)]
    [InlineData(-1, 1)]
    public void Health_OfAPoolLatency_FallsInAStraightLine(double latency, double health)
    {
        var monitor = new StabilityMonitor(_host);
        _host.Latency = latency;
        Sample(monitor, 2);
        Assert.Equal(health, monitor.Health, 1e-12);
    }

    [Fact]
    public void Reason_OfTheWorstSignal_NamesReadingAndLimits()
    {
        var monitor = new StabilityMonitor(_host);
        Sample(monitor, 1);
        Assert.Equal("all signals are healthy", monitor.Reason);
        (_host.Latency, _host.CollectorPauses) = (140, TimeSpan.FromSeconds(0.06));
        Sample(monitor, 1);
        Assert.Equal("thread-pool latency 140 ms (healthy to 10, unhealthy from 200)", monitor.Reason);
        Assert.Equal("health 0.32: thread-pool latency 140 ms (healthy to 10, unhealthy from 200)", monitor.Report().ToString());
    }

    [Fact]
    public void Totals_OverTheTimePassed_BecomeShares()
    {
        var monitor = new StabilityMonitor(_host);
        Sample(monitor, 1);
        Assert.Null(Reading(monitor, "GC pause"));
        (_host.CollectorPauses, _host.ProcessorTime, _host.AllocatedBytes, _host.LockContentions) = (TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(3), 4_000, 10);
        _now += TimeSpan.FromSeconds(1);
        Sample(monitor, 1);
        Assert.Equal(10, Reading(monitor, "GC pause")!.Value, 1e-9);
        Assert.Equal(37.5, Reading(monitor, "CPU use")!.Value, 1e-9);
        Assert.Equal(2_000, Reading(monitor, "allocation"));
        Assert.Equal(5, Reading(monitor, "lock contentions"));
        Assert.Equal(1 - 5.0 / 15, monitor.Health, 1e-9);
    }

    [Fact]
    public void Signals_ThatTheSystemDoesNotOffer_AreListedAsMissing()
    {
        (_host.ProcessorTime, _host.CpuPressure) = (null, null);
        var monitor = new StabilityMonitor(_host);
        Sample(monitor, 3);
        var report = monitor.Report();
        Assert.Equal(["CPU use", "CPU pressure"], report.Missing);
        Assert.DoesNotContain(report.Readings, static r => r.Name.StartsWith("CPU", StringComparison.Ordinal));
        Assert.Equal(["GC pause", "CPU use", "thread-pool latency", "CPU pressure"], new StabilityMonitor(null).Report().Missing);
    }

    [Fact]
    public void CpuPressure_HoweverHigh_OnlyInforms()
    {
        var monitor = new StabilityMonitor(_host);
        _host.CpuPressure = 100;
        Sample(monitor, 200);
        Assert.Equal(100, Reading(monitor, "CPU pressure"));
        Assert.Equal(1, monitor.Health);
        Assert.False(monitor.WasSteady(monitor.Samples, 60));
    }

    [Fact]
    public void Overload_Ends_OnlyAfterHealthStayedGood()
    {
        var monitor = new StabilityMonitor(_host, limits: new OverloadLimits(0.3, 0.6, 5));
        SampleHealth(monitor, 0.31);
        Assert.False(monitor.IsOverloaded);
        SampleHealth(monitor, 0.29);
        Assert.True(monitor.IsOverloaded);
        SampleHealth(monitor, 0.59, 20);
        Assert.True(monitor.IsOverloaded);
        SampleHealth(monitor, 0.61, 4);
        SampleHealth(monitor, 0.59);
        SampleHealth(monitor, 0.61, 4);
        Assert.True(monitor.IsOverloaded);
        SampleHealth(monitor, 0.61);
        Assert.False(monitor.IsOverloaded);
    }

    /// <summary>The law: it begins only below the threshold, and ends only after so many good samples on end; it never flips both ways within them.</summary>
    [Fact]
    public void Overload_OfAnyHealth_BeginsBelowTheThresholdAndEndsAfterGoodSamples() => Gen.Double[0, 1].Array[1, 60].Sample(static healths =>
    {
        var limits = OverloadLimits.Default;
        var state = default(Overload);
        for (var i = 0; i < healths.Length; i++)
        {
            var next = state.After(healths[i], limits);
            if (!state.IsOverloaded) Assert.Equal(healths[i] < limits.Threshold, next.IsOverloaded);
            else Assert.Equal(i >= 4 && healths[(i - 4)..(i + 1)].All(h => h > limits.Recovery), !next.IsOverloaded);
            state = next;
        }
    });

    [Fact]
    public void UserSignal_ThatThrowsOrGivesNoNumber_IsContainedAndCounted()
    {
        var queue = new StubSignal("order queue length", 100, 500);
        var disk = new StubSignal("free disk", 20, 5);
        var monitor = new StabilityMonitor(null, [queue, disk]);
        queue.Reading = static _ => throw new InvalidOperationException();
        disk.Reading = static _ => double.NaN;
        Sample(monitor, 1);
        Assert.Equal((2, 1.0), (monitor.SignalFailures, monitor.Health));
        (queue.Reading, disk.Reading) = (static _ => 200, static _ => 8);
        Sample(monitor, 1);
        Assert.Equal(0.2, monitor.Health, 1e-12);
        Assert.Equal("free disk 8 (healthy to 20, unhealthy from 5)", monitor.Reason);
        (queue.Reading, disk.Reading) = (static _ => null, static _ => null);
        Sample(monitor, 1);
        Assert.Equal((2, 1.0), (monitor.SignalFailures, monitor.Health));
    }

    [Theory]
    [InlineData("", 1, 2)]
    [InlineData("x", 1, 1)]
    [InlineData("x", double.NaN, 1)]
    [InlineData("x", 1, double.PositiveInfinity)]
    public void UserSignal_WithoutAScale_IsRefused(string name, double healthy, double unhealthy) =>
        Assert.Throws<ArgumentException>(() => new StabilityMonitor(null, [new StubSignal(name, healthy, unhealthy)]));

    [Fact]
    public void Host_ThatThrows_IsContainedAndCounted()
    {
        var monitor = new StabilityMonitor(_host);
        _host.IsBroken = true;
        Sample(monitor, 2);
        Assert.Equal((2L, 2L), (monitor.SignalFailures, monitor.Samples));
        monitor.Dispose();
        Assert.True(_host.IsDisposed);
    }

    [Fact]
    public void Sample_WhenTheClockStandsOrRunsBack_IsNone()
    {
        var monitor = new StabilityMonitor(_host);
        monitor.Sample(TimeSpan.FromSeconds(5));
        _host.Latency = 200;
        monitor.Sample(TimeSpan.FromSeconds(5));
        monitor.Sample(TimeSpan.FromSeconds(-5));
        monitor.Sample(TimeSpan.MinValue);
        Assert.Equal((1L, 1.0), (monitor.Samples, monitor.Health));
        monitor.Sample(TimeSpan.FromSeconds(6));
        Assert.Equal((2L, 0.0), (monitor.Samples, monitor.Health));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 0)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 1)]
    [InlineData(5, 2, 0)]
    [InlineData(6, 3, 0)]
    [InlineData(6, 4, 1)]
    public void Participants_CountAsTheHost_WhenMostOfThemSuffer(int participants, int slow, int isTheHosts)
    {
        var monitor = new StabilityMonitor(_host);
        var recorders = Enumerable.Range(0, participants).Select(static i => new OutcomeRecorder($"p{i}")).ToArray();
        foreach (var recorder in recorders) monitor.Add(recorder);
        monitor.Add(new OutcomeRecorder("silent"));
        for (var second = 0; second < 65; second++)
        {
            for (var i = 0; i < participants; i++)
                for (var k = 0; k < 30; k++) recorders[i].Record(TimeSpan.FromMilliseconds(i < slow && second >= 60 ? 15 : 10), failed: false);
            Sample(monitor, 1);
        }

        Assert.Equal(1 - isTheHosts * 0.4 / 0.9, monitor.Health, 1e-3);
        Assert.Contains(monitor.Report().Readings, static r => r.ToString() == "latency against the minute before of 'p0' 1.5 (healthy to 1.1, unhealthy from 2)");
        if (isTheHosts == 0) Assert.Equal("all signals are healthy", monitor.Reason);
        else Assert.Matches("^latency against the minute before of 'p.' 1.5 .healthy to 1.1, unhealthy from 2.$", monitor.Reason);
        foreach (var recorder in recorders[..slow]) monitor.Remove(recorder);
        Sample(monitor, 1);
        Assert.Equal(1, monitor.Health);
        Assert.DoesNotContain(monitor.Report().Readings, static r => r.Participant == "p0");
    }

    [Fact]
    public void Steadiness_OfAHost_NeedsAWholeSpanWithoutMoves()
    {
        var monitor = new StabilityMonitor(_host);
        Sample(monitor, 59);
        Assert.False(monitor.WasSteady(monitor.Samples, 130));
        Sample(monitor, 61);
        Assert.True(monitor.WasSteady(monitor.Samples, 120));
        _host.Latency = 50;
        Sample(monitor, 10);
        Assert.True(monitor.WasSteady(monitor.Samples, 60));
        _host.Latency = 60;
        Sample(monitor, 1);
        var moved = monitor.Samples;
        Assert.False(monitor.WasSteady(moved, 60));
        Assert.True(monitor.WasSteady(moved - 11, 60));
        Sample(monitor, 80);
        Assert.True(monitor.WasSteady(monitor.Samples, 60));
        Assert.False(monitor.WasSteady(moved + 20, 60));
        Assert.False(monitor.WasSteady(monitor.Samples, 0));
        Assert.False(new StabilityMonitor(null).WasSteady(0, 60));
    }

    [Fact]
    public void AnyReadings_Whatever_GiveAHealthBetween0And1() => Gen.Select(
        Gen.OneOf(Gen.Double, Gen.Double[0, 300], Gen.Const(double.NaN), Gen.Const(double.PositiveInfinity), Gen.Const(double.NegativeInfinity)).Array[4], Gen.Long.Array[6], Gen.Int[-5, 100].Array[1, 8]).Sample(
        static (doubles, longs, times) =>
        {
            var host = new StubHost();
            var signal = new StubSignal("x", doubles[2], doubles[3]) { Reading = _ => doubles[0] };
            if (!double.IsFinite(doubles[2]) || !double.IsFinite(doubles[3]) || doubles[2] == doubles[3]) signal = new StubSignal("x", 0, 1);
            var monitor = new StabilityMonitor(host, [signal]);
            var recorder = new OutcomeRecorder("a");
            monitor.Add(recorder);
            foreach (var time in times)
            {
                (host.Latency, host.CpuPressure, host.Processors) = (doubles[0], doubles[1], (int)longs[0]);
                (host.CollectorPauses, host.ProcessorTime) = (new(longs[0]), new(longs[1]));
                (host.AllocatedBytes, host.CompletedWorkItems, host.PendingWorkItems, host.LockContentions) = (longs[2], longs[3], longs[4], longs[5]);
                for (var k = 0; k < 120; k++) recorder.Record(new(longs[k % 6]), longs[k % 5] % 2 == 0);
                monitor.Sample(TimeSpan.FromSeconds(time));
                Assert.InRange(monitor.Health, 0, 1);
                monitor.WasSteady(monitor.Samples, time);
                Assert.NotEmpty(monitor.Report().ToString());
            }
        });

    [Fact]
    public void Sample_WithEightParticipantsOnTheRealHost_AllocatesNothing()
    {
        using var monitor = new StabilityMonitor(new HostReadings(TimeProvider.System), [new StubSignal("x", 0, 1) { Reading = static _ => 0.5 }]);
        var recorders = Enumerable.Range(0, 8).Select(static i => new OutcomeRecorder($"api{i}")).ToArray();
        foreach (var recorder in recorders) monitor.Add(recorder);
        void Tick()
        {
            foreach (var recorder in recorders)
                for (var k = 0; k < 25; k++) recorder.Record(TimeSpan.FromMilliseconds(k), k == 0);
            _now += TimeSpan.FromSeconds(1);
            monitor.Sample(_now);
            monitor.WasSteady(monitor.Samples, 60);
        }

        for (var i = 0; i < 200; i++) Tick();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 200; i++) Tick();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotNull(Reading(monitor, "GC pause"));
        Assert.NotNull(Reading(monitor, "CPU use"));
    }

    private void Sample(StabilityMonitor monitor, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _now += TimeSpan.FromSeconds(1);
            monitor.Sample(_now);
        }
    }

    private void SampleHealth(StabilityMonitor monitor, double health, int times = 1)
    {
        _host.Latency = 10 + (1 - health) * 190;
        Sample(monitor, times);
        Assert.Equal(health, monitor.Health, 1e-9);
    }

    private static double? Reading(StabilityMonitor monitor, string name) => monitor.Report().Readings.Single(r => r.Name == name).Value;
}
