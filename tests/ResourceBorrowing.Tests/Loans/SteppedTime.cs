namespace ResourceBorrowing.Tests.Loans;

/// <summary>A timestamp, a wall clock and timers that do what a test says, each by itself.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly List<Timer> _timers = [];

    /// <summary>The monotonic time.</summary>
    internal TimeSpan Now { get; set; }

    internal DateTimeOffset WallClock { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Whether asking for the time throws.</summary>
    internal bool Fails { get; set; }

    /// <summary>Whether setting a timer throws.</summary>
    internal bool TimerFails { get; set; }

    /// <summary>How often a timer was set.</summary>
    internal int Settings { get; private set; }

    internal int TimersMade => _timers.Count;

    internal int TimersAlive => _timers.Count(static t => !t.IsDisposed);

    /// <summary>When the timer that was set to be first fires, in monotonic time; null when none is set.</summary>
    internal TimeSpan? Due => _timers.Where(static t => t.Due is not null).Min(static t => t.Due);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Fails ? throw new InvalidOperationException("clock") : Now.Ticks;

    public override DateTimeOffset GetUtcNow() => WallClock;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Calls back at once, whatever time it is; the timer is no longer set.</summary>
    internal void Fire()
    {
        foreach (var timer in _timers.ToArray()) timer.Fire();
    }

    /// <summary>Time goes on, and whoever is due by then is called, early by nothing and late by nothing.</summary>
    internal void RunTo(TimeSpan until)
    {
        while (Due is { } due && due <= until)
        {
            if (due > Now) Now = due;
            foreach (var timer in _timers.Where(t => t.Due <= Now).ToArray()) timer.Fire();
        }

        Now = until;
    }

    private sealed class Timer(SteppedTime time, Action callback) : ITimer
    {
        internal TimeSpan? Due { get; private set; }

        internal bool IsDisposed { get; private set; }

        internal void Fire()
        {
            Due = null;
            if (!IsDisposed) callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (time.TimerFails) throw new InvalidOperationException("timer");
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            if (dueTime != Timeout.InfiniteTimeSpan) time.Settings++;
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time.Now + dueTime;
            return true;
        }

        public void Dispose() => (IsDisposed, Due) = (true, null);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
