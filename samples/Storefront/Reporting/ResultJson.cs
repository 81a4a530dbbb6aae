using System.Text.Json;
using ResourceBorrowing;
using Storefront.Guards;
using Storefront.Measurement;
using Storefront.Shop;

namespace Storefront.Reporting;

/// <summary>The result for programs. Rates are per second, latencies milliseconds, parts 0 to 1.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    internal static void Write(Stream output, ExperimentResult result)
    {
        var verdict = Verdict.Of(result);
        JsonSerializer.Serialize(output, new
        {
            result.Seed,
            Demand = result.Trace is null ? "synthetic" : "trace",
            Subsystem.Capacity,
            DeadlineMilliseconds = Subsystem.Deadline.TotalMilliseconds,
            result.RoundSeconds,
            result.Rounds,
            result.Calibration,
            Policies = result.Policies.Select(static p => new
            {
                p.Policy.Name,
                p.Utilization,
                p.CpuPart,
                p.LagMilliseconds,
                SlowestCommitByRound = p.Rounds.Select(static r => r.SlowestCommit.TotalMilliseconds),
                p.Total,
                Subsystems = Subsystem.All.Select((s, i) => new
                {
                    s.Name,
                    s.Units,
                    Result = p[i],
                    P99ByRound = Enumerable.Range(0, p.Rounds.Count).Select(round => p.P99(round, i)),
                }),
            }),
            Loans = result.Policies.Single(static p => p.Policy == Policy.Borrowing).Rounds.Select(static r => r.Loans!.Counts.Select((counts, i) => new
            {
                Participant = r.Pool!.Participants[i].Name,
                counts.Taken,
                counts.UnitsTaken,
                counts.Recalled,
                counts.Expired,
                counts.ReturnedEarly,
                counts.Overdue,
                counts.Given,
                counts.Recalls,
                HarmSeconds = r.Harm[i].TotalSeconds,
                r.Pool.Participants[i].Reputation,
            })),
            result.DroppedEvents,
            SeasonSeconds = result.Season?.TotalSeconds,
            Plans = result.Policies.Single(static p => p.Policy == Policy.Borrowing).Rounds.Select(Plans),
            OverloadedSecondsByRound = result.Policies.Single(static p => p.Policy == Policy.Borrowing).Rounds.Select(static r => PoolWatch.OverloadedSeconds(r.Samples)),
            result.Rates,
            verdict.BeatsOnGoodput,
            verdict.HurtsCheckout,
            verdict.CheckoutInFlood,
            Flood = result.Flood.Select(static p => new
            {
                p.Policy.Name,
                Checkout = p[Subsystem.Checkout],
                P99ByRound = Enumerable.Range(0, p.Rounds.Count).Select(round => p.P99(round, Subsystem.Checkout)),
                p.Total,
            }),
            Verdict = verdict.Lines,
            ActTwo = result.ActTwo is { } act ? Of(act) : null,
        }, Format);
        output.WriteByte((byte)'\n');
    }

    private static object Plans(PhaseResult round) => new
    {
        round.Plans!.Plans,
        round.Plans.Seconds,
        round.Plans.UnitsPlanned,
        round.Plans.UnitsMoved,
        Participants = Subsystem.All.Select((s, i) => new
        {
            s.Name,
            BorrowedByPlan = round.Plans.Counts[i].Borrowed,
            CameHomeByPlan = round.Plans.Counts[i].CameHome,
            WentByPlan = round.Plans.Counts[i].Went,
            BorrowedOnDemand = PlanTables.Borrowed(round, i).OnDemand,
        }),
        round.Plans.Last,
    };

    private static object Of(ActTwoResult act) => new
    {
        ActTwo.Seconds,
        act.GreedyAt,
        act.LostAt,
        act.CutPart,
        Lenders = ActTwoTables.Names(Trainer.Lenders),
        Others = ActTwoTables.Names(ActTwoResult.Others),
        act.Phases,
        WorstScore = act.Worst.Score,
        WorstScoreAt = act.Worst.At,
        act.Explanation.Score,
        act.IsImpactAReason,
        Explanation = act.Explanation.ToString(),
        Batches = act.Batches.Select(static b => new { At = b.At.TotalSeconds, ReturnedAt = b.ReturnedAt.TotalSeconds, b.IsGreedy, b.Loans, Refusals = b.Refusals.Select(static r => r.ToString()) }),
        act.Samples,
        Verdict = ActTwoTables.Lines(act),
    };
}
