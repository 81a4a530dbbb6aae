namespace ResourceBorrowing.Forecasting;

/// <summary>
/// The default forecaster: three simple ones, mixed by how well each has done of late. A linear model on the last values, the same time a season ago and the usual
/// course of a season (recursive least squares); the last value, or the largest of the last window; and the usual course, as far above or below it as all was of late.
/// </summary>
/// <remarks>
/// <para>The errors of each have quantiles of their own, which follow how large errors are of late and at this time of the season. What loses least, by the pinball loss, weighs
/// most. Both targets are learnt as they are: that of a window is no sum of single steps. No quantile is above twice the largest value of late.</para>
/// <para>Not thread-safe. Nothing is allocated after construction but to save, to load and to skip. Memory: 2 bytes per step of the longest season, 12 per step of the shortest, and 8 kB at the most.</para>
/// </remarks>
public sealed partial class SeasonalForecaster : IDemandForecaster
{
    private const int MostSteps = 1_000_000;
    private const int Warmup = 2;

    // A week of five minutes halves them.
    private const double MostKept = 0.99966;
    private const double UsualKept = 0.999;
    private const double ProfileKept = 0.8;
    private const double LevelKept = 0.6;

    private readonly int[] _seasons;
    private ushort[] _history;             // the last values to three digits, as many as the longest season and a window
    private double[] _recent = new double[DemandQuantiles.Window];
    private float[] _profile;              // the usual course of the shortest season
    private MixedForecast _next;
    private MixedForecast _window;
    private readonly double[] _features;
    private long _seen;
    private double _level;
    private double _most;
    private double _usual;

    /// <summary>Makes a forecaster that knows nothing yet.</summary>
    /// <param name="seasons">Lengths of the seasons in steps, 2 to 1,000,000: a day and a week. None: only the last values count.</param>
    /// <exception cref="ArgumentOutOfRangeException">A season is out of range.</exception>
    public SeasonalForecaster(params ReadOnlySpan<int> seasons)
    {
        foreach (var season in seasons)
            if (season is < 2 or > MostSteps) throw new ArgumentOutOfRangeException(nameof(seasons), season, "A season is 2 to 1,000,000 steps.");
        _seasons = seasons.ToArray();
        Array.Sort(_seasons);
        var slots = _seasons is [var shortest, ..] ? shortest : 1;
        _history = new ushort[(_seasons is [.., var longest] ? longest : 0) + DemandQuantiles.Window];
        _profile = new float[slots];
        _features = new double[6 + 2 * _seasons.Length];
        (_next, _window) = (new MixedForecast(1, slots, _features.Length), new MixedForecast(DemandQuantiles.Window, slots, _features.Length));
    }

    /// <inheritdoc/>
    public void Observe(double value)
    {
        if (!(value >= 0) || !double.IsFinite(value)) throw new ArgumentOutOfRangeException(nameof(value), value, "Demand is a finite number from 0.");
        _history[_seen % _history.Length] = Rounded(value);
        _recent[_seen % _recent.Length] = value;
        _next.Settle(value);
        _window.Settle(LastMost());
        Learn(value);
        _seen++;
        Issue();
    }

    /// <inheritdoc/>
    public bool TryForecast(DemandTarget target, Span<double> quantiles)
    {
        if (quantiles.Length < DemandQuantiles.Levels.Length) throw new ArgumentException($"There are {DemandQuantiles.Levels.Length} quantiles, and room for {quantiles.Length}.", nameof(quantiles));
        var forecast = target switch
        {
            DemandTarget.NextStep => _next,
            DemandTarget.NextWindow => _window,
            _ => throw new ArgumentOutOfRangeException(nameof(target), target, "The target must be one of the two."),
        };
        if (_seen < Warmup) return false;
        forecast.Quantiles.CopyTo(quantiles);
        return true;
    }

    private int Slot(long step) => (int)(step % _profile.Length);

    /// <summary>The value of a step that is still remembered: as it was when it is one of the last, else rounded.</summary>
    private double At(long step) =>
        step >= _seen - _recent.Length ? _recent[step % _recent.Length] : BitConverter.UInt32BitsToSingle((uint)_history[step % _history.Length] << 16);

    /// <summary>The upper half of a float, to the nearest.</summary>
    private static ushort Rounded(double value) => (ushort)((BitConverter.SingleToUInt32Bits((float)Math.Min(value, float.MaxValue / 2)) + 0x8000) >> 16);

    private double LastMost()
    {
        var most = 0.0;
        for (var step = Math.Max(0, _seen - DemandQuantiles.Window + 1); step <= _seen; step++) most = Math.Max(most, At(step));
        return most;
    }

    private void Learn(double value)
    {
        var slot = Slot(_seen);
        var isFirstSeason = _seen < _profile.Length;
        // How far all is above the usual course, and that course.
        _level = isFirstSeason ? 0 : LevelKept * _level + (1 - LevelKept) * (value - _profile[slot]);
        _profile[slot] = (float)(isFirstSeason ? value : ProfileKept * _profile[slot] + (1 - ProfileKept) * value);
        _most = Math.Max(MostKept * _most, value);
        _usual = _seen < 1000 ? (_usual * _seen + value) / (_seen + 1) : UsualKept * _usual + (1 - UsualKept) * value;
    }

    private void Issue()
    {
        var (last, lead) = (_seen - 1, DemandQuantiles.Window);
        var value = At(last);
        var before = At(Math.Max(0, last - 1));
        var (recent, sum) = (0.0, 0.0);
        var steps = (int)Math.Min(lead, _seen);
        for (var i = 0; i < steps; i++)
        {
            var one = At(last - i);
            recent = Math.Max(recent, one);
            sum += one;
        }

        var hasProfile = _seen >= _profile.Length;
        var profileMost = hasProfile ? 0 : value;
        for (var i = 0; hasProfile && i < lead; i++) profileMost = Math.Max(profileMost, _profile[Slot(_seen + i)]);

        var next = Slot(_seen);
        var scale = Math.Max(_usual, 1e-6 * _most);
        Fill(value, before, recent, sum / steps, next, isWindow: false, profileMost, scale);
        _next.Issue(_features, scale, value, hasProfile ? _level + _profile[next] : value, next, _most);
        Fill(value, before, recent, sum / steps, next, isWindow: true, profileMost, scale);
        _window.Issue(_features, scale, recent, hasProfile ? _level + profileMost : recent, next, _most);
    }

    /// <summary>What the linear model looks at; seasons that have not been seen yet say what is now.</summary>
    private void Fill(double value, double before, double recent, double mean, int next, bool isWindow, double profileMost, double scale)
    {
        var hasProfile = _seen >= _profile.Length;
        var at = 0;
        _features[at++] = 1;
        Put(value);
        Put(isWindow ? recent : before);
        Put(mean);
        Put(isWindow ? profileMost : hasProfile ? _profile[next] : value);
        Put(hasProfile ? _profile[Slot(_seen - 1)] : value);
        foreach (var season in _seasons)
        {
            if (_seen <= season)
            {
                Put(isWindow ? recent : value);
                Put(value);
                continue;
            }

            var then = At(_seen - season);
            for (var i = 1; isWindow && i < DemandQuantiles.Window && i < season; i++) then = Math.Max(then, At(_seen - season + i));
            Put(then);
            Put(At(_seen - 1 - season));
        }

        void Put(double feature) => _features[at++] = scale > 0 ? Math.Min(MixedForecast.MostFeature, feature / scale) : 0;
    }
}
