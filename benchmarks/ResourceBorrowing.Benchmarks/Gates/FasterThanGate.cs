using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>How many times longer a rival takes to let one caller in and out again.</summary>
internal sealed class FasterThanGate(string rival, double least, Func<Workload> theirs) : Gate($"faster-than/{rival}", Bound.AtLeast(least))
{
    internal override Reading Measure()
    {
        using var pool = Stage.Pool();
        return Slices.Ratio(theirs(), AcquireReleaseGate.Pair(pool["p0"]));
    }

    internal static Workload ConcurrencyLimiter()
    {
        var limiter = RivalLimiters.Concurrency();
        return new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++) limiter.AttemptAcquire().Dispose();
        });
    }

    internal static Workload Polly()
    {
        var pipeline = RivalLimiters.Polly();
        return new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++) pipeline.Execute(static () => { });
        });
    }

    internal static Workload SemaphoreSlim()
    {
        var semaphore = RivalLimiters.Semaphore();
        return new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++)
            {
                semaphore.Wait(0);
                semaphore.Release();
            }
        });
    }

    internal static Workload Partitioned()
    {
        var limiter = RivalLimiters.Partitioned();
        return new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++) limiter.AttemptAcquire(i % RivalLimiters.Partitions).Dispose();
        });
    }
}
