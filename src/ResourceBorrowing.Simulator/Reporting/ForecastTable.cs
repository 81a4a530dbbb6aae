using System.Globalization;
using ResourceBorrowing.Simulator.Studies;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>The scores of forecasts on a terminal.</summary>
internal static class ForecastTable
{
    internal const int Width = 130;

    internal static void Write(IAnsiConsole console, IEnumerable<(string Series, ForecastScore Score)> scores, IEnumerable<ForecastTarget> targets)
    {
        console.WriteLine("Next, next six: loss of the 0.95 quantile by that of the seasonal naive (by that of the last value).");
        console.WriteLine("Rises: above the 0.9 quantile of the last week; foretold by the 0.7 quantile of the next six steps one step before (three).");
        console.WriteLine("True alarms: the line was passed within six steps (95 % of it).");
        console.WriteLine();
        console.Write(ResultTables.Of("Forecasts", ["series", ">next", ">next six", ">covered", ">", "predictable", ">rises", ">foretold", ">true alarms", ">alarms/step"], scores.Select(static s => Cells(s.Series, s.Score))));
        console.Write(ResultTables.Of("What forecasts must show", ["", ">measured", ">must be", ""], targets.Select(static t => new[] { t.Name, t.Measured, t.Bound, t.IsMet ? "ok" : "missed" })));
    }

    private static string[] Cells(string series, ForecastScore score)
    {
        var spikes = score.Spikes;
        return
        [
            series, Text(score.Step), $"{Text(score.Window)} ({Text(score.WindowByLast)})", Text(score.StepCoverage), Text(score.WindowCoverage), score.IsPredictable ? "yes" : "no",
            spikes.Onsets.ToString(CultureInfo.InvariantCulture), $"{Share(spikes.Recall)} ({Share(spikes.EarlyRecall)})", $"{Share(spikes.Precision)} ({Share(spikes.NearPrecision)})", Text(spikes.Alarms),
        ];
    }

    private static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Share(double share) => double.IsNaN(share) ? "-" : share.ToString("0.00", CultureInfo.InvariantCulture);
}
