using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Tells one participant's mappers of its allocation, on the thread pool, in order, the latest value always.</summary>
/// <remarks>
/// <b>Ownership.</b> The combiner's winner queues itself once and tells until nothing is new. <b>Order.</b> A change is
/// announced after the word shows it, so the last round reads the last value.
/// </remarks>
internal sealed class MapperFeed(Participant participant) : IThreadPoolWorkItem
{
    private IResourceMapper[] _mappers = [];
    private Combiner _telling;
    private int _told = -1;

    internal void Add(IResourceMapper mapper)
    {
        IResourceMapper[] seen;
        do seen = Volatile.Read(ref _mappers);
        while (Interlocked.CompareExchange(ref _mappers, [.. seen.Where(m => m != mapper), mapper], seen) != seen);
        participant.Account.Changed ??= participant.OnChanged;
        Volatile.Write(ref _told, -1);
        Announce();
    }

    /// <summary>A call that has begun may still be under way.</summary>
    internal void Remove(IResourceMapper mapper)
    {
        IResourceMapper[] seen;
        do seen = Volatile.Read(ref _mappers);
        while (Interlocked.CompareExchange(ref _mappers, [.. seen.Where(m => m != mapper)], seen) != seen);
    }

    internal void Announce()
    {
        if (_mappers.Length > 0 && _telling.Enter()) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            var allocation = participant.Allocation;
            if (Interlocked.Exchange(ref _told, allocation) == allocation) continue;
            foreach (var mapper in Volatile.Read(ref _mappers)) Tell(mapper, allocation);
        }
        while (!_telling.Exit());
    }

    private void Tell(IResourceMapper mapper, int allocation)
    {
        try
        {
            mapper.OnAllocationChanged(participant, allocation);
        }
        catch (Exception exception)
        {
            participant.Pool.Contain("mapper", exception);
        }
    }
}
