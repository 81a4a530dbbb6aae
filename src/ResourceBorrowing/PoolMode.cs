namespace ResourceBorrowing;

/// <summary>Whether a pool enforces what it decides.</summary>
public enum PoolMode
{
    /// <summary>Limits hold. The default.</summary>
    Enforce,

    /// <summary>
    /// Nobody is refused, nobody waits and no unit moves; what would have been refused, lent or recalled is counted and published. In use may then
    /// exceed the allocation.
    /// </summary>
    Observe,
}
