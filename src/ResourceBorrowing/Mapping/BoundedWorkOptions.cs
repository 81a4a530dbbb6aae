namespace ResourceBorrowing.Mapping;

/// <summary>How a <see cref="BoundedWork{T}"/> takes and handles its items. Copied when the queue is made.</summary>
/// <typeparam name="T">What is handled.</typeparam>
public sealed class BoundedWorkOptions<T>
{
    /// <summary>How many items may be written and not yet be taken for handling, from 1; then writers wait. Default 128.</summary>
    public int Capacity { get; set; } = 128;

    /// <summary>Units that an item holds while it is handled, 1 to the participant's ceiling. Default 1.</summary>
    public int UnitsPerItem { get; set; } = 1;

    /// <summary>
    /// Tells how many units an item holds, from 1, instead of <see cref="UnitsPerItem"/>; asked once, on the thread pool, in the order of the items. An item for which it throws, or
    /// which could never have so many, has failed. Default null.
    /// </summary>
    public Func<T, int>? Cost { get; set; }

    /// <summary>
    /// Told each item that failed, and why, when its units have been given back, on the thread pool; several at a time. An exception is contained, counted and logged. Default null: the
    /// failure is counted and logged, and the item dropped.
    /// </summary>
    public Func<T, Exception, ValueTask>? OnFailed { get; set; }

    /// <summary>A copy; throws what is wrong with it.</summary>
    internal BoundedWorkOptions<T> Checked(Participant participant, string name)
    {
        if (Capacity < 1) throw new ArgumentOutOfRangeException(name, Capacity, "Capacity: At least 1 item may be waiting.");
        if (UnitsPerItem < 1 || UnitsPerItem > participant.Ceiling)
            throw new ArgumentOutOfRangeException(name, UnitsPerItem, $"UnitsPerItem: An item holds 1 to {participant.Ceiling} units, the ceiling of '{participant.Name}'.");
        return (BoundedWorkOptions<T>)MemberwiseClone();
    }
}
