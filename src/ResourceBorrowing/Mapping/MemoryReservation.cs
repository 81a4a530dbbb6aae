namespace ResourceBorrowing.Mapping;

/// <summary>Bytes reserved of a <see cref="MemoryBudget"/>, or the reason why none were. Dispose it to release them.</summary>
/// <remarks>Thread-safe; disposing it twice releases the bytes once.</remarks>
public sealed class MemoryReservation : IDisposable
{
    private readonly ResourceLease _refusal;
    private MemoryBudget? _budget;

    internal MemoryReservation(MemoryBudget budget, long bytes) => (_budget, Bytes, IsAcquired) = (budget, bytes, true);

    internal MemoryReservation(ResourceLease refusal) => _refusal = refusal;

    /// <summary>Whether the bytes were reserved. Stays true after disposal.</summary>
    public bool IsAcquired { get; }

    /// <summary>How many bytes; 0 when refused.</summary>
    public long Bytes { get; }

    /// <summary>Why none were reserved; <see cref="RefusalReason.None"/> when they were.</summary>
    public RefusalReason Refusal => _refusal.Refusal;

    /// <summary>The outcome in words; a refusal in units, with the numbers that decided.</summary>
    public string Explanation => IsAcquired ? "granted" : _refusal.Explanation;

    /// <summary>Releases the bytes, unless that was done before.</summary>
    public void Dispose() => Interlocked.Exchange(ref _budget, null)?.Release(Bytes);
}
