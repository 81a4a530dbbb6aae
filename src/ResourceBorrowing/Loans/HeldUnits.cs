namespace ResourceBorrowing.Loans;

/// <summary>
/// Units that a participant had recalled and that have come: for a planning period they are not lent again, or they would go to and fro. Those that were recalled
/// because callers stood there, and not because the participant asked for them, may be lent on demand all the same.
/// </summary>
/// <remarks>Thread-safe: a lock of its own, under which nothing else is locked, and which nobody takes while nothing is held.</remarks>
internal sealed class HeldUnits
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Until, int Units, bool IsForCallers)> _held = new();
    private long _until;
    private int _units;
    private int _forCallers;

    internal int At(long now, bool isForCallers)
    {
        if (now >= Volatile.Read(ref _until)) return 0;
        lock (_lock)
        {
            LetGo(now);
            return isForCallers ? _units - _forCallers : _units;
        }
    }

    /// <summary>When the next of them may be lent again; <see cref="TimerWheel.Never"/> when nothing is held.</summary>
    internal long NextRelease(long now)
    {
        if (now >= Volatile.Read(ref _until)) return TimerWheel.Never;
        lock (_lock)
        {
            LetGo(now);
            return _held.TryPeek(out var first) ? first.Until : TimerWheel.Never;
        }
    }

    /// <summary>Times come in order, or count as if they did.</summary>
    internal void Add(int units, long now, long until, bool isForCallers)
    {
        lock (_lock)
        {
            LetGo(now);
            Volatile.Write(ref _until, Math.Max(until, _until));
            _held.Enqueue((_until, units, isForCallers));
            _units += units;
            if (isForCallers) _forCallers += units;
        }
    }

    private void LetGo(long now)
    {
        while (_held.TryPeek(out var first) && first.Until <= now)
        {
            _held.Dequeue();
            _units -= first.Units;
            if (first.IsForCallers) _forCallers -= first.Units;
        }
    }
}
