namespace ResourceBorrowing.Benchmarks;

/// <summary>Another provider's time, and how many of its timers are alive.</summary>
internal sealed class CountedTimers(TimeProvider time) : TimeProvider
{
    private int _alive;

    internal int Alive => Volatile.Read(ref _alive);

    public override long TimestampFrequency => time.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = time.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _alive);
        return new Counted(this, timer);
    }

    private sealed class Counted(CountedTimers owner, ITimer timer) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            Leave();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Leave();
            return timer.DisposeAsync();
        }

        private void Leave()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0) Interlocked.Decrement(ref owner._alive);
        }
    }
}
