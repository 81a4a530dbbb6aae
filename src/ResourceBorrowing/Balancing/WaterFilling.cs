namespace ResourceBorrowing.Balancing;

/// <summary>One that shares in a division of units.</summary>
/// <param name="Target">What it would have, from <paramref name="Lower"/>.</param>
/// <param name="Lower">The least it can get, from 0.</param>
/// <param name="Upper">The most it can get, from <paramref name="Lower"/>.</param>
internal readonly record struct Claim(double Target, double Lower, double Upper)
{
    /// <summary>What counts as the target at the least, so that each target is a proportion.</summary>
    internal const double LeastTarget = 0.001;

    internal double Weight => Math.Max(Target, LeastTarget);
}

/// <summary>
/// Bounded proportional water-filling: allocations min(upper, max(lower, p x target)) with the one p for which they add up to the sum.
/// Pure. After the concurrency allocation of Kubernetes API Priority and Fairness (conc_alloc.go): the bounds divided by the targets, in order, are where
/// the sum as a function of p has its kinks; between two of them it is a straight line.
/// </summary>
internal static class WaterFilling
{
    // Relative: what adding up many numbers in another order may change.
    private const double Slack = 1e-10;

    /// <returns>The allocations in the order of the claims; unique.</returns>
    /// <exception cref="ArgumentException">The sum is negative, a claim is none, or no allocation within the bounds adds up to the sum; says which.</exception>
    internal static double[] Fill(double sum, ReadOnlySpan<Claim> claims)
    {
        var (lowers, uppers) = Check(sum, claims);
        var kinks = new (double Level, double Slope)[2 * claims.Length];
        for (var i = 0; i < claims.Length; i++)
        {
            kinks[2 * i] = (claims[i].Lower / claims[i].Weight, claims[i].Weight);
            kinks[2 * i + 1] = (claims[i].Upper / claims[i].Weight, -claims[i].Weight);
        }

        Array.Sort(kinks, static (one, other) => one.Level.CompareTo(other.Level));
        var (level, filled, slope) = (0.0, lowers, 0.0);
        foreach (var kink in kinks)
        {
            var next = filled + slope * (kink.Level - level);
            if (next >= sum) break;
            (level, filled, slope) = (kink.Level, next, slope + kink.Slope);
        }

        if (slope > 0) level += (sum - filled) / slope;
        var allocations = new double[claims.Length];
        for (var i = 0; i < claims.Length; i++) allocations[i] = sum >= uppers ? claims[i].Upper : Math.Min(claims[i].Upper, Math.Max(claims[i].Lower, level * claims[i].Weight));
        return allocations;
    }

    private static (double Lowers, double Uppers) Check(double sum, ReadOnlySpan<Claim> claims)
    {
        if (!(sum >= 0)) throw new ArgumentException(Invariant($"the sum must not be negative, and {sum} is"));
        var (lowers, uppers) = (0.0, 0.0);
        for (var i = 0; i < claims.Length; i++)
        {
            var claim = claims[i];
            if (!(claim.Lower >= 0)) throw new ArgumentException(Invariant($"claim {i}: the lower bound must not be negative, and {claim.Lower} is"));
            if (!(claim.Target >= claim.Lower)) throw new ArgumentException(Invariant($"claim {i}: the target {claim.Target} is below the lower bound {claim.Lower}"));
            if (!(claim.Upper >= claim.Lower)) throw new ArgumentException(Invariant($"claim {i}: the upper bound {claim.Upper} is below the lower bound {claim.Lower}"));
            lowers += claim.Lower;
            uppers += claim.Upper;
        }

        if (lowers - sum > Slack * Math.Max(1, sum)) throw new ArgumentException(Invariant($"the lower bounds add up to {lowers}, more than the sum of {sum}"));
        if (sum - uppers > Slack * Math.Max(1, sum)) throw new ArgumentException(Invariant($"the upper bounds add up to {uppers}, less than the sum of {sum}"));
        return (lowers, uppers);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>The max-min fair division: the units rise evenly for all, and whoever has what it asks for gets no more.</summary>
internal static class MaxMin
{
    /// <returns>At most what each demands, in the order of the demands; all demands when there are units enough.</returns>
    internal static double[] Divide(double units, ReadOnlySpan<double> demands)
    {
        var (claims, total) = (new Claim[demands.Length], 0.0);
        for (var i = 0; i < demands.Length; i++)
        {
            // Equal weights: the target only has to lie above the lower bound.
            claims[i] = new(1, 0, demands[i]);
            total += demands[i];
        }

        return total <= units ? demands.ToArray() : WaterFilling.Fill(units, claims);
    }
}
