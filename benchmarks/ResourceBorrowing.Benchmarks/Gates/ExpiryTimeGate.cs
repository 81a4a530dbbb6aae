namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The time that each of a million loans takes which fall due in one tick, units and evidence included.</summary>
internal sealed class ExpiryTimeGate(double most) : Gate("expiry/each", Bound.AtMostNanoseconds(most))
{
    internal override Reading Measure()
    {
        using var expiry = new Expiry();
        Slices.WarmUp(() => expiry.Run(ManyLoans.Few));
        var best = Slices.Best(() => expiry.Run(ManyLoans.Million), Expiry.Rounds);
        return expiry.IsSettled ? new Reading(best, $"best of {Expiry.Rounds}") : Reading.Wrong("not everything was settled");
    }
}
