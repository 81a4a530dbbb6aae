namespace ResourceBorrowing.Forecasting;

/// <summary>How often a forecaster that said that demand would exceed what a participant owns was right: the record by which it is believed or not.</summary>
/// <remarks>An alarm is right when the line is passed within the window that it speaks of. Not thread-safe; nothing is allocated after construction.</remarks>
internal sealed class AlarmRecord
{
    /// <summary>So many alarms are remembered.</summary>
    internal const int Remembered = 50;

    /// <summary>The share of them that must have been right.</summary>
    internal const double LeastPrecision = 0.6;

    /// <summary>Before so many there is nothing to go by.</summary>
    internal const int Least = 10;

    private readonly long[] _open = new long[DemandQuantiles.Window];   // the step at which each alarm still open was raised, or none
    private readonly bool[] _wasRight = new bool[Remembered];
    private long _step;
    private long _known;
    private int _right;

    internal AlarmRecord() => Forget();

    /// <summary>Alarms whose outcome is known, of those remembered.</summary>
    internal int Known => (int)Math.Min(_known, Remembered);

    /// <summary>The share of them that was right; 0 when there are none.</summary>
    internal double Precision => _known == 0 ? 0 : (double)_right / Known;

    /// <summary>Whether the forecaster has earned it that units move on its word.</summary>
    internal bool IsTrusted => _known >= Least && Precision >= LeastPrecision;

    /// <summary>Whether its record speaks against it.</summary>
    internal bool IsRefuted => _known >= Least && Precision < LeastPrecision;

    /// <summary>A step is over.</summary>
    /// <param name="isAbove">Whether demand was above the line in it.</param>
    /// <param name="isAlarm">Whether the forecaster, which has seen the step, says that it will be. While it is above already that is none.</param>
    internal void Observe(bool isAbove, bool isAlarm)
    {
        for (var i = 0; i < _open.Length; i++)
        {
            if (_open[i] < 0) continue;
            if (!isAbove && _step - _open[i] < DemandQuantiles.Window) continue;
            _open[i] = -1;
            Remember(isAbove);
        }

        if (isAlarm && !isAbove) _open[_step % _open.Length] = _step;
        _step++;
    }

    /// <summary>Which of the alarms remembered were right, the oldest first.</summary>
    internal bool[] Outcomes()
    {
        var outcomes = new bool[Known];
        for (var i = 0; i < outcomes.Length; i++) outcomes[i] = _wasRight[(_known - outcomes.Length + i) % Remembered];
        return outcomes;
    }

    /// <summary>Goes on from what another remembered.</summary>
    internal void Load(ReadOnlySpan<bool> outcomes)
    {
        (_known, _right) = (0, 0);
        Forget();
        foreach (var wasRight in outcomes) Remember(wasRight);
    }

    /// <summary>Steps passed of which nothing is known: alarms that are open stay without an answer.</summary>
    internal void Forget() => Array.Fill(_open, -1);

    private void Remember(bool wasRight)
    {
        ref var place = ref _wasRight[_known++ % Remembered];
        if (place && _known > Remembered) _right--;
        place = wasRight;
        if (wasRight) _right++;
    }
}
