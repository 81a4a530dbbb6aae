namespace ResourceBorrowing.Mapping;

/// <summary>How <see cref="DedicatedThreads"/> makes and ends its threads. Copied when these are made.</summary>
public sealed class DedicatedThreadsOptions
{
    /// <summary>What the threads' names begin with; a number follows. Default null: the participant's name.</summary>
    public string? NamePrefix { get; set; }

    /// <summary>The threads' priority, where the operating system knows one (on Linux it changes nothing). Default <see cref="ThreadPriority.Normal"/>.</summary>
    public ThreadPriority Priority { get; set; } = ThreadPriority.Normal;

    /// <summary>Units that a thread holds while it works, 1 to the participant's ceiling. Default null: 1, or as many as make one by the participant's need of cores (3 where it is 0.4).</summary>
    public int? UnitsPerThread { get; set; }

    /// <summary>
    /// Whether as many threads as the allocation allows stand ready: started when it rises, for instance because a spike is foreseen, and ended when it falls, rather than started with
    /// their first task and ended after <see cref="IdleTime"/>. Default false. They hold no units while they are idle, and end at the latest
    /// when <see cref="DedicatedThreads"/> is disposed.
    /// </summary>
    public bool StartsAhead { get; set; }

    /// <summary>How long a thread without work is kept, 1 ms to 30 days, by the pool's <see cref="TimeProvider"/>. It holds no units meanwhile. Default 20 s.</summary>
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The most tasks that may be queued, from 1; those beyond are refused. Default null: no bound.</summary>
    public int? QueueLimit { get; set; }

    /// <summary>A copy; throws what is wrong with it.</summary>
    internal DedicatedThreadsOptions Checked(Participant participant, string name)
    {
        var need = participant.Options.Needs.Cores;
        if (UnitsPerThread is null && need * participant.Ceiling < 1)
            throw new ArgumentOutOfRangeException(name, $"UnitsPerThread: By its need of {need} of the cores of a unit '{participant.Name}' can never have a thread; say how many units one holds.");
        if (UnitsPerThread < 1 || UnitsPerThread > participant.Ceiling)
            throw new ArgumentOutOfRangeException(name, UnitsPerThread, $"UnitsPerThread: A thread holds 1 to {participant.Ceiling} units, the ceiling of '{participant.Name}'.");
        if (!Enum.IsDefined(Priority)) throw new ArgumentOutOfRangeException(name, Priority, "Priority: There is no such thread priority.");
        if (QueueLimit < 1) throw new ArgumentOutOfRangeException(name, QueueLimit, "QueueLimit: At least 1 task may be queued.");
        if (IdleTime < ResourcePool.ShortestTerm || IdleTime > ResourcePool.LongestTerm)
            throw new ArgumentOutOfRangeException(name, IdleTime, "IdleTime: A thread without work is kept for 1 ms to 30 days.");
        var copy = (DedicatedThreadsOptions)MemberwiseClone();
        copy.UnitsPerThread ??= (int)Math.Ceiling(1 / need);
        return copy;
    }
}
