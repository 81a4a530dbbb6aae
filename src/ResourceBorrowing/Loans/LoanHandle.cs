namespace ResourceBorrowing.Loans;

/// <summary>Names one loan of one shard for as long as it lives; afterwards it names nothing.</summary>
internal readonly record struct LoanHandle(int Slot, uint Generation)
{
    /// <summary>Stands for a loan that a pool which only observes would have made.</summary>
    internal static readonly LoanHandle Observed = new(int.MaxValue, uint.MaxValue);

    /// <summary>Never negative.</summary>
    internal long Packed => ((long)Slot << 32) | Generation;

    internal static LoanHandle From(long packed) => new((int)(packed >> 32), (uint)packed);
}
