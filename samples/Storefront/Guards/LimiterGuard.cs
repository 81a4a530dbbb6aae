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

    public async ValueTask<Admission> EnterAsync(int subsystem, CancellationToken cancellationToken)
    {
        var lease = await _limiters[subsystem].AcquireAsync(1, cancellationToken);
        if (lease.IsAcquired) return Admission.Granted(lease);
        var reason = lease.TryGetMetadata(MetadataName.ReasonPhrase, out var phrase) ? phrase! : "refused";
        lease.Dispose();
        return Admission.Refused(reason);
    }

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
