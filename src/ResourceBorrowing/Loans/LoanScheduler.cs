using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

/// <summary>Brings loans to their end: one timer for the whole pool, armed only for an earlier due time.</summary>
/// <remarks>
/// <para><b>Ownership.</b> <c>_armed</c> is the tick the timer is set for; it only falls, except when the timer fires.
/// Whoever lowers it sets the timer, one thread at a time, always to the latest value.</para>
/// <para><b>Order.</b> The callback forgets the armed tick, settles, and arms for what is left. A loan made meanwhile
/// either is seen by the last look or arms the timer itself.</para>
/// <para><b>Callbacks.</b> The timer belongs to a <see cref="TimeProvider"/>, which is user code: it is called outside all
/// locks, may call back at once, and an exception from it is reported and contained.</para>
/// </remarks>
internal sealed class LoanScheduler : IDisposable
{
    private readonly LoanBook _book;
    private readonly Func<long, long> _settled;
    private readonly Action<Exception> _failed;
    private readonly ITimer _timer;
    private Combiner _arming;
    private Combiner _advancing;
    private long _armed = TimerWheel.Never;
    private bool _disposed;
    private bool _mustRetry;

    /// <param name="book">Whose loans to settle.</param>
    /// <param name="settled">Runs after each round, outside all locks, with the time; answers when it wants to run again.</param>
    /// <param name="failed">Told of what the time provider throws.</param>
    internal LoanScheduler(LoanBook book, Func<long, long> settled, Action<Exception> failed)
    {
        _book = book;
        _settled = settled;
        _failed = failed;
        // The timer must not keep the ambient state of whoever happened to build the pool.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _timer = book.Clock.Time.CreateTimer(
                static state => ((LoanScheduler)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Makes sure that the timer fires no later than <paramref name="tick"/>.</summary>
    internal void Arm(long tick)
    {
        var armed = Volatile.Read(ref _armed);
        while (tick < armed)
        {
            var seen = Interlocked.CompareExchange(ref _armed, tick, armed);
            if (seen == armed)
            {
                SetTimer();
                return;
            }

            armed = seen;
        }
    }

    /// <summary>Sets the timer if the time provider would not have it before.</summary>
    internal void RetryIfNeeded()
    {
        if (!Volatile.Read(ref _mustRetry)) return;
        Volatile.Write(ref _mustRetry, false);
        Arm(_book.NextLook);
    }

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        try
        {
            _timer.Dispose();
        }
        catch (Exception exception)
        {
            _failed(exception);
        }
    }

    private void SetTimer()
    {
        if (!_arming.Enter()) return;
        do
        {
            var tick = Volatile.Read(ref _armed);
            if (tick == TimerWheel.Never || Volatile.Read(ref _disposed)) continue;
            try
            {
                // Whole milliseconds, rounded up: a timer that fires early would only have to be set again.
                var wait = Math.Max(0, tick - PoolClock.TickOf(_book.Clock.Elapsed));
                _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
            }
            catch (Exception exception)
            {
                // Nothing is armed as far as we know: whoever comes next tries again.
                Interlocked.CompareExchange(ref _armed, TimerWheel.Never, tick);
                Volatile.Write(ref _mustRetry, true);
                _failed(exception);
            }
        }
        while (!_arming.Exit());
    }

    private void OnTimer()
    {
        if (!_advancing.Enter()) return;
        do
        {
            Interlocked.Exchange(ref _armed, TimerWheel.Never);
            if (Volatile.Read(ref _disposed)) continue;
            var now = _book.Clock.NowOrLast();
            _book.Advance(now);
            var again = _settled(now);
            Arm(Math.Min(again, _book.NextLook));
        }
        while (!_advancing.Exit());
    }
}
