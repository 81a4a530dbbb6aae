using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests.Stability;

/// <summary>A host whose readings are what a test says.</summary>
internal sealed class StubHost : IHostReadings
{
    public int Processors { get; set; } = 4;

    public TimeSpan CollectorPauses { get; set; }

    public TimeSpan? ProcessorTime { get; set; } = TimeSpan.Zero;

    public double? CpuPressure { get; set; } = 0;

    public long AllocatedBytes { get; set; }

    public long CompletedWorkItems { get; set; }

    public long PendingWorkItems { get; set; }

    public long LockContentions { get; set; }

    public double? Latency { get; set; } = 0;

    public bool IsBroken { get; set; }

    public bool IsDisposed { get; private set; }

    public double? ProbeThreadPool() => IsBroken ? throw new InvalidOperationException("the clock is broken") : Latency;

    public void Dispose() => IsDisposed = true;
}

/// <summary>A signal whose reading is what a test says.</summary>
internal sealed class StubSignal(string name, double healthy, double unhealthy) : IStabilitySignal
{
    public string Name => name;

    public double Healthy => healthy;

    public double Unhealthy => unhealthy;

    public Func<TimeSpan, double?> Reading { get; set; } = static _ => null;

    public double? Read(TimeSpan now) => Reading(now);
}
