namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>What one writes first: a dictionary of counters behind a lock, looked up by name at every call.</summary>
internal sealed class LockedPool(string name, int permits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _free = new() { [name] = permits };

    internal bool TryAcquire(string participant, int units)
    {
        lock (_lock)
        {
            var free = _free[participant];
            if (free < units) return false;
            _free[participant] = free - units;
            return true;
        }
    }

    internal void Release(string participant, int units)
    {
        lock (_lock) _free[participant] += units;
    }
}
