namespace ResourceBorrowing.Benchmarks;

/// <summary>
/// Many outstanding due times, some of which are cancelled and scheduled anew in each turn: drawn at random, so that what was scheduled
/// together is not cancelled together.
/// </summary>
internal abstract class DueTimes
{
    protected const int Count = 100_000;

    // Far enough away that none comes due while it is measured.
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    private readonly Random _random = new(Seed: 1);
    private readonly int[] _places = [.. Enumerable.Range(0, Count)];
    private readonly int[] _milliseconds = new int[Count];

    /// <summary>Schedules all of them.</summary>
    internal void Fill()
    {
        foreach (var place in Draw(Count)) Schedule(place, _milliseconds[place]);
    }

    /// <returns>Nanoseconds for cancelling one of <paramref name="count"/>, and for scheduling one.</returns>
    internal (double Cancel, double Schedule) Turn(int count)
    {
        var places = Draw(count);
        var began = Stopwatch.GetTimestamp();
        foreach (var place in places) Cancel(place);
        var cancelled = Stopwatch.GetTimestamp();
        foreach (var place in places) Schedule(place, _milliseconds[place]);
        var scheduled = Stopwatch.GetTimestamp();
        return (Nanoseconds(began, cancelled), Nanoseconds(cancelled, scheduled));

        double Nanoseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalNanoseconds / count;
    }

    /// <summary>Cancels all of them.</summary>
    internal void Clear()
    {
        foreach (var place in _places) Cancel(place);
    }

    protected abstract void Schedule(int place, int milliseconds);

    protected abstract void Cancel(int place);

    /// <summary>Draws places, and when each shall next be due.</summary>
    private ReadOnlySpan<int> Draw(int count)
    {
        for (var i = 0; i < count; i++)
        {
            ref var drawn = ref _places[_random.Next(i, Count)];
            (_places[i], drawn) = (drawn, _places[i]);
            _milliseconds[_places[i]] = _random.Next((int)Shortest.TotalMilliseconds, (int)Longest.TotalMilliseconds);
        }

        return _places.AsSpan(0, count);
    }
}
