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
        PlanTables.Write(console, result);
        console.WriteLine();
        foreach (var line in Verdict.Of(result).Lines) console.WriteLine(line);
        WriteOverload(console, result);
        if (result.Policies.FirstOrDefault(static p => p.Total.Failed > 0) is { } failing)
        {
            var first = failing.Rounds.Select(static r => r.Load.FirstFailure).First(static f => f is not null);
            console.WriteLine(Text($"Some requests failed altogether ({failing.Policy.Name}: {failing.Total.Failed}; first: {first})."));
        }

        console.WriteLine();
        console.Write(RatesTable(result.Rates));
        ActTwoTables.Write(console, result.ActTwo);
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

    private static void WriteOverload(IAnsiConsole console, ExperimentResult result)
    {
        var rounds = result.Policies.Single(static p => p.Policy == Policy.Borrowing).Rounds;
        var seconds = rounds.Sum(static r => PoolWatch.OverloadedSeconds(r.Samples));
        if (rounds.SelectMany(static r => PoolWatch.Onsets(r.Samples)).FirstOrDefault() is { } first)
            console.WriteLine(Text(
                $"The pool took the host for overloaded in {seconds:F1} s of {result.RoundSeconds * result.Rounds:F1} s, and lent nothing then; first because of {first.Reason}."));
        else console.WriteLine("The pool never took the host for overloaded, so nothing kept it from lending.");
    }

    private static Table BySubsystem(ExperimentResult result)
    {
        var table = Table("Subsystems (rates per second, latencies in ms)", "subsystem (units)", "policy", ">asked", ">good", ">p50", ">p99", ">refused", ">late");
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            if (i > 0) table.AddEmptyRow();
            var name = $"{Subsystem.All[i].Name} ({Subsystem.All[i].Units})";
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
        var table = Table("Policies (rates per second, times in ms)", "policy", ">asked", ">good", ">in time", ">refused", ">late", ">in use", ">cpu", ">lag", ">disk");
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
            "Loans", "participant", ">taken", ">recalled", ">expired", ">early", ">given", ">recalls", ">harm", ">score");
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            var subsystem = i;
            table.AddRow(Row(
                Subsystem.All[i].Name, borrowing.Rounds.Select(r => r.Loans!.Counts[subsystem]), borrowing.Rounds.Select(r => r.Harm[subsystem]),
                Text($"{borrowing.Rounds[^1].Pool!.Participants[i].Reputation:F2}")));
        }

        table.AddRow(Row("all", borrowing.Rounds.SelectMany(static r => r.Loans!.Counts), borrowing.Rounds.SelectMany(static r => r.Harm), ""));
        table.Caption = new TableTitle("As borrower: taken to early. As lender: given to harm, in seconds.");
        return table;
    }

    private static Table RatesTable(IReadOnlyList<RateResult> rates)
    {
        var table = Table("Rates that follow the units", " ", ">search: units", ">at most/s", ">were/s", ">images: units", ">at most kB/s", ">were kB/s");
        foreach (var rate in rates)
        {
            table.AddRow(Cells(
                rate.When, Text($"{rate.SearchUnits}"), Text($"{rate.SearchLimit:F0}"), Text($"{rate.SearchesPerSecond:F0}"),
                Text($"{rate.ImageUnits}"), Text($"{rate.ByteLimit / 1000:F0}"), Text($"{rate.BytesPerSecond / 1000:F0}")));
        }

        table.Caption = new TableTitle("Both were asked for all that they may let through.");
        return table;
    }

    private static Text[] Row(string name, IEnumerable<LoanCounts> rounds, IEnumerable<TimeSpan> harms, string score)
    {
        var all = LoanCounts.Sum(rounds);
        return Cells(
            name, Text($"{all.Taken}"), Text($"{all.Recalled}"), Text($"{all.Expired}"), Text($"{all.ReturnedEarly}"), Text($"{all.Given}"),
            Text($"{all.Recalls}"), Text($"{harms.Sum(static h => h.TotalSeconds):F2}"), score);
    }

    internal static Table Table(string title, params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(title, new Style(decoration: Decoration.Bold)) };
        foreach (var column in columns)
            table.AddColumn((column[0] == '>' ? new TableColumn(column[1..]).RightAligned() : new TableColumn(column)).NoWrap().Padding(0, 1));
        return table;
    }

    internal static Text[] Cells(params IEnumerable<string> cells) => [.. cells.Select(static cell => new Text(cell))];

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
