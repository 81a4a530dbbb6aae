using ResourceBorrowing;
using Storefront.Guards;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>What the plans of a pool moved, counted from its reports.</summary>
/// <param name="Plans">How many were made.</param>
/// <param name="Seconds">In how long.</param>
/// <param name="UnitsPlanned">Units that they would have moved.</param>
/// <param name="Counts">For each subsystem, what they did move.</param>
/// <param name="Last">The last of them; null when there was none.</param>
internal sealed record PlanTally(int Plans, double Seconds, int UnitsPlanned, IReadOnlyList<PlannedUnits> Counts, BalanceReport? Last)
{
    // The pool keeps the last report only: looking this often misses none.
    private static readonly TimeSpan Period = Policy.PlanningPeriod / 4;

    internal int UnitsMoved => Counts.Sum(static c => c.Borrowed + c.CameHome);

    /// <summary>Counts from now until it is stopped.</summary>
    internal static async Task<PlanTally> CountAsync(ResourcePool pool, CancellationToken stop)
    {
        var counts = Subsystem.All.ToDictionary(static s => s.Name, static _ => new PlannedUnits());
        var (plans, planned, first, last) = (0, 0, TimeSpan.Zero, default(BalanceReport));
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                if (pool.ReportBalance() is not { } report || report.At == last?.At) continue;
                if (last is null) first = report.At;
                last = report;
                plans++;
                planned += report.UnitsPlanned;
                foreach (var participant in report.Participants)
                    if (counts.TryGetValue(participant.Name, out var count)) count.Add(participant);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // It was to end.
        }

        return new PlanTally(plans, (last is null ? TimeSpan.Zero : last.At - first).TotalSeconds, planned, [.. Subsystem.All.Select(s => counts[s.Name])], last);
    }
}

/// <summary>Units that plans moved to and from one participant.</summary>
internal sealed class PlannedUnits
{
    /// <summary>Units that came beyond what it owns: borrowed.</summary>
    public int Borrowed { get; private set; }

    /// <summary>Units that came while it had less than it owns: its own, from whoever had borrowed them.</summary>
    public int CameHome { get; private set; }

    /// <summary>Units that went, lent or given back.</summary>
    public int Went { get; private set; }

    internal static PlannedUnits Sum(IEnumerable<PlannedUnits> counts)
    {
        var sum = new PlannedUnits();
        foreach (var one in counts)
        {
            sum.Borrowed += one.Borrowed;
            sum.CameHome += one.CameHome;
            sum.Went += one.Went;
        }

        return sum;
    }

    internal void Add(ParticipantBalance plan)
    {
        var borrowed = Math.Clamp(plan.Allocation + plan.Gained - plan.NominalQuota, 0, plan.Gained);
        Borrowed += borrowed;
        CameHome += plan.Gained - borrowed;
        Went += plan.Lost;
    }
}
