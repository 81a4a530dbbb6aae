namespace ResourceBorrowing.Balancing;

/// <summary>
/// The demand of one participant, integrated over time: what was looked at last counts until it is looked at again. Mutable; not thread-safe.
/// </summary>
internal struct DemandMeter
{
    private double _sum;
    private double _squares;
    private long _time;
    private long _at;
    private int _demand;
    private int _most;
    private bool _isStarted;

    /// <summary>The demand from now on. The first look only starts the clock; time that runs backwards counts as none.</summary>
    internal void Look(int demand, long now)
    {
        if (_isStarted && now > _at) Add(_demand, now - _at);
        _isStarted = true;
        _at = Math.Max(_at, now);
        _demand = demand;
        _most = Math.Max(_most, demand);
    }

    /// <summary>Whether no time has passed of which there is anything to tell.</summary>
    internal readonly bool IsEmptyAt(long now) => _time == 0 && (!_isStarted || now <= _at);

    /// <summary>Ends the period and begins the next.</summary>
    /// <param name="now">When.</param>
    /// <param name="peak">The largest demand that others have seen between two looks.</param>
    /// <param name="refused">Units refused, which count as demand for as long as a sample.</param>
    /// <param name="sample">How long that is.</param>
    /// <param name="period">What was demanded.</param>
    /// <returns>False when no time has passed: there is nothing to tell, and the period goes on.</returns>
    internal bool TryEnd(long now, int peak, long refused, long sample, out DemandPeriod period)
    {
        if (_isStarted) Look(_demand, now);
        period = default;
        if (_time == 0) return false;
        var mean = _sum / _time;
        // Refused units come on top of what was in use, for a sample each, spread over the period.
        var extra = refused * (double)sample / _time;
        var square = _squares / _time + extra * (2 * mean + Math.Max(1, extra));
        mean += extra;
        period = new(Math.Max(_most, peak), mean, Math.Sqrt(Math.Max(0, square - mean * mean)), refused);
        (_sum, _squares, _time, _most) = (0, 0, 0, _demand);
        return true;
    }

    private void Add(int demand, long time)
    {
        _sum += (double)demand * time;
        _squares += (double)demand * demand * time;
        _time += time;
    }
}

/// <summary>What a participant demanded in one period: units in use and units asked for by callers that waited.</summary>
/// <param name="Most">The most at any instant.</param>
/// <param name="Mean">The mean over time.</param>
/// <param name="Deviation">The standard deviation over time, of the whole period and no sample.</param>
/// <param name="Refused">Units that callers asked for and did not get; they count in the other figures for as long as a sample is.</param>
public readonly record struct DemandPeriod(int Most, double Mean, double Deviation, long Refused)
{
    /// <summary>What it takes most of the time: mean + deviation.</summary>
    public double Envelope => Mean + Deviation;
}
