using System.CommandLine;
using ResourceBorrowing.Forecasting;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Studies;
using ResourceBorrowing.Simulator.Traces;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>score</c>: how good are the forecasts of these series?</summary>
internal static class ScoreCommand
{
    private const int TargetMissed = 1;

    internal static Command Create()
    {
        var traces = new Option<string[]>("--trace") { Description = "CSV files of demand; each column is a series.", Required = true, AllowMultipleArgumentsPerToken = true, HelpName = "FILE" };
        var strict = new Option<bool>("--strict") { Description = "Exit with 1 when a target is missed." };
        var command = new Command("score", "Scores the library's forecasts of demand against the seasonal naive and the last value.") { traces, strict };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Measure(parsed.GetValue(traces)!, parsed.GetValue(strict), cancellationToken), cancellationToken));
        return command;
    }

    private static int Measure(string[] paths, bool isStrict, CancellationToken cancellationToken)
    {
        var scores = new List<(string Series, ForecastScore Score)>();
        foreach (var path in paths)
        {
            foreach (var series in DemandSeries.Read(path))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (series.Values.Length < 3 * series.Day) throw new TraceFormatException($"{path}: '{series.Name}' has {series.Values.Length} steps; to be scored a series has three days, {3 * series.Day}");
                scores.Add((series.Name, new ForecastTrial(series.Values, series.Day).Score(new SeasonalForecaster(series.Day, 7 * series.Day))));
            }
        }

        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = ForecastTable.Width;
        var targets = ForecastTarget.Of([.. scores.Select(static s => s.Score)]);
        ForecastTable.Write(AnsiConsole.Console, scores, targets);
        return isStrict && targets.Any(static t => !t.IsMet) ? TargetMissed : 0;
    }
}
