using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing;

/// <summary>A queued <see cref="Participant.AcquireAsync(int, CancellationToken)"/>: a pooled source of the task its caller awaits.</summary>
/// <remarks>
/// It returns to the pool when its result is fetched, and not before the cancellation callback has been taken off: so a
/// late cancellation can never hit the next user. Continuations run asynchronously, but for those of groups that ask otherwise.
/// </remarks>
internal sealed class LeaseWaiter : Waiter, IValueTaskSource<ResourceLease>
{
    private const int MaxPooled = 4096;
    private static readonly ConcurrentQueue<LeaseWaiter> Pool = new();

    // The waiter this thread recycled last: nobody else looks for it here, so it costs no interlocked operation.
    [ThreadStatic] private static LeaseWaiter? _spare;

    private ManualResetValueTaskSourceCore<ResourceLease> _source;
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellationToken;
    private Participant? _participant;
    private WaitGroup? _group;
    private TimeSpan _since;
    private Action<object?>? _continuation;
    private object? _state;
    private bool _isHarmed;

    internal override bool IsAbandoned => _group is { IsAbandoned: true };

    internal static LeaseWaiter Rent(Participant participant, int units, WaitGroup? group)
    {
        var waiter = _spare;
        if (waiter is not null) _spare = null;
        else if (!Pool.TryDequeue(out waiter)) waiter = new LeaseWaiter();
        waiter._participant = participant;
        waiter._group = group;
        waiter._source.RunContinuationsAsynchronously = group is not { ContinuesInline: true };
        waiter._since = participant.Pool.Metrics.WaitBegan();
        waiter.Reset(units);
        var account = participant.Account;
        waiter._isHarmed = account.Lent > 0;
        if (waiter._isHarmed) participant.Pool.CountHarmed(account, 1);
        return waiter;
    }

    /// <summary>The task of a waiter that has been queued. Called once, by who queued it.</summary>
    internal ValueTask<ResourceLease> Task(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled && Outcome == WaitOutcome.Waiting)
        {
            _cancellationToken = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(static state => ((LeaseWaiter)state!).Cancel(), this);
        }

        return new ValueTask<ResourceLease>(this, _source.Version);
    }

    internal override void Complete()
    {
        var outcome = Outcome;
        var pool = _participant!.Pool;
        EndHarm();
        try
        {
            if (outcome == WaitOutcome.Cancelled)
                _source.SetException(new OperationCanceledException(_cancellationToken));
            else if (outcome == WaitOutcome.Disposed && _group is null)
                _source.SetException(new ObjectDisposedException(nameof(ResourcePool)));
            else
                _source.SetResult(default);
        }
        catch (Exception exception)
        {
            // The caller's synchronisation context would not take the continuation: the thread pool does, so no unit is lost.
            pool.Contain("synchronisation context", exception);
            if (_continuation is { } continuation) ThreadPool.UnsafeQueueUserWorkItem(continuation, _state, preferLocal: false);
        }
    }

    public ResourceLease GetResult(short token)
    {
        if (_source.GetStatus(token) == ValueTaskSourceStatus.Pending)
            throw new InvalidOperationException("The result of AcquireAsync was asked for before it was there; await it.");

        // Outside every lock: it waits for a cancellation callback that is just running.
        _registration.Dispose();
        var participant = _participant!;
        try
        {
            participant.Pool.Metrics.WaitEnded(_since, participant.Name);
            _source.GetResult(token);
            return participant.LeaseFor(Outcome, Units);
        }
        finally
        {
            Recycle();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        // Only a context of the caller's own can refuse the continuation; see Complete.
        if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0 && SynchronizationContext.Current is not null)
            (_continuation, _state) = (continuation, state);
        _source.OnCompleted(continuation, state, token, flags);
    }

    internal void Recycle()
    {
        EndHarm();
        _source.Reset();
        _registration = default;
        _cancellationToken = default;
        _participant = null;
        _group = null;
        if (_continuation is not null) (_continuation, _state) = (null, null);
        if (_spare is null) _spare = this;
        else if (Pool.Count < MaxPooled) Pool.Enqueue(this);
    }

    private void EndHarm()
    {
        if (!_isHarmed) return;
        _isHarmed = false;
        _participant!.Pool.CountHarmed(_participant.Account, -1);
    }

    private void Cancel() => _participant!.Waiters.Cancel(this);
}
