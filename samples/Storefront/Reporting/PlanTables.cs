using ResourceBorrowing;
using Spectre.Console;
using Storefront.Guards;
using Storefront.Measurement;
using Storefront.Shop;
using static Storefront.Reporting.ResultTables;

namespace Storefront.Reporting;

/// <summary>What the plans of borrowing did, for people.</summary>
internal static class PlanTables
{
    internal static void Write(IAnsiConsole console, ExperimentResult result)
    {
        var rounds = result.Policies.Single(static p => p.Policy == Policy.Borrowing).Rounds;
        console.WriteLine();
        console.Write(Units(rounds));
        foreach (var line in Lines(result, rounds)) console.WriteLine(line);
        if (rounds[^1].Plans!.Last is not { } last) return;
        console.WriteLine();
        console.WriteLine(Text($"The last plan, of {(result.Rounds > 1 ? Text($"round {result.Rounds}") : "the round")}, explained:"));
        foreach (var participant in last.Participants.Where(static p => p.NominalQuota > 0))
            console.Write(new Padder(new Text(participant.Explanation), new Padding(2, 0, 0, 0)));
        console.WriteLine(Text($"It moved {last.UnitsMoved} of {last.UnitsPlanned} units{(last.Reason.Length > 0 ? $": {last.Reason}" : "")}."));
    }

    /// <summary>Units of one subsystem lent to it, by all loans and of those by plan.</summary>
    internal static (int ByPlan, int OnDemand) Borrowed(PhaseResult round, int subsystem)
    {
        var byPlan = round.Plans!.Counts[subsystem].Borrowed;
        return (byPlan, Math.Max(0, round.Loans!.Counts[subsystem].UnitsTaken - byPlan));
    }

    internal static IReadOnlyList<string> Lines(ExperimentResult result, IReadOnlyList<PhaseResult> rounds)
    {
        var plans = rounds.Select(static r => r.Plans!).ToList();
        var byPlan = rounds.Sum(static r => Enumerable.Range(0, Subsystem.All.Count).Sum(i => Borrowed(r, i).ByPlan));
        var onDemand = rounds.Sum(static r => Enumerable.Range(0, Subsystem.All.Count).Sum(i => Borrowed(r, i).OnDemand));
        return
        [
            Text($"{plans.Sum(static p => p.Plans)} plans in {plans.Sum(static p => p.Seconds):F1} s moved {plans.Sum(static p => p.UnitsMoved)} of {plans.Sum(static p => p.UnitsPlanned)} units planned: {byPlan} lent, {plans.Sum(static p => p.UnitsMoved) - byPlan} back home. On demand {onDemand} units were lent."),
            Forecasts(result, plans),
        ];
    }

    private static string Forecasts(ExperimentResult result, IReadOnlyList<PlanTally> plans)
    {
        var forecasts = plans.SelectMany(static p => p.Last?.Participants ?? []).Select(static p => p.Forecast).OfType<ParticipantForecast>().ToList();
        var trusted = forecasts.Count(static f => f.IsTrusted);
        var (alarms, right) = (forecasts.Sum(static f => f.Alarms), forecasts.Sum(static f => f.Alarms * f.Precision));
        var season = result.Season is { } known ? Text($"a season of {known.TotalSeconds:0.##} s") : Text($"no season known (taken for {Policy.UnknownSeason.TotalSeconds:F0} s)");
        var (used, idle) = (forecasts.Sum(static f => f.UsedUnitSeconds), forecasts.Sum(static f => f.IdleUnitSeconds));
        var text = Text($"Foreseen in steps of {Policy.ForecastStep.TotalMilliseconds:F0} ms, {season}: {alarms} alarms, {right:F0} of them right. ");
        text += trusted == 0
            ? "NO forecaster was believed at the end of its round (that takes 10 alarms, 60 % of them right): a round is short."
            : Text($"Believed at the end of a round: {trusted} of {forecasts.Count} forecasters.");
        return text + (used + idle > 0 ? Text($" Units that came on a forecast were used for {used:F1} unit-seconds and idle for {idle:F1}.") : " No unit came on a forecast.");
    }

    private static Table Units(IReadOnlyList<PhaseResult> rounds)
    {
        var table = Table(
            "Units moved by plan and on demand", "participant", ">plan: borrowed", ">came home", ">went", ">on demand: borrowed", ">alarms", ">right");
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            var subsystem = i;
            table.AddRow(Row(Subsystem.All[i].Name, [.. rounds.Select(r => r.Plans!.Counts[subsystem])], rounds.Sum(r => Borrowed(r, subsystem).OnDemand), Of(rounds, Subsystem.All[i].Name)));
        }

        table.AddRow(Row(
            "all", [.. rounds.SelectMany(static r => r.Plans!.Counts)],
            rounds.Sum(static r => Enumerable.Range(0, Subsystem.All.Count).Sum(i => Borrowed(r, i).OnDemand)), Of(rounds, name: null)));
        return table;
    }

    private static List<ParticipantForecast> Of(IReadOnlyList<PhaseResult> rounds, string? name) =>
        [.. rounds.SelectMany(static r => r.Plans!.Last?.Participants ?? []).Where(p => name is null || p.Name == name).Select(static p => p.Forecast).OfType<ParticipantForecast>()];

    private static Text[] Row(string name, IReadOnlyList<PlannedUnits> counts, int onDemand, IReadOnlyList<ParticipantForecast> forecasts)
    {
        var sum = PlannedUnits.Sum(counts);
        return Cells(
            name, Text($"{sum.Borrowed}"), Text($"{sum.CameHome}"), Text($"{sum.Went}"), Text($"{onDemand}"), Text($"{forecasts.Sum(static f => f.Alarms)}"),
            Text($"{forecasts.Sum(static f => f.Alarms * f.Precision):F0}"));
    }
}
