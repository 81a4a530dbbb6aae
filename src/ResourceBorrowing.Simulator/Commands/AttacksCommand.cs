using System.CommandLine;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Studies;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>attacks</c>: what does the reputation policy withstand?</summary>
internal static class AttacksCommand
{
    private const int WidthOfFiles = 120;
    private const int TargetMissed = 1;

    internal static Command Create()
    {
        var seed = Choice.Number("--seed", "Seed of all chance", int.MinValue, int.MaxValue, 1);
        var strict = new Option<bool>("--strict") { Description = "Try the strict policy: a loss costs eight times what a return earns, not four times." };
        var command = new Command("attacks", "Attacks the default reputation policy, and shows what each attack achieves.") { seed, strict };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Attack(parsed.GetValue(seed), parsed.GetValue(strict), cancellationToken), cancellationToken));
        return command;
    }

    private static int Attack(int seed, bool isStrict, CancellationToken cancellationToken)
    {
        var results = AttackStudy.Run(seed, isStrict, cancellationToken).ToList();
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = WidthOfFiles;
        AttackTable.Write(AnsiConsole.Console, results, seed, isStrict);
        return results.Any(static r => r.IsBinding && !r.IsMet) ? TargetMissed : 0;
    }
}
