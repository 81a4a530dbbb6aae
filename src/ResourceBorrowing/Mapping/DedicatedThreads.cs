using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// Threads of a participant's own behind a <see cref="TaskScheduler"/>: as many as its allocation allows, so that what runs on them has no more
/// of the processors than the participant has units. For <c>new TaskFactory(threads)</c>.
/// </summary>
/// <remarks>
/// <para>A thread is started (or ahead of it, as <see cref="DedicatedThreadsOptions.StartsAhead"/> says), or woken, when there is work and the units for it are granted; it holds them while it runs one task after the other, and gives
/// them back between two tasks when the participant owes units or others of its callers wait for some, and when there is no more work. So there are never more
/// threads than allocation / units per thread, but for tasks that still run after the allocation has shrunk: those are not cut off, and hold up nobody else.</para>
/// <para>A task that waits for another of the same threads by blocking may wait for ever when there is one thread only. Synchronous parts of async methods
/// run here; what they await holds no thread. Tasks start in the order in which they were queued.</para>
/// <para><b>At the end.</b> <see cref="Dispose"/> refuses new tasks, and continuations of async methods are new tasks: await what was started before. What is
/// queued is still run. When the participant leaves the pool or the pool is disposed there are no more units: what is queued, and what is queued
/// later, is then run by a single thread that holds none, so that nobody waits for ever. In a pool that observes, threads are as many as the allocation
/// allows, for there nobody is refused.</para>
/// <para>Thread-safe. A task's exceptions are the task's. No lock is held while tasks run. The pool tells it of changes until it is disposed.</para>
/// </remarks>
public sealed partial class DedicatedThreads : TaskScheduler, IResourceMapper, IDisposable, IAsyncDisposable
{
    // A full queue of the participant tells nobody when there is room again.
    private static readonly TimeSpan RetryTime = TimeSpan.FromMilliseconds(100);

    [ThreadStatic] private static DedicatedThreads? _current;

    private readonly Participant _participant;
    private readonly DedicatedThreadsOptions _options;
    private readonly int _unitsPerThread;
    private readonly WaitGroup _waits = new() { ContinuesInline = true };
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _idleTimer;
    private readonly ITimer _retryTimer;

    // All below is guarded by the lock, under which nothing but this bookkeeping is done.
    private readonly Lock _lock = new();
    private readonly Queue<Task> _work = new();
    private readonly List<DedicatedThread> _idle = [];   // the longest idle first
    private CancellationTokenSource? _asking;            // of the wait for units, of which there is one at a time
    private int _threads;                                // without those that have seen that they are to end
    private int _present;                                // with them, until their last step
    private int _named;
    private int _summoned;                               // on their way to their first task
    private bool _isUnitless;                            // whether a thread runs without units
    private bool _isDisposed;

    /// <summary>Makes the scheduler; threads follow with the work.</summary>
    /// <param name="participant">Whose units the threads hold.</param>
    /// <param name="options">Default as <see cref="DedicatedThreadsOptions"/> says.</param>
    /// <exception cref="ArgumentNullException"><paramref name="participant"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public DedicatedThreads(Participant participant, DedicatedThreadsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(participant);
        _options = (options ?? new()).Checked(participant, nameof(options));
        _unitsPerThread = _options.UnitsPerThread!.Value;
        _participant = participant;
        _idleTimer = participant.Pool.Time.CreateTimer(static state => ((DedicatedThreads)state!).EndIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _retryTimer = participant.Pool.Time.CreateTimer(static state => ((DedicatedThreads)state!).Recruit(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        participant.Mappers.Add(this);
    }

    /// <summary>Threads there are now, idle ones included.</summary>
    public int ThreadCount
    {
        get
        {
            lock (_lock) return _threads;
        }
    }

    /// <summary>Tasks that are queued.</summary>
    public int QueuedCount
    {
        get
        {
            lock (_lock) return _work.Count;
        }
    }

    /// <summary>How many tasks may run at one time now: allocation / units per thread, at least 1.</summary>
    public override int MaximumConcurrencyLevel => Math.Max(1, Allowed);

    private bool IsClosed => _participant.Waiters.ClosedBecause != WaitOutcome.Waiting;

    private int Allowed => _participant.Allocation / _unitsPerThread;

    /// <summary>Refuses new tasks and lets what is queued run; does not wait. Then all threads end.</summary>
    public void Dispose()
    {
        DedicatedThread[] idle;
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            idle = [.. _idle];
            _idle.Clear();
            _threads -= idle.Length;
        }

        foreach (var thread in idle) thread.End();
        _participant.Mappers.Remove(this);
        Recruit();
        EndIfDone();
    }

    /// <summary>As <see cref="Dispose"/>, and completes when all threads have ended: not before the last task has.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(_ended.Task);
    }

    /// <summary>Idle threads that the allocation does not allow any more end; work gets those that it allows anew, and those that are to stand ready are started.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
        EndIdle();
        Recruit();
        StartAhead();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Disposed, or as many tasks are queued as may be. Task's methods wrap it in a <see cref="TaskSchedulerException"/>.</exception>
    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            if (_isDisposed) throw new InvalidOperationException($"The threads of '{_participant.Name}' have been disposed and take no new tasks.");
            if (_work.Count >= _options.QueueLimit) throw new InvalidOperationException($"The queue of the threads of '{_participant.Name}' is full: {_work.Count} tasks wait.");
            _work.Enqueue(task);
        }

        Recruit();
    }

    /// <summary>A task may run inside another on one of these threads, which holds units; nowhere else.</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => _current == this && TryExecuteTask(task);

    /// <summary>For debuggers.</summary>
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        if (!_lock.TryEnter()) throw new NotSupportedException();
        try
        {
            return [.. _work];
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Runs tasks on a thread that was summoned, until it is idle or is to end.</summary>
    internal void Work(DedicatedThread thread)
    {
        _current = this;
        var lease = thread.Lease;
        for (var isFirst = true; TryTake(thread, lease, isFirst) is { } task; isFirst = false)
        {
            try
            {
                TryExecuteTask(task);
            }
            catch (Exception exception)
            {
                _participant.Pool.Contain("task", exception);
            }
        }

        // It is idle already, so that whoever is served by these units and has work here finds it.
        lease.Dispose();
        Recruit();
    }

    /// <returns>The next task; null when the thread is to give its units back: then it is idle, or has seen that it is to end.</returns>
    private Task? TryTake(DedicatedThread thread, ResourceLease lease, bool isFirst)
    {
        var now = _participant.Pool.Now;
        CancellationTokenSource? needless = null;
        Task? task = null;
        var isOnlyIdle = false;
        lock (_lock)
        {
            if (isFirst) _summoned--;
            if (!IsWanted(lease, isFirst) && _work.TryDequeue(out task))
            {
                if (_work.Count <= _summoned) (needless, _asking) = (_asking, null);
            }
            else
            {
                if (!lease.IsAcquired) _isUnitless = false;
                if (_isDisposed || _threads > Allowed)
                {
                    _threads--;
                    thread.IsEnding = true;
                }
                else
                {
                    thread.IdleSince = now;
                    _idle.Add(thread);
                    isOnlyIdle = _idle.Count == 1;
                }
            }
        }

        // Units for which there is no work left are not to be borrowed or recalled for it.
        needless?.Cancel();
        if (isOnlyIdle) Arm(_idleTimer, _options.IdleTime);
        return task;
    }

    /// <summary>Whether others want the units of a thread; a caller that merely waits does not before the thread has done something with them.</summary>
    private bool IsWanted(ResourceLease lease, bool isFirst)
    {
        if (!lease.IsAcquired) return false;
        var word = _participant.Account.Cell.Read();
        return !word.IsQuiet && (word.OwesDebt || IsClosed || !isFirst && _participant.Waiting > (_asking is null ? 0 : _unitsPerThread));
    }

    /// <summary>Asks for the units of one more thread, one after the other, as long as there is work for which no thread is on its way.</summary>
    private void Recruit()
    {
        bool goesOn;
        do
        {
            CancellationTokenSource asking;
            lock (_lock)
            {
                if (_asking is not null || _isUnitless || _work.Count <= _summoned) return;
                // Where nobody is refused, the number of threads still is.
                if (_participant.Pool.IsObserving && !IsClosed && _threads - _idle.Count >= MaximumConcurrencyLevel) return;
                _asking = asking = new CancellationTokenSource();
            }

            var wait = AskAsync(asking.Token);
            if (!wait.IsCompleted)
            {
                var awaiter = wait.ConfigureAwait(false).GetAwaiter();
                awaiter.UnsafeOnCompleted(() =>
                {
                    if (Answer(wait, asking)) Recruit();
                });
                return;
            }

            goesOn = Answer(wait, asking);
        }
        while (goesOn);
    }

    private ValueTask<ResourceLease> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _participant.AcquireAsync(_unitsPerThread, _waits, cancellationToken);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // The ceiling has been lowered since.
            return ValueTask.FromException<ResourceLease>(exception);
        }
    }

    /// <returns>Whether to look if there is work for yet another thread.</returns>
    private bool Answer(ValueTask<ResourceLease> wait, CancellationTokenSource asking)
    {
        ResourceLease lease = default;
        try
        {
            lease = wait.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ArgumentOutOfRangeException)
        {
            // As if refused.
        }

        DedicatedThread? thread = null;
        string? name = null;
        bool isNeeded;
        lock (_lock)
        {
            if (_asking == asking) _asking = null;
            isNeeded = _asking is null && _work.Count > _summoned;
            if (isNeeded && (lease.IsAcquired || IsClosed && !_isUnitless))
            {
                if (!lease.IsAcquired) _isUnitless = true;
                _summoned++;
                if (_idle.Count > 0)
                {
                    thread = _idle[^1];
                    _idle.RemoveAt(_idle.Count - 1);
                }
                else
                {
                    _threads++;
                    name = NewName();
                }
            }
        }

        if (thread is not null) thread.Summon(lease);
        else if (name is not null) return TryStart(name, lease);
        else lease.Dispose();
        if (isNeeded && thread is null) Arm(_retryTimer, RetryTime);
        return thread is not null;
    }
}
