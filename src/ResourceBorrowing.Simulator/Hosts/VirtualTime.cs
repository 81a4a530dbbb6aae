namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>Time that stands still until the simulation moves it. Single-threaded; timers fire when they are told to.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly List<VirtualTimer> _timers = [];

    /// <summary>Ticks of 100 ns since the simulation began.</summary>
    internal long Now { get; set; }

    /// <summary>When the next timer fires; <see cref="long.MaxValue"/> when none will.</summary>
    internal long NextDue
    {
        get
        {
            var next = long.MaxValue;
            foreach (var timer in _timers) next = Math.Min(next, timer.Due);
            return next;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Fires the first timer that is due now.</summary>
    internal void Fire()
    {
        foreach (var timer in _timers)
        {
            if (timer.Due > Now) continue;
            timer.Fire();
            return;
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        internal long Due { get; private set; } = long.MaxValue;

        internal void Fire()
        {
            Due = _period > TimeSpan.Zero ? time.Now + _period.Ticks : long.MaxValue;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.Now + dueTime.Ticks;
            _period = period;
            return true;
        }

        public void Dispose() => Due = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
