namespace ResourceBorrowing.Stability;

/// <summary>The readings of the real process. None allocates.</summary>
internal sealed class HostReadings(TimeProvider time) : IHostReadings
{
    private readonly ThreadPoolProbe _probe = new(time);
    private readonly PressureFile? _pressure = PressureFile.TryOpen(PressureFile.CpuPath);

    public int Processors => Environment.ProcessorCount;

    public TimeSpan CollectorPauses => GC.GetTotalPauseDuration();

    public TimeSpan? ProcessorTime => OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsBrowser() ? null : Environment.CpuUsage.TotalTime;

    public double? CpuPressure => _pressure?.Read();

    public long AllocatedBytes => GC.GetTotalAllocatedBytes(precise: false);

    public long CompletedWorkItems => ThreadPool.CompletedWorkItemCount;

    public long PendingWorkItems => ThreadPool.PendingWorkItemCount;

    public long LockContentions => Monitor.LockContentionCount;

    public double? ProbeThreadPool() => _probe.Read();

    public void Dispose() => _pressure?.Dispose();
}
