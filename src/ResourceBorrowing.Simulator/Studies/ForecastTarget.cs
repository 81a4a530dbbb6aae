using System.Globalization;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What forecasts must show over several series.</summary>
internal sealed record ForecastTarget(string Name, double Value, string Bound, bool IsMet)
{
    /// <summary>For people.</summary>
    internal string Measured => Value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>Those about spikes only where some series is predictable.</summary>
    internal static IReadOnlyList<ForecastTarget> Of(IReadOnlyList<ForecastScore> scores)
    {
        var targets = new List<ForecastTarget>
        {
            AtMost("next step, 0.95 quantile: loss by the seasonal naive's, geometric mean", Mean(scores.Select(static s => s.Step)), 0.45),
            AtMost("next six steps' largest: the same", Mean(scores.Select(static s => s.Window)), 0.65),
            AtMost("the same by the last value's", Mean(scores.Select(static s => s.WindowByLast)), 0.85),
            AtMost("the same by the seasonal naive's, worst series", scores.Max(static s => s.Window), 1.15),
            Within("next step: covered by the 0.95 quantile, mean", scores.Average(static s => s.StepCoverage), 0.93, 0.97),
            Within("next six steps' largest: the same", scores.Average(static s => s.WindowCoverage), 0.92, 0.97),
        };
        var spikes = scores.Where(static s => s is { IsPredictable: true, Spikes: { Onsets: > 0, Alarms: > 0 } }).Select(static s => s.Spikes).ToList();
        if (spikes.Count > 0)
        {
            targets.Add(AtLeast("predictable series: rises foretold one step before, mean", spikes.Average(static s => s.Recall), 0.88));
            targets.Add(AtLeast("three steps before", spikes.Average(static s => s.EarlyRecall), 0.78));
            targets.Add(AtLeast("alarms that came true within six steps", spikes.Average(static s => s.Precision), 0.58));
            targets.Add(AtLeast("alarms that nearly did", spikes.Average(static s => s.NearPrecision), 0.82));
        }

        return targets;
    }

    private static double Mean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(static r => Math.Log(r)));

    private static ForecastTarget AtMost(string name, double value, double most) => new(name, value, $"<= {Text(most)}", value <= most);

    private static ForecastTarget AtLeast(string name, double value, double least) => new(name, value, $">= {Text(least)}", value >= least);

    private static ForecastTarget Within(string name, double value, double least, double most) => new(name, value, $"{Text(least)} to {Text(most)}", value >= least && value <= most);

    private static string Text(double bound) => bound.ToString("0.00", CultureInfo.InvariantCulture);
}
