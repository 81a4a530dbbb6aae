using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A million loans that fall due in one tick, units and evidence included, against taking a million entries out of a heap.</summary>
internal sealed class ExpiryRatioGate(double most) : Gate("expiry/ratio", Bound.AtMost(most))
{
    internal override Reading Measure()
    {
        using var expiry = new Expiry();
        var heap = new DueHeap();
        Slices.WarmUp(() => expiry.Run(ManyLoans.Few), () => heap.Run(ManyLoans.Few));
        var reading = Slices.Ratio(() => expiry.Run(ManyLoans.Million), () => heap.Run(ManyLoans.Million), Expiry.Rounds);
        return expiry.IsSettled ? reading : Reading.Wrong("not everything was settled");
    }
}
