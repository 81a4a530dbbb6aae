using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

// Which units it holds, and when it looks again.
internal sealed partial class RateBucket
{
    private void Balance()
    {
        LevelOut();
        _ = AskForAUnitAsync();
    }

    /// <summary>Serves who can be served, then holds as many units as the level asks for.</summary>
    private void LevelOut()
    {
        while (true)
        {
            List<RateWaiter>? served = null;
            CancellationTokenSource? idle;
            int back, more, moving;
            TimeSpan? look;
            var now = _participant.Pool.Elapsed;
            lock (_lock)
            {
                if (_isDisposed) return;
                Flow(now);
                while (_waiters.First is { } front && TryDrawHere(front.Value.Amount)) (served ??= []).Add(Take(front));
                var wanted = Wanted();
                back = _used.Take(Math.Max(0, _used.Count - wanted));
                more = Math.Min(wanted - _used.Count, _participant.Available);
                moving = Math.Max(back, Math.Max(0, more));
                _moving += moving;
                // A place in the participant's queue that nobody needs any more would keep others out.
                idle = _waiters.Count == 0 ? _asking : null;
                look = NextLook;
            }

            if (look is { } soon)
            {
                WatchRecalls();
                SetTimer(soon);
            }

            foreach (var waiter in served ?? []) waiter.End(WaitOutcome.Granted);
            idle?.Cancel();
            try
            {
                _used.GiveBack(back);
                if (more <= 0 || !TryGrow(more)) return;
            }
            finally
            {
                lock (_lock) _moving -= moving;
            }
        }
    }

    /// <summary>How many units the level asks for; fewer when the participant owes some or its callers wait for some: a rate can shrink at once. The lock is held.</summary>
    private int Wanted()
    {
        if (!_isUsed || ClosedBecause != WaitOutcome.Waiting) return 0;
        var missed = _participant.Debt + Math.Max(0, _participant.Waiting - (_asking is null ? 0 : 1));
        var within = Within;
        var wanted = _waiters.Count > 0 ? within : (int)Math.Ceiling(within * _tokens.Missing(PerUnit * (within * _burst.TotalSeconds)));
        return missed > 0 ? Math.Clamp(_used.Count - missed, 0, wanted) : wanted;
    }

    /// <summary>A rate can shrink at once, so units that are wanted back go at once. One registration for each token; a token ends with the recall that it tells.</summary>
    private void WatchRecalls()
    {
        var token = _participant.Account.Cell.RecallToken;
        lock (_lock)
        {
            // Already cancelled while units are owed: those are given back by whoever looks now.
            if (_isDisposed || _used.Count == 0 || token.IsCancellationRequested || token == _watched) return;
            _watched = token;
        }

        var recall = token.UnsafeRegister(static bucket => ((RateBucket)bucket!).Look(), this);
        lock (_lock) _recall = recall;
        if (IsDisposed) recall.Unregister();
    }

    private bool TryGrow(int units)
    {
        try
        {
            return Add(_participant.TryAcquire(units));
        }
        catch (ObjectDisposedException)
        {
            Close(WaitOutcome.Disposed);
        }
        catch (Exception exception)
        {
            // What the time provider throws, for one; the tokens are drawn.
            _participant.Pool.Contain("rate", exception);
        }

        return false;
    }

    private bool Add(ResourceLease lease)
    {
        if (!lease.IsAcquired) return false;
        var now = _participant.Pool.Elapsed;
        lock (_lock)
        {
            if (!_isDisposed)
            {
                Flow(now);
                _used.Add(lease);
                return true;
            }
        }

        lease.Dispose();
        return false;
    }

    /// <summary>Who waits for tokens and cannot have a further unit at once waits for one in the participant's queue: there units are borrowed and recalled for it.</summary>
    private async Task AskForAUnitAsync()
    {
        var isGranted = true;
        while (isGranted)
        {
            var asking = new CancellationTokenSource();
            lock (_lock)
            {
                if (_asking is not null || _isDisposed || _waiters.Count == 0) return;
                _asking = asking;
            }

            var lease = default(ResourceLease);
            try
            {
                lease = await _participant.AcquireAsync(1, asking.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Nobody waits any more.
            }
            catch (ObjectDisposedException)
            {
                Close(WaitOutcome.Disposed);
            }
            catch (Exception exception)
            {
                // What the time provider throws, for one.
                _participant.Pool.Contain("rate", exception);
            }

            lock (_lock) _asking = null;
            isGranted = Add(lease);
            if (isGranted) LevelOut();
            else if (ClosedBecause is var closed and not WaitOutcome.Waiting) Close(closed);
        }
    }

    /// <summary>When to look again: when the front of the queue has its tokens, or when units may be given back. Null when nothing is held and nobody waits. The lock is held.</summary>
    private TimeSpan? NextLook
    {
        get
        {
            if (_used.Count == 0 && _waiters.Count == 0) return null;
            var look = _burst / 8;
            if (_waiters.First is { } front && _used.Count > 0) look = TimeSpan.FromSeconds(Math.Min(1, (front.Value.Amount - _tokens).Over(PerUnit * _used.Count)));
            return look < ShortestLook ? ShortestLook : look > LongestLook ? LongestLook : look;
        }
    }

    /// <summary>Units are on their way when it is set, so it must not throw, whatever the time provider does.</summary>
    private void SetTimer(TimeSpan look)
    {
        try
        {
            _timer.Change(look, Timeout.InfiniteTimeSpan);
        }
        catch (Exception exception)
        {
            _participant.Pool.Contain("time provider", exception);
        }
    }

    /// <summary>For those to whom it must not throw.</summary>
    private void Look()
    {
        try
        {
            Balance();
        }
        catch (Exception exception)
        {
            _participant.Pool.Contain("rate", exception);
        }
    }
}
