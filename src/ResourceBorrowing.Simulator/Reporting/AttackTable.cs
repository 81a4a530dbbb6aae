using System.Globalization;
using ResourceBorrowing.Simulator.Studies;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>What attacks achieved, on a terminal.</summary>
internal static class AttackTable
{
    internal static void Write(IAnsiConsole console, IReadOnlyList<AttackResult> results, int seed, bool isStrict)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The default reputation policy, {(isStrict ? "strict" : "default")} mode, seed {seed}."));
        var table = new Table { Border = TableBorder.Simple };
        foreach (var (title, isRight) in new[] { ("attack", false), ("measured", true), ("target", true), ("", false) })
        {
            var column = new TableColumn(title).NoWrap().Padding(0, 1);
            table.AddColumn(isRight ? column.RightAligned() : column);
        }

        foreach (var result in results)
        {
            var verdict = !result.IsBinding ? "no target" : result.IsMet ? "ok" : "missed";
            table.AddRow(new Text(result.Attack), new Text(result.Measured.ToString("0.00", CultureInfo.InvariantCulture)), new Text(result.IsBinding ? result.Target : "-"), new Text(verdict));
        }

        console.Write(table);
    }
}
