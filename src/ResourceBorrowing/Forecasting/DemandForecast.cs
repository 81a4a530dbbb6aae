using System.Buffers;

namespace ResourceBorrowing.Forecasting;

/// <summary>What is foreseen for one participant, step by step, and how far that may be believed.</summary>
/// <remarks>Not thread-safe. What the forecaster throws reaches the caller; then there is no forecast until the next step.</remarks>
internal sealed class DemandForecast(IDemandForecaster forecaster)
{
    private const int Likely = 2;

    private readonly double[] _quantiles = new double[DemandQuantiles.Levels.Length];
    private readonly AlarmRecord _alarms = new();
    private StepDemand _demand;
    private bool _isKnown;

    /// <summary>Its record: alarms whose outcome is known, and the share of them that was right.</summary>
    internal (int Known, double Precision) Alarms => (_alarms.Known, _alarms.Precision);

    /// <summary>Whether units may move on its word.</summary>
    internal bool IsTrusted => _alarms.IsTrusted;

    /// <summary>Whether it has been wrong so often that nothing is to be made of it.</summary>
    internal bool IsRefuted => _alarms.IsRefuted;

    /// <summary>The 0.7 quantile of the highest demand of the next window; not a number when nothing is foreseen yet.</summary>
    internal double LikelyMost => _isKnown ? _quantiles[Likely] : double.NaN;

    /// <summary>The 0.95 quantile of the same.</summary>
    internal double SafeMost => _isKnown ? _quantiles[^1] : double.NaN;

    /// <summary>A period is over.</summary>
    /// <param name="mean">The mean demand in it.</param>
    /// <param name="deviation">Its standard deviation over time.</param>
    /// <param name="time">How long it was, in milliseconds.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="step">The length of a step in milliseconds.</param>
    /// <param name="line">What the participant owns: to foresee more is an alarm.</param>
    internal void Add(double mean, double deviation, long time, long now, long step, double line)
    {
        var steps = _demand.Add(mean, deviation, time, now, step, out var value);
        if (steps == 0) return;
        _isKnown = false;
        if (steps > 1) _alarms.Forget();
        try
        {
            forecaster.Observe(value);
            if (steps > 1) forecaster.Skip(steps - 1);
            _isKnown = forecaster.TryForecast(DemandTarget.NextWindow, _quantiles) && IsSound(_quantiles);
        }
        finally
        {
            // Whatever it threw, what the step brought is known, and alarms that are open are judged by it.
            _alarms.Observe(value > line, _isKnown && _quantiles[Likely] > line);
        }
    }

    /// <summary>What has been learnt, and the record of it.</summary>
    internal (byte[] State, bool[] Outcomes) Save()
    {
        var writer = new ArrayBufferWriter<byte>();
        forecaster.Save(writer);
        return (writer.WrittenSpan.ToArray(), _alarms.Outcomes());
    }

    /// <summary>Goes on from what another has learnt.</summary>
    /// <param name="state">What it learnt.</param>
    /// <param name="outcomes">Its record.</param>
    /// <param name="skipped">Steps that have passed since.</param>
    /// <exception cref="InvalidDataException">It is no state of such a forecaster; nothing is changed.</exception>
    internal void Load(byte[] state, bool[] outcomes, long skipped)
    {
        forecaster.Load(state);
        if (skipped > 0) forecaster.Skip(skipped);
        _alarms.Load(outcomes);
    }

    // A forecaster may be anybody's.
    private static bool IsSound(double[] quantiles)
    {
        var last = 0.0;
        foreach (var quantile in quantiles)
        {
            if (!double.IsFinite(quantile) || quantile < last) return false;
            last = quantile;
        }

        return true;
    }
}
