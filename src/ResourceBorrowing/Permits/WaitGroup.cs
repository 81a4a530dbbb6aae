namespace ResourceBorrowing.Permits;

/// <summary>Waiters that end together when whoever queued them is disposed.</summary>
internal sealed class WaitGroup
{
    private bool _abandoned;

    internal bool IsAbandoned => Volatile.Read(ref _abandoned);

    /// <summary>
    /// Whether who waits is told on the thread that ended the wait, not on the thread pool, which may have no thread to spare. Only for code of the
    /// library that does little then and throws nothing.
    /// </summary>
    internal bool ContinuesInline { get; init; }

    internal void Abandon() => Volatile.Write(ref _abandoned, true);
}
