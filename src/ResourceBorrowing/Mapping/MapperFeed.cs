using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Tells one participant's mappers of its allocation, on the thread pool, in order, the latest value always; one that threw is told again.</summary>
/// <remarks>
/// <b>Ownership.</b> The combiner's winner queues itself once and tells until nothing is new; what each mapper was told belongs to it. <b>Order.</b> A change is announced after the word shows it, so
/// the last round reads the last value.
/// </remarks>
internal sealed class MapperFeed(Participant participant) : IThreadPoolWorkItem
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private const int MostDoublings = 7;

    private Told[] _mappers = [];
    private Combiner _telling;
    private ITimer? _retry;

    internal void Add(IResourceMapper mapper)
    {
        Told[] seen;
        do
        {
            seen = Volatile.Read(ref _mappers);
            if (seen.Any(t => t.Mapper == mapper)) return;
        }
        while (Interlocked.CompareExchange(ref _mappers, [.. seen, new Told(mapper)], seen) != seen);
        participant.Account.Changed ??= participant.OnChanged;
        Announce();
    }

    /// <summary>It may still be told once, when that has begun.</summary>
    internal void Remove(IResourceMapper mapper)
    {
        Told[] seen;
        do seen = Volatile.Read(ref _mappers);
        while (Interlocked.CompareExchange(ref _mappers, [.. seen.Where(t => t.Mapper != mapper)], seen) != seen);
    }

    internal void Announce()
    {
        if (Volatile.Read(ref _mappers).Length > 0 && _telling.Enter()) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            var mostFailures = 0;
            var (allocation, unit) = (participant.Allocation, participant.UnitAmounts);
            foreach (var told in Volatile.Read(ref _mappers))
            {
                if (told.Allocation != allocation || told.Unit != unit) Tell(told, allocation, unit);
                mostFailures = Math.Max(mostFailures, told.Failures);
            }

            if (mostFailures > 0) TellAgainSoon(mostFailures);
        }
        while (!_telling.Exit());
    }

    private void Tell(Told told, int allocation, ResourceAmounts unit)
    {
        try
        {
            told.Mapper.OnAllocationChanged(participant, allocation);
            (told.Allocation, told.Unit, told.Failures) = (allocation, unit, 0);
        }
        catch (Exception exception)
        {
            (told.Allocation, told.Failures) = (-1, told.Failures + 1);
            participant.Pool.Contain("mapper", exception);
        }
    }

    /// <summary>After 100 ms first, then after twice as long each time, up to 12.8 s.</summary>
    private void TellAgainSoon(int failures)
    {
        if (participant.Pool.IsDisposed) return;
        try
        {
            _retry ??= participant.Pool.Time.CreateTimer(static feed => ((MapperFeed)feed!).Announce(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _retry.Change(FirstRetry * (1 << Math.Min(failures - 1, MostDoublings)), Timeout.InfiniteTimeSpan);
        }
        catch (Exception exception)
        {
            participant.Pool.Contain("time provider", exception);
        }
    }

    private sealed class Told(IResourceMapper mapper)
    {
        internal IResourceMapper Mapper { get; } = mapper;

        /// <summary>The allocation that it knows; none when it was never told, or threw.</summary>
        internal int Allocation { get; set; } = -1;

        internal ResourceAmounts? Unit { get; set; }

        internal int Failures { get; set; }
    }
}
