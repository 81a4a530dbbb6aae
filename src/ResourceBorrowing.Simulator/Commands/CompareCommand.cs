using System.CommandLine;
using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Model;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>compare</c>: what would borrowing do for this demand?</summary>
internal static class CompareCommand
{
    private const int TargetMissed = 1;

    internal static Command Create()
    {
        var defaults = new SimulationModel();
        var trace = new Option<string[]>("--trace")
        {
            Description = "Demand: CSV, gzipped or not; wide ('t' and a column for each participant) or long ('t,name,value'). Several files make one host.",
            HelpName = "FILE",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var capacity = Choice.Number<int>("--capacity", "Units of the host; without this and --fair-share: capacity factor x mean demand", 1, int.MaxValue);
        var fairShare = Choice.Number<int>("--fair-share", "Units of the host per participant", 1, 1_000_000);
        var policies = new Option<string[]>("--policies")
        {
            Description = $"Which to compare, by commas. Default all: {string.Join(", ", Policy.All.Select(static p => $"{p.Name} ({p.Description})"))}.",
            HelpName = "LIST",
            CustomParser = static result => [.. result.Tokens.SelectMany(static t => t.Value.Split(',', StringSplitOptions.TrimEntries))],
        };
        policies.Validators.Add(static result =>
        {
            foreach (var name in result.Tokens.SelectMany(static t => t.Value.Split(',', StringSplitOptions.TrimEntries)))
                if (Policy.All.All(p => p.Name != name))
                    result.AddError($"--policies: '{name}' is none; these are: {string.Join(", ", Policy.All.Select(static p => p.Name))}.");
        });
        var seed = Choice.Number("--seed", "Seed of all chance", int.MinValue, int.MaxValue, defaults.Seed);
        var adversary = Choice.OneOf<AdversaryKind>("--adversary", "What one participant does to the others; each policy then runs a second time without it. Default none.");
        var adversaryName = new Option<string?>("--adversary-name") { Description = "Which participant; default the first.", HelpName = "NAME" };
        var output = new Option<string?>("--out") { Description = "Also write results.csv, results.json, plots and report.html to this folder.", HelpName = "DIR" };
        var strict = new Option<bool>("--strict") { Description = "Exit with 1 when borrowing, balancing or forecasting misses a target." };
        var requests = Choice.Number("--requests", "Mean requests of a participant in a step", 0.01, 1e6, defaults.RequestsPerStep);
        var step = Choice.Number("--step-seconds", "Virtual length of a step", 0.02, 86_400.0, defaults.StepLength.TotalSeconds);
        var service = Choice.Number("--service", "How long a request uses its unit, in steps", 0.001, 100.0, defaults.Service);
        var patience = Choice.Number("--patience", "How long a request waits at the most, in service times", 0.0, 100.0, defaults.Patience);
        var factor = Choice.Number("--capacity-factor", "Capacity per mean demand", 0.01, 100.0, defaults.CapacityFactor);
        var lending = Choice.Number("--lending", "The part of its quota that a participant may have lent out", 0.0, 1.0, defaults.LendingPart);
        var season = Choice.Number("--season", "Steps after which demand repeats itself, as forecasters are told", 2, 1_000_000, defaults.Seasons[0]);
        var normalize = new Option<bool>("--normalize") { Description = "Scale each participant to the same mean demand: for traces in different units." };

        var command = new Command("compare", "Replays demand under borrowing and its rivals, and shows who serves how much, how fairly, and at whose cost.")
        {
            trace, capacity, fairShare, policies, seed, adversary, adversaryName, output, strict, requests, step, service, patience, factor, lending, season, normalize,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(capacity) is { Implicit: false } && result.GetResult(fairShare) is { Implicit: false })
                result.AddError("Give --capacity or --fair-share, not both.");
            // By its text: what is no adversary has a fault of its own, and no value.
            if (result.GetResult(adversaryName) is { Implicit: false } && result.GetResult(adversary)?.Tokens is not [{ Value: not "none" }])
                result.AddError("--adversary-name has no meaning without --adversary.");
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            var model = new SimulationModel
            {
                RequestsPerStep = parsed.GetValue(requests),
                StepLength = TimeSpan.FromSeconds(parsed.GetValue(step)),
                Service = parsed.GetValue(service),
                Patience = parsed.GetValue(patience),
                CapacityFactor = parsed.GetValue(factor),
                Capacity = parsed.GetResult(capacity) is null ? null : parsed.GetValue(capacity),
                FairShare = parsed.GetResult(fairShare) is null ? null : parsed.GetValue(fairShare),
                LendingPart = parsed.GetValue(lending),
                Seasons = [parsed.GetValue(season)],
                IsNormalized = parsed.GetValue(normalize),
                Seed = parsed.GetValue(seed),
                Adversary = parsed.GetValue(adversary),
                AdversaryName = parsed.GetValue(adversaryName),
            };
            var chosen = parsed.GetValue(policies) is { Length: > 0 } names ? Policy.All.Where(p => names.Contains(p.Name)).ToList() : Policy.All;
            return Compare(parsed.GetValue(trace)!, model, chosen, parsed.GetValue(output), parsed.GetValue(strict), cancellationToken);
        }, cancellationToken));
        return command;
    }

    private static int Compare(string[] traces, SimulationModel model, IReadOnlyList<Policy> policies, string? output, bool isStrict, CancellationToken cancellationToken)
    {
        // First: nobody shall wait to learn that there is no room for the result.
        if (output is not null) OutputException.Guard(output, () => Directory.CreateDirectory(output));
        var scenario = new Scenario(TraceSet.Read(traces), model);
        var runs = scenario.Adversary < 0 ? 1 : 2;
        var comparison = Progress.Show(policies, scenario.Traces.Steps * runs, stepped => Comparison.Of(scenario, policies, stepped, cancellationToken));
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = ResultTables.WidthOfFiles;
        ResultTables.Write(AnsiConsole.Console, comparison);
        if (output is not null) ResultFiles.WriteAll(output, comparison);
        if (comparison.Results.Any(static r => r.Policy.IsOurs && r.Shortfall > 0)) return TargetMissed;
        return isStrict && Target.Of(comparison).Any(static t => !t.IsMet) ? TargetMissed : 0;
    }
}
