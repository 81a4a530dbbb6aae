using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>A host that sets its limits anew at the beginning of each step, by the demand of the step before.</summary>
internal sealed class PlannedHost(Scenario scenario, PlannedLimits limits) : LimitedHost(scenario, scenario.Quotas)
{
    private readonly DemandWatch _watch = new(scenario.Names.Count);

    internal override void BeginStep(long now, double[] demand)
    {
        base.BeginStep(now, demand);
        var seen = new (int Most, double Mean, double Deviation)[Scenario.Names.Count];
        for (var i = 0; i < seen.Length; i++) seen[i] = _watch.End(i, now);
        if (now > 0) MoveTo(limits.Next(seen));
    }

    protected override void OnDemand(int participant, long now) => _watch.Note(participant, DemandOf(participant), now);
}
