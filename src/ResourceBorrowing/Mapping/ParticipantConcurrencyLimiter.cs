using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// A concurrency <see cref="RateLimiter"/> whose permits are a participant's units, so its limit follows the allocation while it is in use. For
/// ASP.NET Core's <c>AddRateLimiter</c>, Polly, and whatever else takes a limiter.
/// </summary>
/// <remarks>
/// <para>Behaves as <see cref="ConcurrencyLimiter"/> does, with the participant's queue limit and queue order: a request for more than
/// the ceiling throws, a request for none asks whether any permit is available, a refusal is a lease that was not
/// acquired and whose <see cref="MetadataName.ReasonPhrase"/> says why. What a request misses is borrowed and recalled as for any caller of the participant.</para>
/// <para>Several limiters, and direct callers, may share one participant. Disposing a limiter fails its own waiters only; when the pool
/// is disposed its waiters get failed leases. Thread-safe.</para>
/// <para>ASP.NET Core disposes the limiters of idle partitions, so give each partition one of its own:
/// <c>RateLimitPartition.Get("search", _ => new ParticipantConcurrencyLimiter(search))</c>.</para>
/// </remarks>
/// <param name="participant">Whose units to hand out as permits.</param>
public sealed class ParticipantConcurrencyLimiter(Participant participant) : RateLimiter, IResourceMapper
{
    private readonly Participant _participant = participant ?? throw new ArgumentNullException(nameof(participant));
    private readonly WaitGroup _waits = new();
    private readonly PermitLease _availableLease = new(isAcquired: true);
    private readonly PermitLease _unavailableLease = new(isAcquired: false);
    private long _successful;
    private long _failed;
    private int _held;
    private long _idleSince = participant.Pool.Elapsed.Ticks;
    private int _waiting;

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration =>
        Volatile.Read(ref _held) > 0 || Volatile.Read(ref _waiting) > 0 ? null : _participant.Pool.Elapsed - new TimeSpan(Volatile.Read(ref _idleSince));

    /// <inheritdoc/>
    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = _participant.Available,
        CurrentQueuedCount = _participant.Waiting,
        TotalSuccessfulLeases = Interlocked.Read(ref _successful),
        TotalFailedLeases = Interlocked.Read(ref _failed),
    };

    /// <summary>Nothing to do: every permit is acquired from the participant, so the limit <i>is</i> the allocation.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        ThrowIfUnusable(permitCount);
        if (permitCount == 0) return IsAnyAvailable() ? Succeed(_availableLease) : Fail(_unavailableLease);
        return Count(_participant.TryAcquire(permitCount), permitCount);
    }

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        ThrowIfUnusable(permitCount);
        if (permitCount == 0 && IsAnyAvailable()) return new(Succeed(_availableLease));

        var wait = permitCount == 0
            ? _participant.QueueAsync(0, _waits, cancellationToken)
            : _participant.AcquireAsync(permitCount, _waits, cancellationToken);
        return wait.IsCompletedSuccessfully ? new(Count(wait.Result, permitCount)) : WaitAsync(wait, permitCount);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _waits.Abandon();
            _participant.Waiters.Sweep();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override ValueTask DisposeAsyncCore()
    {
        Dispose(true);
        return base.DisposeAsyncCore();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RateLimitLease> WaitAsync(ValueTask<ResourceLease> wait, int permitCount)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return Count(await wait.ConfigureAwait(false), permitCount);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void ThrowIfUnusable(int permitCount)
    {
        if (permitCount > 0) _participant.ThrowIfImpossible(permitCount);
        ObjectDisposedException.ThrowIf(_waits.IsAbandoned, this);
        ObjectDisposedException.ThrowIf(_participant.Waiters.ClosedBecause == WaitOutcome.Disposed, this);
    }

    private bool IsAnyAvailable() => _participant.Account.Cell.Read().Free > 0;

    private PermitLease Count(ResourceLease lease, int permitCount)
    {
        if (!lease.IsAcquired) return Fail(new PermitLease(this, lease));
        if (permitCount == 0) return Succeed(_availableLease);
        Interlocked.Increment(ref _held);
        return Succeed(new PermitLease(this, lease));
    }

    private PermitLease Succeed(PermitLease lease)
    {
        Interlocked.Increment(ref _successful);
        return lease;
    }

    private PermitLease Fail(PermitLease lease)
    {
        Interlocked.Increment(ref _failed);
        return lease;
    }

    private void Released()
    {
        // The time before the count: who reads none held must not read a time from before they were.
        int held;
        do
        {
            held = Volatile.Read(ref _held);
            if (held == 1) Volatile.Write(ref _idleSince, _participant.Pool.Elapsed.Ticks);
        }
        while (Interlocked.CompareExchange(ref _held, held - 1, held) != held);
    }

    private sealed class PermitLease : RateLimitLease
    {
        // The framework's own words, which callers may compare.
        private const string QueueLimitReached = "Queue limit reached";

        private static readonly string[] Names = [MetadataName.ReasonPhrase.Name];

        private readonly ParticipantConcurrencyLimiter? _limiter;
        private readonly ResourceLease _lease;
        private int _disposed;

        internal PermitLease(bool isAcquired) => IsAcquired = isAcquired;

        internal PermitLease(ParticipantConcurrencyLimiter limiter, ResourceLease lease)
        {
            _limiter = limiter;
            _lease = lease;
            IsAcquired = lease.IsAcquired;
        }

        public override bool IsAcquired { get; }

        public override IEnumerable<string> MetadataNames => Names;

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = _limiter is null || IsAcquired || metadataName != MetadataName.ReasonPhrase.Name ? null
                : _lease.Refusal == RefusalReason.QueueFull ? QueueLimitReached
                : _lease.Explanation;
            return metadata is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && IsAcquired && _limiter is not null && Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                _lease.Dispose();
                _limiter.Released();
            }

            base.Dispose(disposing);
        }
    }
}
