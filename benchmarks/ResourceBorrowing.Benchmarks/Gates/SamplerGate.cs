using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One sample of the stability monitor: all signals of this host, and the outcomes of eight participants, one more of each since the last.</summary>
internal sealed class SamplerGate(Bound bound) : Gate($"sampler/{(bound.IsTime ? "tick" : "bytes")}", bound)
{
    private const int Participants = 8;
    private const int Ticks = 2_000;

    internal override Reading Measure()
    {
        using var monitor = new StabilityMonitor(new HostReadings(TimeProvider.System));
        var recorders = Enumerable.Range(0, Participants).Select(static i => new OutcomeRecorder($"p{i}")).ToArray();
        foreach (var recorder in recorders) monitor.Add(recorder);
        var now = TimeSpan.Zero;
        Action tick = () =>
        {
            foreach (var recorder in recorders) recorder.Record(TimeSpan.FromMilliseconds(1), failed: false);
            monitor.Sample(now += TimeSpan.FromSeconds(1));
        };
        if (Bound.IsTime)
        {
            var best = Slices.Best(new Workload(tick, operations: 1));
            return monitor.Samples > 0 ? new Reading(best / 1000, $"{monitor.Report().Readings.Count} readings") : Reading.Wrong("no sample was taken");
        }

        Slices.WarmUp(tick);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Ticks; i++) tick();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return new Reading((double)bytes / Ticks, $"{bytes} B for {Ticks} samples");
    }
}
