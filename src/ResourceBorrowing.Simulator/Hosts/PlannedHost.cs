using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>A host that sets its limits anew at the beginning of each step, by the demand of the step before.</summary>
internal abstract class PlannedHost(Scenario scenario) : LimitedHost(scenario, scenario.Quotas)
{
    private readonly DemandWatch _watch = new(scenario.Names.Count);

    internal override void BeginStep(long now, double[] demand)
    {
        base.BeginStep(now, demand);
        var seen = new (int Most, double Mean, double Deviation)[Scenario.Names.Count];
        for (var i = 0; i < seen.Length; i++) seen[i] = _watch.End(i, now);
        if (now > 0) MoveTo(Plan(seen));
    }

    /// <summary>The limits of the next step; they add up to the capacity.</summary>
    protected abstract int[] Plan((int Most, double Mean, double Deviation)[] seen);

    protected override void OnDemand(int participant, long now) => _watch.Note(participant, DemandOf(participant), now);

    /// <summary>Whole units in place of parts, by largest remainder; the sum stays.</summary>
    protected static int[] Whole(double[] parts, int sum)
    {
        var whole = new int[parts.Length];
        Balancing.WholeUnits.Round(parts, sum, whole);
        return whole;
    }
}

/// <summary>
/// Fixed step, after US patent 9454407: the limit of whoever has come near it rises by a step, and that of whoever is furthest below its own falls by one.
/// A step is a tenth of the quota, at least one unit; near is 90 %.
/// </summary>
internal sealed class FixedStep(Scenario scenario) : PlannedHost(scenario)
{
    private const double Near = 0.9;

    protected override int[] Plan((int Most, double Mean, double Deviation)[] seen)
    {
        var limits = Limits.ToArray();
        for (var i = 0; i < limits.Length; i++)
        {
            if (seen[i].Most < Near * Limits[i]) continue;
            var step = Math.Max(1, Scenario.Quotas[i] / 10);
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

        return limits;
    }
}

/// <summary>
/// Max-min fair each step: units rise evenly for all up to the mean demand of each in the step before; what is then left is divided evenly. With the most of each step, or
/// mean and deviation, in place of the mean it serves less.
/// </summary>
internal sealed class MaxMinHost(Scenario scenario) : PlannedHost(scenario)
{
    protected override int[] Plan((int Most, double Mean, double Deviation)[] seen)
    {
        var limits = Balancing.MaxMin.Divide(Scenario.Capacity, [.. seen.Select(static s => s.Mean)]);
        var left = (Scenario.Capacity - limits.Sum()) / limits.Length;
        return Whole([.. limits.Select(l => l + left)], Scenario.Capacity);
    }
}

/// <summary>
/// Bounded water-filling without loans, after Kubernetes API Priority and Fairness: in proportion to smoothed demand, between floor and capacity, where
/// nobody gets less than the smaller of its quota and what it needed.
/// </summary>
internal sealed class WaterFillingHost(Scenario scenario) : PlannedHost(scenario)
{
    // At one plan a step: halves in 30 steps, as Kubernetes' 0.977 does at its ten seconds in five minutes.
    private static readonly double Keep = Math.Pow(0.5, 1.0 / 30);

    private readonly double[] _smooth = new double[scenario.Names.Count];

    protected override int[] Plan((int Most, double Mean, double Deviation)[] seen)
    {
        var claims = new Balancing.Claim[seen.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            var envelope = seen[i].Mean + seen[i].Deviation;
            _smooth[i] = Math.Max(envelope, Keep * _smooth[i] + (1 - Keep) * envelope);
            var floor = Scenario.Quotas[i] - (int)(Scenario.Quotas[i] * Scenario.Model.LendingPart);
            var lower = Math.Max(floor, Math.Min(Scenario.Quotas[i], seen[i].Most));
            claims[i] = new(Math.Max(lower, _smooth[i]), lower, Scenario.Capacity);
        }

        return Whole(Balancing.WaterFilling.Fill(Scenario.Capacity, claims), Scenario.Capacity);
    }
}
