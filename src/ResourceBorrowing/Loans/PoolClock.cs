namespace ResourceBorrowing.Loans;

/// <summary>The pool's time: milliseconds since it began, by the monotonic timestamp of its <see cref="TimeProvider"/>.</summary>
/// <remarks>Thread-safe. A provider is user code, so it is never called under a lock.</remarks>
internal sealed class PoolClock(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly double _ticksPerTimestamp = (double)TimeSpan.TicksPerSecond / time.TimestampFrequency;
    private long _last;

    internal TimeProvider Time { get; } = time;

    /// <summary>The latest tick anybody has seen; costs no look at the clock and calls no user code.</summary>
    internal long Last => Volatile.Read(ref _last);

    // As TimeProvider.GetElapsedTime, without asking for the frequency, which never changes, and dividing by it each time.
    internal TimeSpan Elapsed => new((long)((Time.GetTimestamp() - _began) * _ticksPerTimestamp));

    /// <summary>The tick that has fully begun: rounded down, so nothing expires early.</summary>
    internal static long TickOf(TimeSpan elapsed) => elapsed.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>The first tick not before <paramref name="elapsed"/>: rounded up, so nothing expires early.</summary>
    internal static long TickAfter(TimeSpan elapsed) => (elapsed.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

    /// <summary>Now, or the latest time seen when the provider runs backwards or throws: a settlement must not fail.</summary>
    internal long NowOrLast()
    {
        long now;
        try
        {
            now = TickOf(Elapsed);
        }
        catch (Exception)
        {
            return Volatile.Read(ref _last);
        }

        var last = Volatile.Read(ref _last);
        while (now > last)
        {
            var seen = Interlocked.CompareExchange(ref _last, now, last);
            if (seen == last) return now;
            last = seen;
        }

        return last;
    }
}
