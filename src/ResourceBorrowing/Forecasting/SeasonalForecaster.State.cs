using System.Buffers;

namespace ResourceBorrowing.Forecasting;

// What outlives the process, and the time when there was none.
public sealed partial class SeasonalForecaster
{
    private const byte Version = 1;
    private const long MostSeen = long.MaxValue / 2;

    // The upper half of the largest float: above it are infinity and what is no number.
    private const ushort MostRounded = 0x7F7F;

    /// <inheritdoc/>
    public void Save(IBufferWriter<byte> writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var state = new StateWriter(writer);
        state.Write(Version);
        state.Write((long)_seasons.Length);
        foreach (var season in _seasons) state.Write((long)season);
        state.Write(_seen);
        state.Write(_level);
        state.Write(_most);
        state.Write(_usual);
        state.Write(_recent);
        state.Write(_profile);
        foreach (var value in _history) state.Write(value);
        _next.Save(state);
        _window.Save(state);
        state.End();
    }

    /// <inheritdoc/>
    public void Load(ReadOnlySpan<byte> state)
    {
        var reader = new StateReader(state);
        if (reader.Byte() is var version && version != Version) throw StateReader.Wrong($"its version is {version}, and this library reads {Version}");
        var seasons = new int[reader.Int(0, state.Length)];
        foreach (ref var season in seasons.AsSpan()) season = reader.Int(2, MostSteps);
        if (!seasons.AsSpan().SequenceEqual(_seasons)) throw StateReader.Wrong($"it is of {Named(seasons)}, and this forecaster has {Named(_seasons)}");
        var loaded = new SeasonalForecaster(_seasons);
        loaded.Read(ref reader);
        reader.End();
        (_seen, _level, _most, _usual) = (loaded._seen, loaded._level, loaded._most, loaded._usual);
        (_recent, _profile, _history, _next, _window) = (loaded._recent, loaded._profile, loaded._history, loaded._next, loaded._window);
    }

    /// <inheritdoc/>
    /// <remarks>The steps skipped are taken to have been as a season before, the longest that has been seen whole, or else as the last value; of them nothing is learnt.</remarks>
    public void Skip(long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if (steps == 0 || _seen == 0) return;
        var period = _profile.Length;
        foreach (var season in _seasons)
            if (season <= _seen) period = season;
        var isFirstSeason = _seen < _profile.Length;
        _level *= Math.Pow(LevelKept, steps);

        // As many seasons as it likes change nothing but the count.
        steps %= period % _profile.Length == 0 ? period : (long)period * _profile.Length;
        var before = new double[period];
        for (var i = 0; i < period; i++) before[i] = At(_seen - period + i is >= 0 and var then ? then : _seen - 1);

        // What comes after the end of a first season with gaps is a first season still, so that all of it is seen.
        var seen = isFirstSeason ? (_seen + steps) % _profile.Length : _seen + steps;
        var skipped = Math.Min(steps, Math.Min(seen, _history.Length));
        for (var step = seen - skipped; step < seen; step++)
        {
            var value = before[(step - seen + steps) % period];
            _history[step % _history.Length] = Rounded(value);
            _recent[step % _recent.Length] = value;
            if (isFirstSeason) _profile[step] = (float)value;
        }

        _seen = seen;
        _next.Forget();
        _window.Forget();
        if (_seen > 0) Issue();
    }

    private static string Named(int[] seasons) => seasons is [] ? "no season" : $"the seasons {string.Join(", ", seasons)}";

    private void Read(ref StateReader state)
    {
        _seen = state.Long(0, MostSeen);
        _level = state.Double(-StateReader.Most);
        _most = state.Double(0);
        _usual = state.Double(0);
        state.Fill(_recent, 0);
        state.Fill(_profile, 0, float.MaxValue);
        foreach (ref var value in _history.AsSpan()) value = state.Short(MostRounded);
        _next.Load(ref state, _most);
        _window.Load(ref state, _most);
    }
}
