using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

// How threads come and go.
public sealed partial class DedicatedThreads
{
    /// <summary>A thread's last step: by now the allocation may allow another in its place.</summary>
    internal void Leave()
    {
        StartAhead();
        Forget();
    }

    private void Forget()
    {
        lock (_lock) _present--;
        EndIfDone();
    }

    /// <summary>The name of a thread that is to be started. The lock is held.</summary>
    private string NewName()
    {
        _present++;
        return $"{_options.NamePrefix ?? _participant.Name} {++_named}";
    }

    private bool TryStart(string name, ResourceLease lease)
    {
        var thread = new DedicatedThread(this);
        thread.Summon(lease);
        if (TryStart(thread, name)) return true;
        lock (_lock)
        {
            _summoned--;
            _threads--;
            if (!lease.IsAcquired) _isUnitless = false;
        }

        lease.Dispose();
        Arm(_retryTimer, RetryTime);
        return false;
    }

    private bool TryStart(DedicatedThread thread, string name)
    {
        try
        {
            thread.Start(name, _options.Priority);
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStateException or ThreadStartException)
        {
            Forget();
            _participant.Pool.Contain("thread start", exception);
            return false;
        }
    }

    /// <summary>Starts the threads that are to stand ready, as many as the allocation allows. One that cannot be started is started with its work.</summary>
    private void StartAhead()
    {
        if (!_options.StartsAhead) return;
        var now = _participant.Pool.Now;
        var isStarted = true;
        while (isStarted)
        {
            string name;
            lock (_lock)
            {
                if (_isDisposed || _threads >= Allowed) return;
                name = NewName();
            }

            var thread = new DedicatedThread(this) { IdleSince = now };
            isStarted = TryStart(thread, name);
            if (isStarted && !TryAddIdle(thread)) thread.End();
        }
    }

    /// <returns>False when it is not allowed any more.</returns>
    private bool TryAddIdle(DedicatedThread thread)
    {
        lock (_lock)
        {
            if (_isDisposed || _threads >= Allowed) return false;
            _threads++;
            _idle.Add(thread);
            return true;
        }
    }

    private void EndIdle()
    {
        var now = _participant.Pool.Now;
        var ending = new List<DedicatedThread>();
        TimeSpan? left = null;
        lock (_lock)
        {
            while (_idle.Count > 0 && (_threads > Allowed || !_options.StartsAhead && IdleFor(_idle[0]) >= _options.IdleTime))
            {
                ending.Add(_idle[0]);
                _idle.RemoveAt(0);
                _threads--;
            }

            if (_idle.Count > 0 && !_options.StartsAhead) left = _options.IdleTime - IdleFor(_idle[0]);
        }

        foreach (var thread in ending) thread.End();
        if (left is { } due) Arm(_idleTimer, due);

        TimeSpan IdleFor(DedicatedThread thread) => TimeSpan.FromMilliseconds(now - thread.IdleSince);
    }

    private void EndIfDone()
    {
        lock (_lock)
        {
            if (!_isDisposed || _present > 0 || _work.Count > 0) return;
        }

        Contained(_idleTimer.Dispose);
        Contained(_retryTimer.Dispose);
        _ended.TrySetResult();
    }

    private void Arm(ITimer timer, TimeSpan due) => Contained(() => timer.Change(due, Timeout.InfiniteTimeSpan));

    private void Contained(Action timing)
    {
        try
        {
            timing();
        }
        catch (Exception exception)
        {
            _participant.Pool.Contain("time provider", exception);
        }
    }
}
