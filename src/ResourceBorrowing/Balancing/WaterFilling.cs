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
/// Pure. After the concurrency allocation of Kubernetes API Priority and Fairness (conc_alloc.go).
/// </summary>
internal static class WaterFilling
{
    // Relative: what adding up many numbers in another order may change.
    private const double Slack = 1e-10;

    // As near as adding up comes.
    private const double Exact = 1e-12;

    // Halving alone finds any number by then.
    private const int MostSteps = 1100;

    /// <returns>The allocations in the order of the claims; unique.</returns>
    /// <exception cref="ArgumentException">The sum is negative, a claim is none, or no allocation within the bounds adds up to the sum; says which.</exception>
    internal static double[] Fill(double sum, ReadOnlySpan<Claim> claims)
    {
        var (_, uppers) = Check(sum, claims);
        var level = sum < uppers ? LevelOf(sum, claims) : double.PositiveInfinity;
        var allocations = new double[claims.Length];
        for (var i = 0; i < claims.Length; i++) allocations[i] = At(level, claims[i]);
        return allocations;
    }

    private static double At(double level, in Claim claim) => Math.Min(claim.Upper, Math.Max(claim.Lower, level * claim.Weight));

    /// <summary>
    /// Newton's method on what is filled at a level: between two bounds that is a straight line, so the right piece is solved exactly. Where it would leave the interval that must hold
    /// the level, the interval is halved.
    /// </summary>
    private static double LevelOf(double sum, ReadOnlySpan<Claim> claims)
    {
        var (low, high, all) = (0.0, 0.0, 0.0);
        foreach (ref readonly var claim in claims)
        {
            high = Math.Max(high, Math.Min(claim.Upper, sum) / claim.Weight);
            all += claim.Weight;
        }

        // Where nobody is at a bound, this is it.
        var level = Math.Min(high, sum / all);
        for (var step = 0; step < MostSteps; step++)
        {
            var (atBounds, weights) = (0.0, 0.0);
            foreach (ref readonly var claim in claims)
            {
                var part = level * claim.Weight;
                if (part >= claim.Upper) atBounds += claim.Upper;
                else if (part < claim.Lower) atBounds += claim.Lower;
                else weights += claim.Weight;
            }

            var (filled, next) = (atBounds + level * weights, (sum - atBounds) / weights);
            if (Math.Abs(sum - filled) <= Exact * sum) return weights > 0 && next > low && next <= high ? next : level;
            if (filled < sum) low = level; else high = level;
            level = next > low && next < high ? next : low + (high - low) / 2;
        }

        return level;
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
