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
    private long _acquired;
    private long _released;
    private long _foundAvailable;
    private long _failed;
    private long _idleSince = participant.Pool.Elapsed.Ticks;
    private int _waiting;

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration =>
        Volatile.Read(ref _acquired) != Volatile.Read(ref _released) || Volatile.Read(ref _waiting) > 0 ? null : _participant.Pool.Elapsed - new TimeSpan(Volatile.Read(ref _idleSince));

    /// <inheritdoc/>
    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = _participant.Available,
        CurrentQueuedCount = _participant.Waiting,
        TotalSuccessfulLeases = Interlocked.Read(ref _acquired) + Interlocked.Read(ref _foundAvailable),
        TotalFailedLeases = Interlocked.Read(ref _failed),
    };

    /// <summary>Nothing to do: every permit is acquired from the participant, so the limit <i>is</i> the allocation.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        if (TryTakeFree(permitCount) is { } free) return free;
        ThrowIfUnusable(permitCount);
        if (permitCount == 0) return IsAnyAvailable() ? FindAvailable() : Fail(NoLease.Unavailable);
        return Count(_participant.TryAcquire(permitCount), permitCount);
    }

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested && TryTakeFree(permitCount) is { } free) return new(free);
        ThrowIfUnusable(permitCount);
        if (permitCount == 0 && IsAnyAvailable()) return new(FindAvailable());

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

    /// <summary>What is free needs no further question.</summary>
    private PermitLease? TryTakeFree(int permitCount)
    {
        if (permitCount < 1 || _waits.IsAbandoned || !_participant.TryAcquireFree(permitCount, out var lease)) return null;
        Interlocked.Increment(ref _acquired);
        return new PermitLease(this, lease);
    }

    private void ThrowIfUnusable(int permitCount)
    {
        if (permitCount > 0) _participant.ThrowIfImpossible(permitCount);
        ObjectDisposedException.ThrowIf(_waits.IsAbandoned, this);
        ObjectDisposedException.ThrowIf(_participant.Waiters.ClosedBecause == WaitOutcome.Disposed, this);
    }

    private bool IsAnyAvailable() => _participant.Account.Cell.Read().Free > 0;

    private RateLimitLease Count(ResourceLease lease, int permitCount)
    {
        if (!lease.IsAcquired) return Fail(new PermitLease(this, lease));
        if (permitCount == 0) return FindAvailable();
        Interlocked.Increment(ref _acquired);
        return new PermitLease(this, lease);
    }

    private NoLease FindAvailable()
    {
        Interlocked.Increment(ref _foundAvailable);
        return NoLease.Available;
    }

    private RateLimitLease Fail(RateLimitLease lease)
    {
        Interlocked.Increment(ref _failed);
        return lease;
    }

    private void Released()
    {
        // The time before the count: who reads none held must not read a time from before they were.
        long released;
        do
        {
            released = Volatile.Read(ref _released);
            if (Volatile.Read(ref _acquired) - released == 1) Volatile.Write(ref _idleSince, _participant.Pool.Elapsed.Ticks);
        }
        while (Interlocked.CompareExchange(ref _released, released + 1, released) != released);
    }

    /// <summary>The answer to a request for no permit: whether there is any. It holds nothing.</summary>
    private sealed class NoLease(bool isAvailable) : RateLimitLease
    {
        internal static readonly NoLease Available = new(isAvailable: true);
        internal static readonly NoLease Unavailable = new(isAvailable: false);

        public override bool IsAcquired => isAvailable;

        public override IEnumerable<string> MetadataNames => PermitLease.Names;

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }

    private sealed class PermitLease(ParticipantConcurrencyLimiter limiter, ResourceLease lease) : RateLimitLease
    {
        internal static readonly string[] Names = [MetadataName.ReasonPhrase.Name];

        // The framework's own words, which callers may compare.
        private const string QueueLimitReached = "Queue limit reached";

        public override bool IsAcquired => lease.IsAcquired;

        public override IEnumerable<string> MetadataNames => Names;

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = IsAcquired || metadataName != MetadataName.ReasonPhrase.Name ? null
                : lease.Refusal == RefusalReason.QueueFull ? QueueLimitReached
                : lease.Explanation;
            return metadata is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && lease.TryDispose()) limiter.Released();
            base.Dispose(disposing);
        }
    }
}
