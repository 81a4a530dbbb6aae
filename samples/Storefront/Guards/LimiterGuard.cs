using System.Threading.RateLimiting;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>The framework's concurrency limiters: one for each subsystem, or the same one for all.</summary>
internal sealed class LimiterGuard : IGuard, IDisposable
{
    private readonly ConcurrencyLimiter[] _limiters;

    private LimiterGuard(IEnumerable<ConcurrencyLimiter> limiters) => _limiters = [.. limiters];

    internal static LimiterGuard StaticSplit() => new(Subsystem.All.Select(static s => Limiter(s.Units, Subsystem.QueueLimit)));

    internal static LimiterGuard SharedPool() => new(Enumerable.Repeat(
        Limiter(Subsystem.Capacity, Subsystem.QueueLimit * Subsystem.All.Count), Subsystem.All.Count));

    /// <summary>The same for any limiter.</summary>
    internal static async ValueTask<string?> RunAsync(RateLimiter limiter, Func<Task> work, CancellationToken patience)
    {
        using var lease = await limiter.AcquireAsync(1, patience);
        if (!lease.IsAcquired) return lease.TryGetMetadata(MetadataName.ReasonPhrase, out var phrase) ? phrase : "refused";
        await work();
        return null;
    }

    public ValueTask<string?> RunAsync(int subsystem, Func<Task> work, CancellationToken patience) => RunAsync(_limiters[subsystem], work, patience);

    public void Dispose()
    {
        foreach (var limiter in _limiters) limiter.Dispose();
    }

    private static ConcurrencyLimiter Limiter(int permits, int queue) => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = permits,
        QueueLimit = queue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
}
