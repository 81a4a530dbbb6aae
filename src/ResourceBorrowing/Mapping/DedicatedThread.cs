namespace ResourceBorrowing.Mapping;

/// <summary>One thread of <see cref="DedicatedThreads"/>: runs tasks while it has units for it, and is idle until it gets some.</summary>
/// <remarks><b>Ownership.</b> Lease and end are written by who has taken the thread out of the idle ones (or made it), then it is woken.</remarks>
internal sealed class DedicatedThread(DedicatedThreads owner)
{
    private readonly object _wake = new();
    private bool _isWoken;

    /// <summary>The units it works with; default for the one that works without.</summary>
    internal ResourceLease Lease { get; private set; }

    /// <summary>Pool time in milliseconds; guarded by the owner's lock.</summary>
    internal long IdleSince { get; set; }

    /// <summary>Whether it has seen that it is to end; its own.</summary>
    internal bool IsEnding { get; set; }

    /// <summary>Starts it: idle, unless it has been summoned.</summary>
    internal void Start(string name, ThreadPriority priority) => new Thread(Run) { IsBackground = true, Name = name, Priority = priority }.UnsafeStart();

    internal void Summon(ResourceLease lease)
    {
        Lease = lease;
        Wake();
    }

    /// <summary>Ends an idle thread.</summary>
    internal void End()
    {
        IsEnding = true;
        Wake();
    }

    private void Run()
    {
        while (AwaitWake()) owner.Work(this);
        owner.Leave();
    }

    private void Wake()
    {
        lock (_wake)
        {
            _isWoken = true;
            Monitor.Pulse(_wake);
        }
    }

    /// <returns>Whether there is work; false when it is to end.</returns>
    private bool AwaitWake()
    {
        lock (_wake)
        {
            while (!_isWoken && !IsEnding) Monitor.Wait(_wake);
            _isWoken = false;
            return !IsEnding;
        }
    }
}
