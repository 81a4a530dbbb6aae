namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>All gates, in the order in which they run.</summary>
internal static class GateList
{
    internal static IReadOnlyList<Gate> All { get; } =
    [
        new AcquireReleaseGate(units: 1, most: 1.45),
        new AcquireReleaseGate(units: 5, most: 1.45),
        new FasterThanGate("ConcurrencyLimiter", least: 2.8, FasterThanGate.ConcurrencyLimiter),
        new FasterThanGate("Polly", least: 6, FasterThanGate.Polly),
        new FasterThanGate("SemaphoreSlim", least: 1.5, FasterThanGate.SemaphoreSlim),
        new FasterThanGate("Partitioned16", least: 4.3, FasterThanGate.Partitioned),
        new AllocationGate("sync-pair", AllocationGate.SyncPair),
        new AllocationGate("async-pair", AllocationGate.AsyncPair),
        new AllocationGate("queued-handoff", AllocationGate.QueuedHandoff),
        new AllocationGate("borrow-return", AllocationGate.BorrowReturn),
        new ContendedGate(threads: 2, most: 0.2),
        new ContendedGate(threads: 4, most: 0.2),
        new ContendedGate(threads: 8, most: 0.2),
        new DisjointScalingGate(least: 0.95),
        new TelemetryOffGate(most: 1.10),
        new HandoffGate(isAwaited: false, most: 1.2),
        new HandoffGate(isAwaited: true, most: 1.2),
        new BorrowReturnGate(most: 5),
        new BorrowReturnScalingGate(least: 0.7),
        new LoanMemoryGate(most: 64),
        new CollectionGate(most: 5),
        new ScheduleGate(isCancel: false, most: 0.5),
        new ScheduleGate(isCancel: true, most: 0.8),
        new ExpiryRatioGate(most: 0.4),
        new ExpiryTimeGate(most: 100),
        new FakeClockGate(most: 1),
        new StormGate(most: 1.5),
        new EvidenceGate(Bound.AtMostNanoseconds(200)),
        new EvidenceGate(Bound.NoBytes),
        new ScoreGate(most: 2),
        new ExplainGate(participants: 1000, most: 10),
        new SamplerGate(Bound.AtMostMicroseconds(5)),
        new SamplerGate(Bound.NoBytes),
        new SoakGate("over-grants", static soak => soak.OverGrants),
        new SoakGate("units-lost", static soak => soak.Lost),
        new SoakGate("lost-wake-ups", static soak => soak.Stuck),
        new RecallGate(),
        new StartupGate(most: 1.35),
        new EndpointGuardGate(isCpu: false, most: 1.03),
        new EndpointGuardGate(isCpu: true, most: 1.03),
    ];
}
