namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>Counts the units that come to another holder by loans, from the pool's own events.</summary>
internal sealed class MoveCount
{
    // Far more than a step brings, so that none is lost while the thread pool is slow to wake the reader.
    private const int MostUnread = 1 << 20;

    private readonly IAsyncEnumerator<PoolEvent> _events;
    private Task<bool> _next;

    internal MoveCount(ResourcePool pool)
    {
        _events = pool.ReadEventsAsync(MostUnread).GetAsyncEnumerator();
        _next = _events.MoveNextAsync().AsTask();
    }

    /// <summary>Units lent and given back so far.</summary>
    internal long Units { get; private set; }

    /// <summary>Reads what can be read at once.</summary>
    internal void Read()
    {
        while (_next.IsCompleted && MoveNext(_next.Result)) { }
    }

    /// <summary>Reads all that is left. The pool has been disposed.</summary>
    internal void ReadToEnd()
    {
        while (MoveNext(_next.GetAwaiter().GetResult())) { }
    }

    private bool MoveNext(bool isAny)
    {
        if (!isAny)
        {
            _next = Task.FromResult(false);
            return false;
        }

        var told = _events.Current;
        if (told.Kind is PoolEventKind.Granted or PoolEventKind.Repaid or PoolEventKind.PartRepaid or PoolEventKind.DebtPaid) Units += told.Units;
        if (told.Kind == PoolEventKind.Dropped) throw new InvalidOperationException($"{told.Units} events were lost: the machine is too busy to count them.");
        _next = _events.MoveNextAsync().AsTask();
        return true;
    }
}
