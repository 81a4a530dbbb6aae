using ResourceBorrowing;
using Spectre.Console;
using Storefront.Measurement;
using Storefront.Shop;
using static Storefront.Reporting.ResultTables;

namespace Storefront.Reporting;

/// <summary>Act two for people.</summary>
internal static class ActTwoTables
{
    // The parts of the harm that must be gone again.
    private const double Recovered = 0.8;
    private const double PartlyRecovered = 0.5;
    private const double Hurt = 1.1;

    internal static void Write(IAnsiConsole console, ActTwoResult? result)
    {
        console.WriteLine();
        if (result is null)
        {
            console.WriteLine(Text(
                $"Act two, a subsystem that abuses its borrowing, was left out: it takes {ActTwo.Seconds:F0} s, which goes with runs of {Experiment.SecondsForActTwo} s or more."));
            return;
        }

        console.WriteLine(Text(
            $"Act two: one subsystem more, '{Trainer.Name}', and it alone borrows, of {string.Join(", ", Names(Trainer.Lenders))}."));
        console.WriteLine(Text(
            $"After {ActTwo.GreedyFrom:F0} s it takes all it can get for a term of {Trainer.Term.TotalSeconds:F0} s, keeps it for {Trainer.GreedyHold.TotalSeconds:F0} s whoever wants it back, and burns processor time meanwhile."));
        if (result.CutPart > 0) console.WriteLine("Demand was cut down, because the processors would have run out: there is less to see.");
        console.Write(Phases(result));
        foreach (var line in Lines(result)) console.WriteLine(line);
        console.WriteLine();
        console.WriteLine("Explain, at the end:");
        foreach (var line in result.Explanation.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)) console.WriteLine(line.TrimEnd());
    }

    internal static IEnumerable<string> Names(IEnumerable<int> subsystems) => subsystems.Select(static i => Subsystem.All[i].Name);

    internal static IReadOnlyList<string> Lines(ActTwoResult result)
    {
        var phases = result.Phases;
        var (before, during) = (phases[0], phases[1]);
        var lines = new List<string>
        {
            Text($"Its score: {before.LastScore:F1} before, {result.Worst.Score:F1} at its worst ({result.Worst.At:F0} s), {result.Explanation.Score:F1} at the end. {(result.IsImpactAReason ? "What it did to its lenders is among the reasons." : "What it did to its lenders is NOT among the reasons: the pool could not show it.")}"),
            result.LostAt is { } lost
                ? Text($"It lost its borrowing {lost - result.GreedyAt:F1} s after it turned greedy: from then on it got nothing.")
                : "It did NOT lose its borrowing within the run.",
        };
        if (during.Lenders.P99 <= before.Lenders.P99 * Hurt) lines.Add("Its lenders' p99 was not hurt, so there is nothing to recover.");
        else if (phases.Count < 3) lines.Add(Text($"Its lenders' p99 went from {before.Lenders.P99:F0} to {during.Lenders.P99:F0} ms and did NOT recover."));
        else
        {
            var after = phases[2];
            var back = (during.Lenders.P99 - after.Lenders.P99) / (during.Lenders.P99 - before.Lenders.P99);
            lines.Add(Text($"Its lenders' p99 went from {before.Lenders.P99:F0} to {during.Lenders.P99:F0} ms, and then to {after.Lenders.P99:F0} ms: {(back >= Recovered ? "it recovered" : back >= PartlyRecovered ? "it recovered in part" : "it did NOT recover")}, {Math.Clamp(back, 0, 1):P0} of the harm is gone."));
        }

        lines.AddRange(PoolWatch.Onsets(result.Samples).Select(static s => Text($"At {s.At:F0} s the pool took the host for overloaded and stopped all lending: {s.Reason}.")));
        return lines;
    }

    private static Table Phases(ActTwoResult result)
    {
        var phases = result.Phases;
        var table = Table("Act two: before, during and after (latencies in ms)", [" ", .. phases.Select(static p => $">{p.Name}")]);
        void Row(string name, Func<ActTwoPhase, string> value) => table.AddRow(Cells([name, .. phases.Select(value)]));
        Row("seconds of the act", static p => Text($"{p.From:F1} to {p.To:F1}"));
        Row("its score", static p => Text($"{p.FirstScore:F1} to {p.LastScore:F1}"));
        Row("loans it was granted", static p => Text($"{p.Loans}"));
        foreach (var reason in phases.SelectMany(static p => p.Refusals.Keys).Order().Select(InWords).Distinct())
            Row(reason, p => Text($"{p.Refusals.Where(r => InWords(r.Key) == reason).Sum(static r => r.Value)}"));
        Row("lenders: p50", static p => Text($"{p.Lenders.P50:F1}"));
        Row("lenders: p99", static p => Text($"{p.Lenders.P99:F1}"));
        Row("lenders: answered in time", static p => Text($"{p.Lenders.InTime:P1}"));
        Row("others: p50", static p => Text($"{p.Others.P50:F1}"));
        Row("others: p99", static p => Text($"{p.Others.P99:F1}"));
        Row("others: answered in time", static p => Text($"{p.Others.InTime:P1}"));
        Row("seconds without any lending", static p => Text($"{p.OverloadedSeconds:F1}"));
        table.Caption = new TableTitle("Refusals: one for each lender at each try. In time: of all requests.");
        return table;
    }

    private static string InWords(RefusalReason reason) => "refused: " + reason switch
    {
        RefusalReason.Reputation => "its reputation",
        RefusalReason.CreditLine => "its credit line",
        RefusalReason.BorrowerOwesDebt => "it owes units",
        RefusalReason.NewcomerLine => "a newcomer's limit",
        RefusalReason.Overload => "the host is overloaded",
        _ => "lender has none to spare",
    };
}
