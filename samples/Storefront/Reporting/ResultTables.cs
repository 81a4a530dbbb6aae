using System.Globalization;
using Spectre.Console;
using Storefront.Guards;
using Storefront.Measurement;
using Storefront.Shop;

namespace Storefront.Reporting;

/// <summary>The result for people.</summary>
internal static class ResultTables
{
    internal static void Write(IAnsiConsole console, ExperimentResult result)
    {
        WriteConditions(console, result);
        console.Write(BySubsystem(result));
        console.Write(ByPolicy(result));
        console.Write(Loans(result.Policies.Single(static p => p.Policy == Policy.Borrowing)));
        if (result.DroppedEvents > 0)
            console.WriteLine(Text($"The pool's events came faster than they were counted, and {result.DroppedEvents} were dropped: the counts of loans are too low."));
        console.WriteLine();
        foreach (var line in Verdict.Of(result).Lines) console.WriteLine(line);
        if (result.Policies.FirstOrDefault(static p => p.Total.Failed > 0) is { } failing)
        {
            var first = failing.Rounds.Select(static r => r.Load.FirstFailure).First(static f => f is not null);
            console.WriteLine(Text($"Some requests failed altogether ({failing.Policy.Name}: {failing.Total.Failed}; first: {first})."));
        }
    }

    private static void WriteConditions(IAnsiConsole console, ExperimentResult result)
    {
        var calibration = result.Calibration;
        console.WriteLine(Text(
            $"{Subsystem.Capacity} units, {result.RoundSeconds * result.Rounds:0.#} s for each policy in {result.Rounds} round(s), seed {result.Seed}, demand: {result.Trace ?? "synthetic"}."));
        console.WriteLine(Text(
            $"This machine: a request holds its unit for about {1000 * calibration.HoldSeconds.Average():F0} ms and costs {calibration.CpuMilliseconds:F2} ms of processor time; a flushed page took {calibration.FlushMilliseconds:F2} ms."));
        if (calibration.CutPart > 0)
            console.WriteLine(Text(
                $"In {calibration.CutPart:P0} of the time demand was cut down to {calibration.MostPerSecond:F0} requests/s: there the processors, not the units, are scarce."));
        console.WriteLine();
    }

    private static Table BySubsystem(ExperimentResult result)
    {
        var table = Table("Subsystems", "subsystem", "policy", ">asked/s", ">goodput/s", ">p50 ms", ">p99 ms", ">refused", ">late");
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            if (i > 0) table.AddEmptyRow();
            var name = $"{Subsystem.All[i].Name} ({Subsystem.All[i].Units} units)";
            foreach (var policy in result.Policies)
            {
                var row = policy[i];
                table.AddRow(Cells(
                    name, policy.Policy.Name, Text($"{row.Asked:F1}"), Text($"{row.Goodput:F1}"), Text($"{row.P50:F1}"), Text($"{row.P99:F1}"),
                    Text($"{row.Refused}"), Text($"{row.Late}")));
                name = "";
            }
        }

        return table;
    }

    private static Table ByPolicy(ExperimentResult result)
    {
        var table = Table("Policies", "policy", ">asked/s", ">goodput/s", ">in time", ">refused", ">late", ">in use", ">processors", ">lag ms", ">disk ms");
        foreach (var policy in result.Policies)
        {
            var total = policy.Total;
            table.AddRow(Cells(
                policy.Policy.Name, Text($"{total.Asked:F1}"), Text($"{total.Goodput:F1}"), Text($"{total.Goodput / Math.Max(total.Asked, 1e-9):P1}"),
                Text($"{total.Refused}"), Text($"{total.Late}"), Text($"{policy.Utilization:P1}"), Text($"{policy.CpuPart:P0}"),
                Text($"{policy.LagMilliseconds:F1}"), Text($"{policy.SlowestCommitMilliseconds:F0}")));
        }

        return table;
    }

    private static Table Loans(PolicyResult borrowing)
    {
        var table = Table(
            "Loans", "participant", ">owns", ">floor", ">taken", ">recalled", ">expired", ">returned early", ">given", ">called back", ">harm s", ">score");
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            var subsystem = i;
            var last = borrowing.Rounds[^1].Pool!.Participants[i];
            var counts = LoanCounts.Sum(borrowing.Rounds.Select(r => r.Loans!.Counts[subsystem]));
            var harm = borrowing.Rounds.Sum(r => r.Harm[subsystem].TotalSeconds);
            table.AddRow(Cells([
                last.Name, Text($"{last.NominalQuota}"), Text($"{last.Floor}"), .. Figures(counts), Text($"{harm:F2}"), Text($"{last.Reputation:F2}")]));
        }

        var all = LoanCounts.Sum(borrowing.Rounds.SelectMany(static r => r.Loans!.Counts));
        var allHarm = borrowing.Rounds.Sum(static r => r.Harm.Sum(static h => h.TotalSeconds));
        table.AddRow(Cells(["all", Text($"{Subsystem.Capacity}"), "", .. Figures(all), Text($"{allHarm:F2}"), ""]));
        return table;
    }

    private static string[] Figures(LoanCounts counts) =>
        [.. new[] { counts.Taken, counts.Recalled, counts.Expired, counts.ReturnedEarly, counts.Given, counts.CalledBack }.Select(static n => Text($"{n}"))];

    private static Table Table(string title, params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(title, new Style(decoration: Decoration.Bold)) };
        foreach (var column in columns)
            table.AddColumn(column[0] == '>' ? new TableColumn(column[1..]).RightAligned() : new TableColumn(column).NoWrap());
        return table;
    }

    private static Text[] Cells(params IEnumerable<string> cells) => [.. cells.Select(static cell => new Text(cell))];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
