namespace ResourceBorrowing.Stability;

/// <summary>What can be read of the process and its machine. Totals since the process began, so whoever reads takes differences.</summary>
/// <remarks>Read by one thread at a time. Tests and the simulator bring their own, so a run is a function of its inputs.</remarks>
internal interface IHostReadings : IDisposable
{
    /// <summary>How many processors this process may use; a quota counts, rounded up.</summary>
    int Processors { get; }

    /// <summary>How long the garbage collector has had all threads stopped.</summary>
    TimeSpan CollectorPauses { get; }

    /// <summary>Processor time this process has used; null where it cannot be read.</summary>
    TimeSpan? ProcessorTime { get; }

    /// <summary>The part of late, in percent, in which some task of the machine waited for a processor; null where it cannot be read.</summary>
    double? CpuPressure { get; }

    long AllocatedBytes { get; }

    long CompletedWorkItems { get; }

    long PendingWorkItems { get; }

    long LockContentions { get; }

    /// <summary>
    /// How long the work item queued at the last call waited for a thread, in milliseconds, or has waited until now; queues the next one when none waits. Null when there was none.
    /// </summary>
    double? ProbeThreadPool();
}
