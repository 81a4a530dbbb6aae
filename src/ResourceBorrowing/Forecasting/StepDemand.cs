namespace ResourceBorrowing.Forecasting;

/// <summary>Gathers what was demanded into steps of one length, the unit in which forecasters think. Mutable; not thread-safe.</summary>
internal struct StepDemand
{
    private double _sum;
    private double _squares;
    private double _time;
    private long _ends;

    /// <summary>A period that ended now, of so many milliseconds.</summary>
    /// <param name="mean">The mean demand in it.</param>
    /// <param name="deviation">Its standard deviation over time.</param>
    /// <param name="time">How long it was.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="step">The length of a step in milliseconds.</param>
    /// <param name="value">Mean + deviation of the step that is over.</param>
    /// <returns>How many steps are over: of those after the first nothing is known.</returns>
    internal long Add(double mean, double deviation, long time, long now, long step, out double value)
    {
        value = 0;
        if (_ends == 0) _ends = now - time + step;
        if (time > 0)
        {
            _sum += mean * time;
            _squares += (mean * mean + deviation * deviation) * time;
            _time += time;
        }

        if (now < _ends || _time == 0) return 0;
        var all = _sum / _time;
        value = all + Math.Sqrt(Math.Max(0, _squares / _time - all * all));
        var over = 1 + (now - _ends) / step;
        _ends += over * step;
        (_sum, _squares, _time) = (0, 0, 0);
        return over;
    }
}
