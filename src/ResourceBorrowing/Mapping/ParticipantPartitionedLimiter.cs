using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// A <see cref="PartitionedRateLimiter{TResource}"/> whose partitions are participants: each request takes permits, which are units, of the participant that is chosen for it. For whatever takes
/// a partitioned limiter, such as ASP.NET Core's global limiter.
/// </summary>
/// <remarks>
/// Per request it costs one look-up without a lock. A partition is no more than a view of its participant, so there is nothing to expire: it goes with the
/// participant, and none that is in use can. Thread-safe. Disposal fails the waiters of this limiter.
/// </remarks>
/// <typeparam name="TResource">What a request is, such as <c>HttpContext</c>.</typeparam>
/// <param name="choose">The participant of a request. It is called for each request; what it throws reaches the caller.</param>
public sealed class ParticipantPartitionedLimiter<TResource>(Func<TResource, Participant> choose) : PartitionedRateLimiter<TResource>
{
    private readonly Func<TResource, Participant> _choose = choose ?? throw new ArgumentNullException(nameof(choose));
    private readonly ConditionalWeakTable<Participant, ParticipantConcurrencyLimiter> _limiters = [];
    private bool _isDisposed;

    /// <inheritdoc/>
    public override RateLimiterStatistics? GetStatistics(TResource resource) => LimiterOf(resource).GetStatistics();

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(TResource resource, int permitCount) => LimiterOf(resource).AttemptAcquire(permitCount);

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(TResource resource, int permitCount, CancellationToken cancellationToken) =>
        LimiterOf(resource).AcquireAsync(permitCount, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing || Interlocked.Exchange(ref _isDisposed, true)) return;
        foreach (var (_, limiter) in _limiters) limiter.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override ValueTask DisposeAsyncCore()
    {
        Dispose(true);
        return base.DisposeAsyncCore();
    }

    private ParticipantConcurrencyLimiter LimiterOf(TResource resource)
    {
        var participant = _choose(resource) ?? throw new InvalidOperationException("No participant was chosen for the request.");
        if (_limiters.TryGetValue(participant, out var known)) return known;
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), this);
        var limiter = _limiters.GetValue(participant, static p => new ParticipantConcurrencyLimiter(p));
        // Who disposed of all meanwhile may have missed this one.
        if (Volatile.Read(ref _isDisposed)) limiter.Dispose();
        return limiter;
    }
}
