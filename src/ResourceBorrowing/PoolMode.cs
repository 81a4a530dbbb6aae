namespace ResourceBorrowing;

/// <summary>Whether a pool enforces what it decides.</summary>
public enum PoolMode
{
    /// <summary>Limits hold. The default.</summary>
    Enforce,

    /// <summary>
    /// Nobody is refused (but by a pool that is disposed, or a participant that leaves), nobody waits and no unit moves; what would have been refused, lent or
    /// recalled is counted and published. In use may then exceed the allocation. Loans that would have been made are taken to last for their term, or
    /// until the lender would have recalled them. Each lease costs an object and a lock.
    /// </summary>
    Observe,
}
