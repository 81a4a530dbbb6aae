namespace ResourceBorrowing.Stability;

/// <summary>The host's readings as gauges: totals become rates over the pool time that has passed.</summary>
/// <remarks>For the loop only; the gauges are shown by the monitor.</remarks>
internal sealed class HostSignals
{
    private const double Percent = 100;

    // The dearest reading by far, and a mean of ten seconds that the kernel renews every two.
    private const int LooksPerPressure = 5;

    private readonly IHostReadings _host;
    private readonly Gauge _pauses = new("GC pause", "%", new(5, 20));
    private readonly Gauge _cpu = new("CPU use", "%", new(85, 98));
    private readonly Gauge _latency = new("thread-pool latency", "ms", new(10, 200));

    // Not for health: some task of the whole machine waits, a stranger's perhaps, and on a machine used to the full that is so all the time while each wait is
    // short. What such waits do to this process is the thread-pool latency.
    private readonly Gauge _pressure = new("CPU pressure", "%", new(20, 80), GaugeUse.Steadiness);

    private readonly Gauge _allocated = new("allocation", "B/s", default, GaugeUse.Shown);
    private readonly Gauge _completed = new("work items completed", "per s", default, GaugeUse.Shown);
    private readonly Gauge _pending = new("work items pending", "", default, GaugeUse.Shown);
    private readonly Gauge _contentions = new("lock contentions", "per s", default, GaugeUse.Shown);

    private double _pressureNow = double.NaN;
    private long _looks;
    private double _pausesBefore;
    private double _cpuBefore;
    private double _allocatedBefore;
    private double _completedBefore;
    private double _contentionsBefore;

    internal HostSignals(IHostReadings host)
    {
        _host = host;
        var gauges = new List<Gauge> { _pauses, _latency, _allocated, _completed, _pending, _contentions };
        var missing = new List<string>();
        void AddIf(bool isThere, Gauge gauge)
        {
            if (isThere) gauges.Add(gauge);
            else missing.Add(gauge.Name);
        }

        AddIf(host.ProcessorTime is not null, _cpu);
        AddIf(host.CpuPressure is not null, _pressure);
        (Gauges, Missing) = ([.. gauges], missing);
    }

    /// <summary>What there would be to read of a host.</summary>
    internal static IReadOnlyList<string> All { get; } = ["GC pause", "CPU use", "thread-pool latency", "CPU pressure"];

    internal Gauge[] Gauges { get; }

    internal IReadOnlyList<string> Missing { get; }

    /// <summary>Reads everything.</summary>
    /// <param name="elapsed">Pool time since the last look; without any there are no rates.</param>
    internal void Sample(TimeSpan elapsed)
    {
        var seconds = elapsed.TotalSeconds;
        _pauses.Take(Rate(ref _pausesBefore, _host.CollectorPauses.TotalSeconds, seconds) * Percent);
        _cpu.Take(Rate(ref _cpuBefore, _host.ProcessorTime?.TotalSeconds ?? double.NaN, seconds) * Percent / Math.Max(1, _host.Processors));
        _latency.Take(_host.ProbeThreadPool() ?? double.NaN);
        if (_looks++ % LooksPerPressure == 0) _pressureNow = _host.CpuPressure ?? double.NaN;
        _pressure.Take(_pressureNow);
        _allocated.Take(Rate(ref _allocatedBefore, _host.AllocatedBytes, seconds));
        _completed.Take(Rate(ref _completedBefore, _host.CompletedWorkItems, seconds));
        _pending.Take(_host.PendingWorkItems);
        _contentions.Take(Rate(ref _contentionsBefore, _host.LockContentions, seconds));
    }

    private static double Rate(ref double before, double total, double seconds)
    {
        var amount = total - before;
        before = total;
        return seconds > 0 ? Math.Max(0, amount) / seconds : double.NaN;
    }
}
