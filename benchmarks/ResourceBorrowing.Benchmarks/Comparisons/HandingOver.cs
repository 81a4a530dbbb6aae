using BenchmarkDotNet.Attributes;
using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Comparisons;

/// <summary>A unit that goes from who releases it to who waits for it.</summary>
[MemoryDiagnoser]
public class HandingOver
{
    private const int Times = 1000;

    private readonly ResourcePool _pool = Stage.Pool(units: 1);
    private readonly SemaphoreSlim _semaphore = RivalLimiters.Semaphore(permits: 1);
    private Handoff _handoff = null!;
    private SemaphoreHandoff _rival = null!;

    [GlobalSetup]
    public void Setup() => (_handoff, _rival) = (new Handoff(_pool["p0"], units: 1), new SemaphoreHandoff(_semaphore));

    [GlobalCleanup]
    public void Cleanup()
    {
        _pool.Dispose();
        _semaphore.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Times, Description = "SemaphoreSlim")]
    public void SemaphoreQueued() => _rival.Queued(Times);

    [Benchmark(OperationsPerInvoke = Times, Description = "Participant.AcquireAsync")]
    public void Queued() => _handoff.Queued(Times);

    [Benchmark(OperationsPerInvoke = Times, Description = "SemaphoreSlim, suspended")]
    public Task SemaphoreAwaited() => _rival.Awaited(Times);

    [Benchmark(OperationsPerInvoke = Times, Description = "Participant.AcquireAsync, suspended")]
    public Task Awaited() => _handoff.Awaited(Times);
}
