using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What a forecaster's quantiles were worth on one series, step by step: told what it issued before the value came.</summary>
/// <param name="Step">Pinball loss of the 0.95 quantile of the next step, by that of the seasonal naive.</param>
/// <param name="Window">The same of the largest of the next six.</param>
/// <param name="WindowByLast">The same by that of the last value.</param>
/// <param name="StepCoverage">Share of values up to their 0.95 quantile.</param>
/// <param name="WindowCoverage">The same of windows.</param>
/// <param name="IsPredictable">Whether what was above the spike line came again a day or a week later at least every second time.</param>
/// <param name="Spikes">What its 0.7 quantile of the window foretold.</param>
internal sealed record ForecastScore(double Step, double Window, double WindowByLast, double StepCoverage, double WindowCoverage, bool IsPredictable, SpikeScore Spikes);

/// <summary>How rises above the spike line, the 0.9 quantile of the last week, were foretold.</summary>
/// <param name="Onsets">How many there were: above it after three steps that were not.</param>
/// <param name="Recall">Share of those foretold one step before.</param>
/// <param name="EarlyRecall">Share of those foretold three steps before.</param>
/// <param name="Precision">Share of alarms after which the line was passed within six steps.</param>
/// <param name="NearPrecision">The same of 95 % of the line.</param>
/// <param name="Alarms">Alarms per step.</param>
internal sealed record SpikeScore(int Onsets, double Recall, double EarlyRecall, double Precision, double NearPrecision, double Alarms);

/// <summary>Scores forecasters on one series: those of its last part, by the protocol of the forecast study.</summary>
internal sealed class ForecastTrial
{
    private const int Window = DemandQuantiles.Window;
    private const int AlarmLevel = 2;
    private const double Near = 0.95;
    private const int Quiet = 3;

    private readonly double[] _values;
    private readonly int _day;
    private readonly int _start;
    private readonly double[] _line;

    /// <param name="values">The series.</param>
    /// <param name="day">Steps of a day.</param>
    internal ForecastTrial(double[] values, int day)
    {
        (_values, _day) = (values, day);
        _start = Math.Min(values.Length / 2, Math.Max(values.Length / 3, 7 * day));
        _line = SpikeLine(values, day);
    }

    internal ForecastScore Score(IDemandForecaster forecaster)
    {
        var (own, naive, last) = (Run(forecaster), Run(new NaiveForecaster(_day)), Run(new NaiveForecaster(1)));
        return new(
            own.Loss[0] / naive.Loss[0], own.Loss[1] / naive.Loss[1], own.Loss[1] / last.Loss[1], own.Coverage[0], own.Coverage[1], IsPredictable(), own.Spikes);
    }

    /// <summary>Loss and coverage of the 0.95 quantile of both targets, and the spikes foretold.</summary>
    private (double[] Loss, double[] Coverage, SpikeScore Spikes) Run(IDemandForecaster forecaster)
    {
        var (loss, covered, count) = (new double[2], new double[2], 0);
        var quantiles = new double[DemandQuantiles.Levels.Length];
        var foretold = new bool[_values.Length];
        var alarms = new List<int>();
        for (var t = 0; t < _values.Length; t++)
        {
            forecaster.Observe(_values[t]);
            if (forecaster.TryForecast(DemandTarget.NextWindow, quantiles)) foretold[t] = t + 1 < _values.Length && quantiles[AlarmLevel] > _line[t + 1];
            if (t + 1 >= _start && t + Window < _values.Length)
            {
                count++;
                for (var target = DemandTarget.NextStep; target <= DemandTarget.NextWindow; target++)
                {
                    if (!forecaster.TryForecast(target, quantiles)) throw new InvalidOperationException($"No forecast after {t + 1} values.");
                    var outcome = target == DemandTarget.NextStep ? _values[t + 1] : MostOf(t + 1);
                    var error = outcome - quantiles[^1];
                    loss[(int)target] += error > 0 ? 0.95 * error : -0.05 * error;
                    if (error <= 0) covered[(int)target]++;
                }

                if (foretold[t] && _values[t] <= _line[t]) alarms.Add(t);
            }
        }

        var onsets = Enumerable.Range(_start, _values.Length - _start).Where(IsOnset).ToList();
        double Share(IReadOnlyCollection<int> of, Func<int, bool> hit) => of.Count == 0 ? double.NaN : of.Count(hit) / (double)of.Count;
        return (loss, [covered[0] / count, covered[1] / count], new(
            onsets.Count, Share(onsets, t => foretold[t - 1]), Share(onsets, t => foretold[t - Quiet]),
            Share(alarms, t => Enumerable.Range(t + 1, Window).Any(s => _values[s] > _line[s])), Share(alarms, t => Enumerable.Range(t + 1, Window).Any(s => _values[s] >= Near * _line[s])),
            alarms.Count / (double)count));
    }

    private double MostOf(int first)
    {
        var most = 0.0;
        for (var i = 0; i < Window; i++) most = Math.Max(most, _values[first + i]);
        return most;
    }

    private bool IsAbove(int t) => t >= 0 && t < _values.Length && _values[t] > _line[t];

    private bool IsOnset(int t) => t >= Quiet && IsAbove(t) && !IsAbove(t - 1) && !IsAbove(t - 2) && !IsAbove(t - Quiet);

    private bool IsPredictable()
    {
        var (before, again) = (0, 0);
        for (var t = _start; t < _values.Length; t++)
        {
            if (!IsAbove(t - _day) && !IsAbove(t - 7 * _day)) continue;
            before++;
            if (IsAbove(t - 1) || IsAbove(t) || IsAbove(t + 1)) again++;
        }

        return before > 0 && again >= 0.5 * before;
    }

    /// <summary>The 0.9 quantile of the seven days before, anew each day; before the first day is over there is none.</summary>
    private static double[] SpikeLine(double[] values, int day)
    {
        var line = new double[values.Length];
        var now = double.PositiveInfinity;
        for (var t = 0; t < values.Length; t++)
        {
            if (t > 0 && t % day == 0)
            {
                var week = values[Math.Max(0, t - 7 * day)..t];
                Array.Sort(week);
                now = week[(int)(0.9 * (week.Length - 1))];
            }

            line[t] = now;
        }

        return line;
    }
}
