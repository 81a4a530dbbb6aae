namespace ResourceBorrowing.Permits;

/// <summary>Waiters that end together when whoever queued them is disposed.</summary>
internal sealed class WaitGroup
{
    private bool _abandoned;

    internal bool IsAbandoned => Volatile.Read(ref _abandoned);

    internal void Abandon() => Volatile.Write(ref _abandoned, true);
}
