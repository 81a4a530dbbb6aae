namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>Due times as one keeps them without a library: a timer of the system's for each.</summary>
internal sealed class SystemTimers : DueTimes
{
    private readonly ITimer[] _timers = new ITimer[Count];

    protected override void Schedule(int place, int milliseconds) =>
        _timers[place] = TimeProvider.System.CreateTimer(static _ => { }, null, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);

    protected override void Cancel(int place) => _timers[place].Dispose();
}
