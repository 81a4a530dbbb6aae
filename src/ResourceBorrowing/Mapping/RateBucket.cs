using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// A token bucket that fills at the rate of the units it holds: the emptier it is, the more units it holds, and none when it is full. So what is in use at the participant is what the recent
/// rate amounts to, and what was drawn at once is paid for by holding units until it has flowed in again.
/// </summary>
/// <remarks>
/// <para><b>Ownership.</b> All fields are kept by the lock; participants are asked, units given back and waiters told outside of it. <b>Order.</b> Tokens flow in for held units only, up to the instant
/// at which one comes or goes, so a unit's rate is never used twice, wherever it goes. <b>Progress.</b> Blocking for moments; who waits for tokens waits for a timer, who waits for a first unit waits in the
/// participant's queue, one for all.</para>
/// <para>Two kinds of tokens flow at once (bytes and operations); the second may be unlimited. The larger need of the two says how many units are held. The level of the bucket is what
/// controls the units: with f of it missing, f of all units that could be had are held, so at a steady demand the level comes to rest where inflow equals demand.</para>
/// </remarks>
internal sealed partial class RateBucket : IResourceMapper, IDisposable
{
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Participant _participant;
    private readonly Func<ResourceAmounts, Rates> _ratesOf;
    private readonly TimeSpan _burst;
    private readonly UsedUnits _used;
    private readonly LinkedList<RateWaiter> _waiters = [];
    private readonly ITimer _timer;
    private bool _isUsed;
    private Rates _tokens;
    private TimeSpan _at;
    private double _queued;

    // Units on their way in or out, which are neither held nor free: or the bucket would lose what is too much without them.
    private int _moving;
    private CancellationToken _watched;
    private CancellationTokenRegistration _recall;
    private CancellationTokenSource? _asking;
    private bool _isDisposed;

    /// <param name="participant">Whose units.</param>
    /// <param name="ratesOf">What one unit lets through per second.</param>
    /// <param name="burst">For how long an idle bucket saves up.</param>
    /// <param name="isFull">Whether it begins full; if not, it fills from its first use on.</param>
    internal RateBucket(Participant participant, Func<ResourceAmounts, Rates> ratesOf, TimeSpan burst, bool isFull)
    {
        (_participant, _ratesOf, _burst) = (participant, ratesOf, burst);
        _used = new UsedUnits(participant);
        _at = participant.Pool.Elapsed;
        _tokens = PerUnit * (isFull ? participant.Available * burst.TotalSeconds : 0);
        _timer = participant.Pool.Time.CreateTimer(static bucket => ((RateBucket)bucket!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        participant.Pool.Attach(participant, this);
    }

    /// <summary>Tokens that the queue may hold, of the first kind.</summary>
    internal double QueueLimit { get; init; } = double.PositiveInfinity;

    internal bool NewestFirst { get; init; }

    internal Rates PerUnit => _ratesOf(_participant.UnitAmounts);

    /// <summary>Units held now.</summary>
    internal int Held
    {
        get
        {
            lock (_lock) return _used.Count;
        }
    }

    /// <summary>What the queue asks for, of the first kind.</summary>
    internal double Queued
    {
        get
        {
            lock (_lock) return _queued;
        }
    }

    internal bool IsDisposed => Volatile.Read(ref _isDisposed);

    /// <summary>What could be drawn now.</summary>
    internal Rates Level
    {
        get
        {
            var now = _participant.Pool.Elapsed;
            lock (_lock)
            {
                Flow(now);
                return _tokens;
            }
        }
    }

    /// <summary>Whether it is full and holds nothing.</summary>
    internal bool IsIdle
    {
        get
        {
            lock (_lock) return _used.Count == 0 && _waiters.Count == 0;
        }
    }

    /// <summary>Draws tokens if they are there and nobody waits for them.</summary>
    internal bool TryDraw(Rates amount)
    {
        if (_participant.Pool.IsObserving) return true;
        bool isDrawn;
        var now = _participant.Pool.Elapsed;
        lock (_lock)
        {
            _isUsed = true;
            Flow(now);
            isDrawn = !_isDisposed && (NewestFirst || _waiters.Count == 0) && TryDrawHere(amount);
        }

        Balance();
        return isDrawn;
    }

    /// <summary>Draws tokens, waiting in the queue while they are not there.</summary>
    internal ValueTask<WaitOutcome> DrawAsync(Rates amount, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<WaitOutcome>(cancellationToken);
        if (TryDraw(amount)) return new(WaitOutcome.Granted);
        var waiter = new RateWaiter(this, amount);
        List<RateWaiter>? evicted = null;
        lock (_lock)
        {
            if (_isDisposed) return new(WaitOutcome.Disposed);
            if (ClosedBecause is var closed and not WaitOutcome.Waiting) return new(closed);
            if (amount.First > QueueLimit || !NewestFirst && _queued + amount.First > QueueLimit) return new(WaitOutcome.QueueFull);
            while (_queued + amount.First > QueueLimit) (evicted ??= []).Add(Take(_waiters.Last!));
            waiter.Node = NewestFirst ? _waiters.AddFirst(waiter) : _waiters.AddLast(waiter);
            _queued += amount.First;
        }

        foreach (var loser in evicted ?? []) loser.End(WaitOutcome.QueueFull);
        waiter.Watch(cancellationToken);
        Balance();
        return new(waiter.Task);
    }

    /// <summary>Tokens that were drawn too few (above 0) or too many: the bucket may go below empty, and never above full.</summary>
    internal void Correct(Rates missing)
    {
        var now = _participant.Pool.Elapsed;
        lock (_lock)
        {
            Flow(now);
            _tokens -= missing;
        }

        Balance();
    }

    /// <summary>How long until so much could be drawn, with all units that could be had now; null when that is never.</summary>
    internal TimeSpan? TimeUntil(Rates amount)
    {
        lock (_lock)
        {
            var rate = PerUnit * Within;
            var seconds = (amount - _tokens).Over(rate);
            return seconds <= 0 ? TimeSpan.Zero : seconds <= TimeSpan.FromDays(1).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
        }
    }

    /// <summary>More units may be had, or fewer.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation) => Balance();

    internal void Cancel(RateWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node is not { } node) return;
            Take(node);
        }

        waiter.End(WaitOutcome.Cancelled);
        Look();
    }

    public void Dispose() => Close(WaitOutcome.Disposed);

    private void Close(WaitOutcome because)
    {
        var all = new List<RateWaiter>();
        int back;
        CancellationTokenSource? asking;
        lock (_lock)
        {
            if (because == WaitOutcome.Disposed) _isDisposed = true;
            asking = _asking;
            while (_waiters.First is { } node) all.Add(Take(node));
            back = _used.Take(_used.Count);
            _recall.Unregister();
        }

        if (because == WaitOutcome.Disposed)
        {
            _participant.Mappers.Remove(this);
            _timer.Dispose();
        }

        asking?.Cancel();
        _used.GiveBack(back);
        foreach (var waiter in all) waiter.End(because);
    }

    /// <summary>What all units together would save up, those that could be had now included.</summary>
    private int Within => _used.Count + _moving + (_asking is null ? 0 : 1) + Math.Max(0, _participant.Available);

    private WaitOutcome ClosedBecause => _participant.Waiters.ClosedBecause;

    /// <summary>Lets in what the held units have brought since the last look. The lock is held.</summary>
    private void Flow(TimeSpan now)
    {
        var perUnit = PerUnit;
        if (now > _at)
        {
            _tokens += perUnit * (_used.Count * (now - _at).TotalSeconds);
            _at = now;
        }

        _tokens = _tokens.AtMost(perUnit * (Within * _burst.TotalSeconds));
    }

    /// <summary>More than the bucket holds is drawn from a full one, and is then missing.</summary>
    private bool TryDrawHere(Rates amount)
    {
        if (!_tokens.Covers(amount.AtMost(PerUnit * (Within * _burst.TotalSeconds))) || !_tokens.IsAnything) return false;
        _tokens -= amount;
        return true;
    }

    private RateWaiter Take(LinkedListNode<RateWaiter> node)
    {
        _waiters.Remove(node);
        _queued -= node.Value.Amount.First;
        node.Value.Node = null;
        return node.Value;
    }
}
