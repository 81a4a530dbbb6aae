using ResourceBorrowing.Balancing;
using ResourceBorrowing.Simulator.Hosts;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>Divides the units of one quantum after the other. What one quantum leaves behind, credits or limits, is all that the next knows of it.</summary>
internal abstract class Division
{
    /// <summary>What each has after the last quantum, in whole credits; empty where there are none.</summary>
    internal virtual IReadOnlyList<long> Credits => [];

    /// <summary>Divides the next quantum.</summary>
    /// <param name="demands">Units that each asks for, 0 to 10^18.</param>
    /// <param name="allocations">Receives what each may use.</param>
    internal abstract void Divide(ReadOnlySpan<long> demands, Span<long> allocations);
}

/// <summary>Each its quota, and no more.</summary>
internal sealed class StaticDivision(int[] quotas) : Division
{
    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        for (var i = 0; i < quotas.Length; i++) allocations[i] = Math.Min(demands[i], quotas[i]);
    }
}

/// <summary>Units rise evenly for all up to the demand of each, in whole units; the last ones go to the earlier columns.</summary>
internal sealed class MaxMinDivision(int capacity) : Division
{
    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        var (asked, total, whole) = (new double[demands.Length], 0L, new int[demands.Length]);
        for (var i = 0; i < asked.Length; i++)
        {
            // Nobody gets more than there is, and so much adds up.
            var most = Math.Min(demands[i], capacity);
            asked[i] = most;
            total += most;
        }

        // All that still rise end between the same two whole units, so largest remainder raises the earlier.
        WholeUnits.Round(MaxMin.Divide(capacity, asked), (int)Math.Min(total, capacity), whole);
        for (var i = 0; i < whole.Length; i++) allocations[i] = whole[i];
    }
}

/// <summary>
/// One pool for all. Who comes first has no meaning within a quantum, so units are divided as if all requests came in random order: in proportion to demand, in whole units by largest remainder, the earlier
/// column among equals.
/// </summary>
internal sealed class ProportionalDivision(int capacity) : Division
{
    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        var total = (Int128)0;
        foreach (var demand in demands) total += demand;
        if (total <= capacity)
        {
            demands.CopyTo(allocations);
            return;
        }

        var (remainders, left) = (new Int128[demands.Length], (long)capacity);
        for (var i = 0; i < demands.Length; i++)
        {
            var (part, remainder) = Int128.DivRem((Int128)demands[i] * capacity, total);
            (allocations[i], remainders[i]) = ((long)part, remainder);
            left -= (long)part;
        }

        // Parts are below demands, so one more is not too much.
        foreach (var i in Enumerable.Range(0, remainders.Length).OrderByDescending(i => remainders[i]).Take((int)left)) allocations[i]++;
    }
}

/// <summary>Each as far as its limit, which follows from the quantum before; in the first it is the quota.</summary>
internal sealed class LimitedDivision(PlannedLimits planned, int[] quotas) : Division
{
    private int[] _limits = [.. quotas];

    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        var seen = new (int Most, double Mean, double Deviation)[demands.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            allocations[i] = Math.Min(demands[i], _limits[i]);
            var demand = (int)Math.Min(demands[i], int.MaxValue);
            seen[i] = (demand, demand, 0);
        }

        _limits = planned.Next(seen);
    }
}
