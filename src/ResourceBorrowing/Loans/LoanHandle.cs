namespace ResourceBorrowing.Loans;

/// <summary>Names one loan of one shard for as long as it lives; afterwards it names nothing.</summary>
internal readonly record struct LoanHandle(int Slot, uint Generation)
{
    internal long Packed => ((long)Slot << 32) | Generation;

    internal static LoanHandle From(long packed) => new((int)(packed >> 32), (uint)packed);
}
