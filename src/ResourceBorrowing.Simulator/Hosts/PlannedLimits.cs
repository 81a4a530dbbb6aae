using ResourceBorrowing.Balancing;
using ResourceBorrowing.Simulator.Quanta;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>The limits of one step after the other, by what was demanded in the step before. They add up to the capacity.</summary>
internal abstract class PlannedLimits
{
    /// <summary>The limits of the next step.</summary>
    /// <param name="seen">The most, the mean and the deviation of each demand in the step that has ended.</param>
    internal abstract int[] Next((int Most, double Mean, double Deviation)[] seen);

    /// <summary>Whole units in place of parts, by largest remainder; the sum stays.</summary>
    protected static int[] Whole(double[] parts, int sum)
    {
        var whole = new int[parts.Length];
        WholeUnits.Round(parts, sum, whole);
        return whole;
    }

    /// <summary>What is left of the capacity is divided evenly.</summary>
    protected static int[] WithTheRest(double[] parts, int capacity)
    {
        var left = (capacity - parts.Sum()) / parts.Length;
        return Whole([.. parts.Select(p => p + left)], capacity);
    }
}

/// <summary>
/// Fixed step, after US patent 9454407: the limit of whoever has come near it rises by a step, and that of whoever is furthest below its own falls by one.
/// A step is a tenth of the quota, at least one unit; near is 90 %.
/// </summary>
internal sealed class FixedStepLimits(int[] quotas) : PlannedLimits
{
    private const double Near = 0.9;

    private int[] _limits = [.. quotas];

    internal override int[] Next((int Most, double Mean, double Deviation)[] seen)
    {
        var limits = _limits.ToArray();
        for (var i = 0; i < limits.Length; i++)
        {
            if (seen[i].Most < Near * _limits[i]) continue;
            var step = Math.Max(1, quotas[i] / 10);
            var donor = -1;
            for (var other = 0; other < limits.Length; other++)
            {
                var slack = limits[other] - Math.Max(seen[other].Most, 1);
                if (other != i && slack >= step && (donor < 0 || slack > limits[donor] - Math.Max(seen[donor].Most, 1))) donor = other;
            }

            if (donor < 0) continue;
            limits[i] += step;
            limits[donor] -= step;
        }

        return _limits = limits;
    }
}

/// <summary>
/// Max-min fair each step: units rise evenly for all up to the mean demand of each in the step before; what is then left is divided evenly. With the most of each step, or
/// mean and deviation, in place of the mean it serves less.
/// </summary>
internal sealed class MaxMinLimits(int capacity) : PlannedLimits
{
    internal override int[] Next((int Most, double Mean, double Deviation)[] seen) => WithTheRest(MaxMin.Divide(capacity, [.. seen.Select(static s => s.Mean)]), capacity);
}

/// <summary>
/// Bounded water-filling without loans, after Kubernetes API Priority and Fairness: in proportion to smoothed demand, between floor and capacity, where
/// nobody gets less than the smaller of its quota and what it needed.
/// </summary>
internal sealed class WaterFillingLimits(int capacity, int[] quotas, double lendingPart) : PlannedLimits
{
    // At one plan a step: halves in 30 steps, as Kubernetes' 0.977 does at its ten seconds in five minutes.
    private static readonly double Keep = Math.Pow(0.5, 1.0 / 30);

    private readonly double[] _smooth = new double[quotas.Length];

    internal override int[] Next((int Most, double Mean, double Deviation)[] seen)
    {
        var claims = new Claim[seen.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            var envelope = seen[i].Mean + seen[i].Deviation;
            _smooth[i] = Math.Max(envelope, Keep * _smooth[i] + (1 - Keep) * envelope);
            var floor = quotas[i] - (int)(quotas[i] * lendingPart);
            var lower = Math.Max(floor, Math.Min(quotas[i], seen[i].Most));
            claims[i] = new(Math.Max(lower, _smooth[i]), lower, capacity);
        }

        return Whole(WaterFilling.Fill(capacity, claims), capacity);
    }
}

/// <summary>
/// Karma each step: what credits give each for its mean demand in the step before, in whole units, half of its quota for sure; what is then left is divided evenly. Credits are conserved, and what would lie idle for want of
/// them is given for nothing.
/// </summary>
internal sealed class KarmaLimits(int capacity, IReadOnlyList<string> names, int[] quotas) : PlannedLimits
{
    private readonly KarmaDivision _karma = new(new() { Names = names, Quotas = quotas, InitialCredits = QuantumTerms.CreditsPerUnit * Math.Max(1, capacity / quotas.Length) });
    private readonly long[] _allocations = new long[quotas.Length];

    internal override int[] Next((int Most, double Mean, double Deviation)[] seen)
    {
        _karma.Divide([.. seen.Select(static s => (long)Math.Ceiling(s.Mean))], _allocations);
        return WithTheRest([.. _allocations.Select(static a => (double)a)], capacity);
    }
}
