namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>Due times in a heap, which only gives them back in order: no units, no evidence.</summary>
internal sealed class DueHeap
{
    private readonly Random _random = new(Seed: 1);
    private readonly PriorityQueue<long, long> _queue = new(ManyLoans.Million);

    /// <summary>Handles given back so far, added up, so that they are really taken.</summary>
    internal long Taken { get; private set; }

    /// <returns>Nanoseconds for each of <paramref name="count"/> entries to be taken.</returns>
    internal double Run(int count)
    {
        // Due times in nanoseconds, of one tick: a heap knows no ticks, so they differ.
        for (var handle = 0L; handle < count; handle++) _queue.Enqueue(handle, _random.NextInt64(TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerMillisecond));
        var began = Stopwatch.GetTimestamp();
        while (_queue.TryDequeue(out var handle, out _)) Taken += handle;
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / count;
    }
}
