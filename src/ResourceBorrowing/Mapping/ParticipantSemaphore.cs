using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// A semaphore with the shape of <see cref="SemaphoreSlim"/> whose permits are a participant's units, so it grows and shrinks with the allocation while it is
/// in use. One permit is one unit.
/// </summary>
/// <remarks>
/// <para>Answers as a <see cref="SemaphoreSlim"/> whose maximum is the allocation would. What differs: who waits is served in the participant's order,
/// among all its callers; and the participant may refuse. A wait with a time limit is then over at once and answers false, one without throws an
/// <see cref="InvalidOperationException"/> that says why (the queue is full, or the allocation could never suffice); when the participant is leaving the pool,
/// both throw. There is no <c>AvailableWaitHandle</c>.</para>
/// <para>Each permit is a lease, kept on a stack until it is released, by whomever. A recall takes effect at the next release. Dispose it when nobody holds
/// a permit. Time limits are measured by the pool's <see cref="TimeProvider"/>. Thread-safe; waiting and releasing are lock-free while units are free, and cost one small object per permit. A blocked
/// thread needs no thread of the thread pool to go on.</para>
/// </remarks>
public sealed class ParticipantSemaphore : IResourceMapper, IDisposable
{
    // What timers can measure.
    private const long LongestMilliseconds = uint.MaxValue - 1;

    private readonly Participant _participant;
    private readonly WaitGroup _waits = new();
    private readonly WaitGroup _blocked = new() { ContinuesInline = true };
    private Permit? _permits;

    /// <summary>Makes a semaphore of a participant's units; several, and direct callers, may share one participant.</summary>
    /// <param name="participant">Whose units to hand out as permits.</param>
    /// <exception cref="ArgumentNullException"><paramref name="participant"/> is null.</exception>
    public ParticipantSemaphore(Participant participant)
    {
        ArgumentNullException.ThrowIfNull(participant);
        _participant = participant;
    }

    /// <summary>Permits that could be had now: the participant's free units.</summary>
    public int CurrentCount => Math.Max(0, _participant.Available);

    /// <summary>Takes a permit, blocking the thread until there is one.</summary>
    /// <inheritdoc cref="Wait(CancellationToken)"/>
    public void Wait() => Wait(CancellationToken.None);

    /// <summary>Takes a permit, blocking the thread until there is one.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The participant refused: its queue is full, it is leaving, or its allocation could never suffice. The message says which.</exception>
    /// <exception cref="ObjectDisposedException">The semaphore or the pool is, or was meanwhile, disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before there was a permit.</exception>
    public void Wait(CancellationToken cancellationToken) => Block(Timeout.Infinite, cancellationToken);

    /// <inheritdoc cref="Wait(int, CancellationToken)"/>
    public bool Wait(int millisecondsTimeout) => Wait(millisecondsTimeout, CancellationToken.None);

    /// <inheritdoc cref="Wait(TimeSpan, CancellationToken)"/>
    public bool Wait(TimeSpan timeout) => Wait(timeout, CancellationToken.None);

    /// <summary>Takes a permit, blocking the thread until there is one or the time is over.</summary>
    /// <param name="timeout">From 0 (do not wait) to 2^32-2 ms, or -1 ms for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Wait(int, CancellationToken)"/>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken) => Block(MillisecondsOf(timeout), cancellationToken);

    /// <summary>Takes a permit, blocking the thread until there is one or the time is over.</summary>
    /// <param name="millisecondsTimeout">From 0 (do not wait), or -1 for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was a permit. False, before the time is over, when the participant's queue is full or its allocation could never suffice.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time limit is out of range.</exception>
    /// <exception cref="InvalidOperationException">The participant is leaving the pool; or it refused, and there is no time limit.</exception>
    /// <exception cref="ObjectDisposedException">The semaphore or the pool is, or was meanwhile, disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before there was a permit.</exception>
    public bool Wait(int millisecondsTimeout, CancellationToken cancellationToken) => Block(Checked(millisecondsTimeout), cancellationToken);

    /// <summary>Takes a permit as soon as there is one.</summary>
    /// <inheritdoc cref="Wait(CancellationToken)"/>
    public Task WaitAsync() => WaitAsync(CancellationToken.None);

    /// <summary>Takes a permit as soon as there is one.</summary>
    /// <inheritdoc cref="Wait(CancellationToken)"/>
    public Task WaitAsync(CancellationToken cancellationToken) => EnterAsync(Timeout.Infinite, _waits, cancellationToken);

    /// <inheritdoc cref="WaitAsync(int, CancellationToken)"/>
    public Task<bool> WaitAsync(int millisecondsTimeout) => WaitAsync(millisecondsTimeout, CancellationToken.None);

    /// <inheritdoc cref="WaitAsync(TimeSpan, CancellationToken)"/>
    public Task<bool> WaitAsync(TimeSpan timeout) => WaitAsync(timeout, CancellationToken.None);

    /// <summary>Takes a permit as soon as there is one, unless the time is over before.</summary>
    /// <inheritdoc cref="Wait(TimeSpan, CancellationToken)"/>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => EnterAsync(MillisecondsOf(timeout), _waits, cancellationToken);

    /// <summary>Takes a permit as soon as there is one, unless the time is over before.</summary>
    /// <inheritdoc cref="Wait(int, CancellationToken)"/>
    public Task<bool> WaitAsync(int millisecondsTimeout, CancellationToken cancellationToken) => EnterAsync(Checked(millisecondsTimeout), _waits, cancellationToken);

    /// <inheritdoc cref="Release(int)"/>
    public int Release() => Release(1);

    /// <summary>Gives permits back; on any thread, by whomever.</summary>
    /// <param name="releaseCount">How many, from 1.</param>
    /// <returns><see cref="CurrentCount"/> before; what others do at the same time may show in it or not.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    /// <exception cref="SemaphoreFullException">More than are held; nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">The semaphore is disposed. Permits that are held are given back nevertheless: no unit is lost.</exception>
    public int Release(int releaseCount)
    {
        var before = CurrentCount;
        var permit = releaseCount > 0 ? TryPop(releaseCount) : null;
        var isHeld = permit is not null;
        for (var left = releaseCount; isHeld && left > 0; left--, permit = permit.Next) permit!.Lease.Dispose();

        ObjectDisposedException.ThrowIf(_waits.IsAbandoned, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(releaseCount, 1);
        return isHeld ? before : throw new SemaphoreFullException($"More permits of '{_participant.Name}' were to be released, {releaseCount}, than are held.");
    }

    /// <summary>
    /// Ends the waits of this semaphore with an <see cref="ObjectDisposedException"/>; who waits at the participant itself waits on. Permits that are held stay in use until they
    /// are released.
    /// </summary>
    public void Dispose()
    {
        _waits.Abandon();
        _blocked.Abandon();
        _participant.Waiters.Sweep();
    }

    /// <summary>Nothing to do: every permit is acquired from the participant, so the limit <i>is</i> the allocation.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    private static int Checked(int millisecondsTimeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(millisecondsTimeout, Timeout.Infinite);
        return millisecondsTimeout;
    }

    private static long MillisecondsOf(TimeSpan timeout) => timeout.TotalMilliseconds is >= Timeout.Infinite and <= LongestMilliseconds
        ? (long)timeout.TotalMilliseconds
        : throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time limit is from 0 to 2^32-2 ms, or -1 ms for ever.");

    private bool Block(long milliseconds, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_blocked.IsAbandoned, this);
        cancellationToken.ThrowIfCancellationRequested();
        return EnterAsync(milliseconds, _blocked, cancellationToken).GetAwaiter().GetResult();
    }

    private Task<bool> EnterAsync(long milliseconds, WaitGroup group, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(group.IsAbandoned, this);
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<bool>(cancellationToken);
        if (milliseconds == 0) return Task.FromResult(Enter(_participant.TryAcquire(), isLimited: true));
        if (milliseconds > 0) return EnterWithinAsync(milliseconds, group, cancellationToken);

        var wait = _participant.AcquireAsync(1, group, cancellationToken);
        return wait.IsCompletedSuccessfully ? Task.FromResult(Enter(wait.Result, isLimited: false)) : EnterAsync(wait);
    }

    private async Task<bool> EnterAsync(ValueTask<ResourceLease> wait) => Enter(await wait.ConfigureAwait(false), isLimited: false);

    private async Task<bool> EnterWithinAsync(long milliseconds, WaitGroup group, CancellationToken cancellationToken)
    {
        var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds), _participant.Pool.Time);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            return Enter(await _participant.AcquireAsync(1, group, either.Token).ConfigureAwait(false), isLimited: true);
        }
        catch (OperationCanceledException)
        {
            // Whether the wait was granted or ended was decided once, so no permit is on its way.
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
        finally
        {
            End(limit);
        }
    }

    private bool Enter(ResourceLease lease, bool isLimited)
    {
        if (lease.IsAcquired)
        {
            Push(new Permit(lease));
            return true;
        }

        ObjectDisposedException.ThrowIf(lease.Refusal == RefusalReason.Disposed, this);
        if (isLimited && lease.Refusal != RefusalReason.Removed) return false;
        throw new InvalidOperationException(lease.Explanation);
    }

    private void End(CancellationTokenSource limit)
    {
        try
        {
            limit.Dispose();
        }
        catch (Exception exception)
        {
            // The provider's timer: a permit that was granted must not be lost for it.
            _participant.Pool.Contain("time provider", exception);
        }
    }

    private void Push(Permit permit)
    {
        Permit? seen;
        do permit.Next = seen = Volatile.Read(ref _permits);
        while (Interlocked.CompareExchange(ref _permits, permit, seen) != seen);
    }

    /// <summary>Takes as many permits off in one step; null, and nothing is changed, when fewer are held. Nodes are never used again, so no other can look like one.</summary>
    private Permit? TryPop(int count)
    {
        while (true)
        {
            var top = Volatile.Read(ref _permits);
            var rest = top;
            for (var left = count; left > 0; left--, rest = rest.Next)
                if (rest is null) return null;
            if (Interlocked.CompareExchange(ref _permits, rest, top) == top) return top;
        }
    }

    private sealed class Permit(ResourceLease lease)
    {
        internal readonly ResourceLease Lease = lease;
        internal Permit? Next;
    }
}
