using System.CommandLine;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Studies;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>attribution</c>: does the library blame the right borrower?</summary>
internal static class AttributionCommand
{
    private const int TargetMissed = 1;

    internal static Command Create()
    {
        var seed = Choice.Number("--seed", "Seed of all chance", int.MinValue, int.MaxValue, 1);
        var command = new Command("attribution", "Measures on synthetic latencies how often a loan is blamed rightly and wrongly for what its lender suffers.") { seed };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Measure(parsed.GetValue(seed), cancellationToken), cancellationToken));
        return command;
    }

    private static int Measure(int seed, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        foreach (var finding in new AttributionStudy(seed, AttributionStudy.Repetitions).Findings())
        {
            cancellationToken.ThrowIfCancellationRequested();
            findings.Add(finding);
        }

        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = ResultTables.WidthOfFiles;
        ResultTables.Write(AnsiConsole.Console, $"Who is blamed, of {AttributionStudy.Repetitions} loans", findings);
        return findings.All(static f => f.IsMet) ? 0 : TargetMissed;
    }
}
