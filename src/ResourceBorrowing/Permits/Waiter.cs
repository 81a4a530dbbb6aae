namespace ResourceBorrowing.Permits;

/// <summary>How a wait ended, or that it has not.</summary>
internal enum WaitOutcome
{
    Waiting,
    Granted,
    Cancelled,
    QueueFull,
    ExceedsAllocation,
    Abandoned,
    Removed,
    Disposed,
}

/// <summary>A queued request. The outcome is decided once, by compare-and-swap; the queue's server then completes it.</summary>
internal abstract class Waiter
{
    private int _outcome;

    internal int Units { get; private set; }

    internal WaitOutcome Outcome => (WaitOutcome)Volatile.Read(ref _outcome);

    // Links of the inbox (Next), of the queue (Next, Previous), of the list of decided waiters (Next) and of the
    // cancelled stack (NextCancelled). All but the stacks' heads belong to the queue's server.
    internal Waiter? Next;
    internal Waiter? Previous;
    internal Waiter? NextCancelled;
    internal bool IsQueued;

    /// <summary>Whoever may abandon all its waits together (a limiter that is disposed); null for none.</summary>
    internal virtual bool IsAbandoned => false;

    internal bool TryDecide(WaitOutcome outcome) =>
        Interlocked.CompareExchange(ref _outcome, (int)outcome, (int)WaitOutcome.Waiting) == (int)WaitOutcome.Waiting;

    /// <summary>Tells who waits. Runs outside the queue, after the word shows the outcome.</summary>
    internal abstract void Complete();

    private protected void Reset(int units)
    {
        Units = units;
        Next = Previous = NextCancelled = null;
        Volatile.Write(ref _outcome, (int)WaitOutcome.Waiting);
    }
}
