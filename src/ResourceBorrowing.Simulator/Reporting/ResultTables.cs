using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Studies;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>The result on a terminal.</summary>
internal static class ResultTables
{
    internal const int WidthOfFiles = 120;

    internal static void Write(IAnsiConsole console, Comparison comparison)
    {
        foreach (var line in Conditions.Of(comparison.Scenario)) console.WriteLine(line);
        console.WriteLine();
        console.Write(TableOf("Service", Column.Service, comparison));
        console.Write(TableOf("Fairness and harm", Column.Fairness, comparison));
        var targets = Target.Of(comparison);
        if (targets.Count == 0) return;
        var table = Table("What borrowing must show", "policy", "target", ">measured", ">must be", "");
        foreach (var target in targets) table.AddRow(Cells(target.Policy, target.Name, Figures.Short(target.Value), target.Bound, target.IsMet ? "ok" : "missed"));
        console.Write(table);
    }

    internal static void Write(IAnsiConsole console, string title, IEnumerable<Finding> findings)
    {
        console.Write(Of(title, ["", ">measured", ">must be", ""], findings.Select(static f => new[] { f.Name, f.Measured, f.Bound, f.Bound.Length == 0 ? "" : f.IsMet ? "ok" : "missed" })));
    }

    /// <summary>A table of text; a column whose title begins with <c>&gt;</c> stands to the right.</summary>
    internal static Table Of(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = Table(title, columns);
        foreach (var row in rows) table.AddRow(Cells(row));
        return table;
    }

    private static Table TableOf(string title, IReadOnlyList<Column> columns, Comparison comparison)
    {
        var shown = columns.Where(c => comparison.Results.Any(r => c.Value(r) is not null)).ToList();
        var table = Table(title, ["policy", .. shown.Select(static c => ">" + c.Title)]);
        foreach (var result in comparison.Results) table.AddRow(Cells([result.Policy.Name, .. shown.Select(c => c.Show(result))]));
        return table;
    }

    private static Table Table(string title, params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(title, new Style(decoration: Decoration.Bold)) };
        foreach (var column in columns)
            table.AddColumn((column.StartsWith('>') ? new TableColumn(column[1..]).RightAligned() : new TableColumn(column)).NoWrap().Padding(0, 1));
        return table;
    }

    private static Text[] Cells(params IEnumerable<string> cells) => [.. cells.Select(static cell => new Text(cell))];
}
