using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// A token-bucket <see cref="RateLimiter"/> whose rate is that of a participant's units, so it follows the allocation while it is in use. For ASP.NET Core's
/// <c>AddRateLimiter</c>, Polly, and whatever else takes a limiter.
/// </summary>
/// <remarks>
/// <para>Behaves as <see cref="TokenBucketRateLimiter"/> does, except that tokens flow in all the time and not once a period: a lease gives nothing back; a request for more than a full
/// bucket throws; one for none asks whether there is any token; a refusal carries <see cref="MetadataName.RetryAfter"/> and <see cref="MetadataName.ReasonPhrase"/>.</para>
/// <para>The limiter uses units of the participant while its bucket is not full: as many as the recent rate amounts to. What it uses others cannot use or borrow, and it gives way to a
/// recall at once. Requests that wait have units borrowed for them like any caller. Thread-safe. Dispose it to give its units back.</para>
/// <para>An operation whose cost is known only afterwards: acquire what it will probably cost, then <see cref="Settle"/> with what it did cost; what was too little is owed as tokens, what was too
/// much is back at once.</para>
/// </remarks>
public sealed class ParticipantTokenBucketLimiter : ReplenishingRateLimiter, IResourceMapper, IBundled
{
    // The framework's own words, which callers may compare.
    private const string QueueLimitReached = "Queue limit reached";

    private readonly Participant _participant;
    private readonly TokenBucketOptions _options;
    private readonly RateBucket _bucket;
    private long _successful;
    private long _failed;
    private long _lastUsed;

    /// <param name="participant">Whose units bring the tokens.</param>
    /// <param name="options">How many, and who waits.</param>
    /// <exception cref="ArgumentException">An option is wrong; the message names it.</exception>
    /// <exception cref="InvalidOperationException">Neither the options nor the pool say how many tokens a unit brings.</exception>
    public ParticipantTokenBucketLimiter(Participant participant, TokenBucketOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(participant);
        _participant = participant;
        _options = options ?? new TokenBucketOptions();
        _options.ThrowIfWrong();
        var perUnit = _options.TokensPerUnit;
        if (perUnit is null && !(participant.UnitAmounts.IoOperationsPerSecond > 0))
            throw new InvalidOperationException($"'{participant.Name}' has no I/O operations per unit: set {nameof(TokenBucketOptions)}.{nameof(TokenBucketOptions.TokensPerUnit)}, or {nameof(ResourcePoolOptions)}.{nameof(ResourcePoolOptions.Unit)}.{nameof(ResourceUnitOptions.IoOperationsPerSecond)} and its needs.");
        _bucket = new RateBucket(participant, unit => new Rates(perUnit ?? unit.IoOperationsPerSecond), _options.Burst, isFull: true)
        {
            QueueLimit = _options.QueueLimit,
            NewestFirst = _options.QueueProcessingOrder == QueueProcessingOrder.NewestFirst,
        };
        Touch();
    }

    /// <summary>What an acquired lease has cost, as tokens; changed by <see cref="Settle"/>.</summary>
    public static MetadataName<int> Cost { get; } = MetadataName.Create<int>("resource_borrowing.cost");

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration => _bucket.IsIdle ? _participant.Pool.Elapsed - new TimeSpan(Volatile.Read(ref _lastUsed)) : null;

    /// <summary>True: tokens flow in by themselves.</summary>
    public override bool IsAutoReplenishing => true;

    /// <summary>How long it takes, with all units, to fill the bucket.</summary>
    public override TimeSpan ReplenishmentPeriod => _options.Burst;

    /// <summary>Nothing to do: tokens flow in by themselves.</summary>
    /// <returns>False.</returns>
    public override bool TryReplenish() => false;

    /// <inheritdoc/>
    public override RateLimiterStatistics GetStatistics() => new()
    {
        CurrentAvailablePermits = (long)Math.Max(0, _bucket.Level.First),
        CurrentQueuedCount = (long)_bucket.Queued,
        TotalSuccessfulLeases = Interlocked.Read(ref _successful),
        TotalFailedLeases = Interlocked.Read(ref _failed),
    };

    /// <summary>Corrects what a lease has cost, once or again: what is missing is owed, before others get tokens; what was too much is back.</summary>
    /// <param name="lease">A lease of this limiter that was acquired.</param>
    /// <param name="cost">What the operation did cost, in tokens, from 0.</param>
    /// <exception cref="ArgumentException">The lease is another limiter's, or was not acquired.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The cost is negative.</exception>
    public void Settle(RateLimitLease lease, int cost)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cost);
        if (lease is not TokenLease { IsAcquired: true } own || own.Limiter != this) throw new ArgumentException("Only a lease that was acquired from this limiter can be settled with it.", nameof(lease));
        _bucket.Correct(new Rates(cost - own.Recost(cost)));
    }

    /// <summary>Nothing to do: the rate is that of the units held.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    /// <inheritdoc/>
    Participant IBundled.Participant => _participant;

    /// <inheritdoc/>
    int IBundled.Rank => 1;

    /// <inheritdoc/>
    void IBundled.ThrowIfImpossible(long amount, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amount, 1, name);
        ThrowIfUnusable(amount, name);
    }

    /// <inheritdoc/>
    async ValueTask<BundleShare> IBundled.TakeAsync(long amount, CancellationToken cancellationToken) =>
        new Share((TokenLease)await AcquireAsync((int)amount, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        ThrowIfUnusable(permitCount);
        if (permitCount == 0) return _bucket.Level.First >= 1 ? Succeed(0) : Fail(0, WaitOutcome.Waiting);
        return _bucket.TryDraw(new Rates(permitCount)) ? Succeed(permitCount) : Fail(permitCount, WaitOutcome.Waiting);
    }

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        ThrowIfUnusable(permitCount);
        if (permitCount == 0 && _bucket.Level.First >= 1) return new(Succeed(0));
        var wait = _bucket.DrawAsync(new Rates(permitCount), cancellationToken);
        return wait.IsCompletedSuccessfully ? new(LeaseFor(permitCount, wait.Result)) : WaitAsync(wait, permitCount);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _bucket.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override ValueTask DisposeAsyncCore()
    {
        Dispose(true);
        return base.DisposeAsyncCore();
    }

    private async ValueTask<RateLimitLease> WaitAsync(ValueTask<WaitOutcome> wait, int permitCount) => LeaseFor(permitCount, await wait.ConfigureAwait(false));

    private TokenLease LeaseFor(int permitCount, WaitOutcome outcome) => outcome == WaitOutcome.Granted ? Succeed(permitCount) : Fail(permitCount, outcome);

    private void ThrowIfUnusable(long permitCount, [CallerArgumentExpression(nameof(permitCount))] string? name = null)
    {
        ObjectDisposedException.ThrowIf(_bucket.IsDisposed, this);
        ObjectDisposedException.ThrowIf(_participant.Waiters.ClosedBecause == WaitOutcome.Disposed, this);
        var most = _bucket.PerUnit.First * _participant.Ceiling * _options.Burst.TotalSeconds;
        if (permitCount > Math.Min(most, int.MaxValue)) throw new ArgumentOutOfRangeException(name, permitCount, $"'{_participant.Name}' can never have more than {(long)most} tokens at once.");
    }

    private TokenLease Succeed(int cost)
    {
        Interlocked.Increment(ref _successful);
        Touch();
        return new TokenLease(this, cost);
    }

    private TokenLease Fail(int permitCount, WaitOutcome outcome)
    {
        Interlocked.Increment(ref _failed);
        Touch();
        var (refusal, reason) = outcome switch
        {
            WaitOutcome.QueueFull => (RefusalReason.QueueFull, QueueLimitReached),
            WaitOutcome.Removed => (RefusalReason.Removed, $"'{_participant.Name}' is leaving the pool."),
            WaitOutcome.Disposed => (RefusalReason.Disposed, "The limiter has been disposed."),
            _ => (RefusalReason.NotAvailable, $"'{_participant.Name}' has {Math.Max(0, Math.Floor(_bucket.Level.First)):0} tokens, {Math.Max(1, permitCount)} asked for."),
        };
        return new TokenLease(this, refusal, reason, _bucket.TimeUntil(new Rates(Math.Max(1, permitCount))));
    }

    private void Touch() => Volatile.Write(ref _lastUsed, _participant.Pool.Elapsed.Ticks);

    private sealed class TokenLease : RateLimitLease
    {
        private static readonly string[] NamesWhenAcquired = [Cost.Name];
        private static readonly string[] NamesWhenRefused = [MetadataName.ReasonPhrase.Name, MetadataName.RetryAfter.Name];

        private readonly string? _reason;
        private readonly TimeSpan? _retryAfter;
        private int _cost;

        internal TokenLease(ParticipantTokenBucketLimiter limiter, int cost) => (Limiter, _cost, IsAcquired) = (limiter, cost, true);

        internal TokenLease(ParticipantTokenBucketLimiter limiter, RefusalReason refusal, string reason, TimeSpan? retryAfter) =>
            (Limiter, Refusal, _reason, _retryAfter) = (limiter, refusal, reason, retryAfter);

        internal ParticipantTokenBucketLimiter Limiter { get; }

        internal RefusalReason Refusal { get; }

        internal string Explanation => _reason ?? "granted";

        public override bool IsAcquired { get; }

        public override IEnumerable<string> MetadataNames => IsAcquired ? NamesWhenAcquired : NamesWhenRefused;

        /// <returns>What it had cost before.</returns>
        internal int Recost(int cost) => Interlocked.Exchange(ref _cost, cost);

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = IsAcquired
                ? metadataName == Cost.Name ? Volatile.Read(ref _cost) : null
                : metadataName == MetadataName.ReasonPhrase.Name ? _reason
                : metadataName == MetadataName.RetryAfter.Name && _retryAfter is { } after ? after
                : null;
            return metadata is not null;
        }
    }

    private sealed class Share(TokenLease lease) : BundleShare
    {
        internal override RefusalReason Refusal => lease.Refusal;

        internal override string Explanation => lease.Explanation;

        internal override void GiveBack(bool isUsed)
        {
            if (!isUsed && lease.IsAcquired) lease.Limiter.Settle(lease, 0);
        }
    }
}
