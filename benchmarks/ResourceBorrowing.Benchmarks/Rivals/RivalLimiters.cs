using System.Threading.RateLimiting;
using Polly;

namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>The limiters a .NET developer would use instead, each with room for <see cref="Permits"/>.</summary>
internal static class RivalLimiters
{
    internal const int Permits = 1000;
    internal const int Partitions = 16;

    internal static ConcurrencyLimiter Concurrency(int permits = Permits) => new(Options(permits));

    internal static SemaphoreSlim Semaphore(int permits = Permits) => new(permits);

    internal static PartitionedRateLimiter<int> Partitioned() => PartitionedRateLimiter.Create<int, int>(
        static key => RateLimitPartition.GetConcurrencyLimiter(key, static _ => Options(Permits)));

    internal static ResiliencePipeline Polly() =>
        new ResiliencePipelineBuilder().AddConcurrencyLimiter(permitLimit: Permits, queueLimit: 0).Build();

    private static ConcurrencyLimiterOptions Options(int permits) => new() { PermitLimit = permits, QueueLimit = 0 };
}
