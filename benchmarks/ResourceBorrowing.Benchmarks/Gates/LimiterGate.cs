using System.Threading.RateLimiting;
using ResourceBorrowing.Benchmarks.Rivals;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Attempt and disposal of a lease by our limiter over that by the framework's, in time or in bytes.</summary>
internal sealed class LimiterGate(string limiter, Bound bound, Func<Workload> theirs, Func<ResourcePool, Workload> ours) : Gate($"limiter/{limiter}{(bound.Unit == "B" ? "-bytes" : "")}", bound)
{
    internal override Reading Measure()
    {
        using var pool = Stage.Pool(RivalLimiters.Partitions, RivalLimiters.Permits);
        if (Bound.Unit != "B") return Slices.Ratio(ours(pool), theirs());
        var (our, their) = (BytesOf(ours(pool)), BytesOf(theirs()));
        return new Reading(Math.Max(0, our - their), $"{our:F1} B / {their:F1} B");
    }

    internal static Workload Theirs()
    {
        var limiter = RivalLimiters.Concurrency();
        return Attempts(limiter);
    }

    internal static Workload Ours(ResourcePool pool) => Attempts(new ParticipantConcurrencyLimiter(pool["p0"]));

    internal static Workload TheirPartitioned() => Attempts(RivalLimiters.Partitioned());

    internal static Workload OurPartitioned(ResourcePool pool)
    {
        var participants = pool.Participants.ToArray();
        return Attempts(new ParticipantPartitionedLimiter<int>(key => participants[key]));
    }

    private static Workload Attempts(RateLimiter limiter) => new(() =>
    {
        for (var i = 0; i < Workload.Operations; i++) limiter.AttemptAcquire().Dispose();
    });

    private static Workload Attempts(PartitionedRateLimiter<int> limiter) => new(() =>
    {
        for (var i = 0; i < Workload.Operations; i++) limiter.AttemptAcquire(i % RivalLimiters.Partitions).Dispose();
    });

    private static double BytesOf(Workload work)
    {
        const int Batches = 1_000;
        Slices.WarmUp(work.Run);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Batches; i++) work.Run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Batches * Workload.Operations);
    }
}
