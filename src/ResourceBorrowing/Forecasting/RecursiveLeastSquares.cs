namespace ResourceBorrowing.Forecasting;

/// <summary>A linear model learnt as its data come in, which forgets: recursive least squares with exponential forgetting, guarded against all that makes it blow up.</summary>
/// <remarks>
/// Guards: an innovation is clipped at four times the usual one, and the trace of the covariance is capped. Not thread-safe; nothing is allocated after construction.
/// Source: Haykin, Adaptive Filter Theory (2002), chapter 9.
/// </remarks>
internal sealed class RecursiveLeastSquares
{
    private const double Forgetting = 0.998;
    private const double MostTracePerFeature = 1e3;
    private const double ClipAt = 4;
    private const double UsualKept = 0.99;

    // An error that is all there is to know of its size counts so much more than one of many.
    private const int Early = 30;

    private readonly double[] _weights;
    private readonly double[] _covariance;
    private readonly double[] _gain;
    private double _usual;
    private int _count;

    /// <param name="start">The weights to begin with.</param>
    /// <param name="uncertainty">How far they may be off, as a variance.</param>
    internal RecursiveLeastSquares(ReadOnlySpan<double> start, double uncertainty)
    {
        _weights = start.ToArray();
        _gain = new double[start.Length];
        _covariance = new double[start.Length * start.Length];
        for (var i = 0; i < start.Length; i++) _covariance[i * start.Length + i] = uncertainty;
    }

    internal double Predict(ReadOnlySpan<double> features)
    {
        var sum = 0.0;
        for (var i = 0; i < _weights.Length; i++) sum += _weights[i] * features[i];
        return sum;
    }

    internal void Learn(ReadOnlySpan<double> features, double target)
    {
        var n = _weights.Length;
        var innovation = target - Predict(features);
        var size = Math.Abs(innovation);
        if (_count >= Early) innovation = Math.Clamp(innovation, -ClipAt * _usual, ClipAt * _usual);
        _usual = _count < Early ? (_usual * _count + size) / (_count + 1) : UsualKept * _usual + (1 - UsualKept) * Math.Min(size, 2 * ClipAt * _usual);
        _count = Math.Min(_count + 1, Early);

        var power = Forgetting;
        for (var i = 0; i < n; i++)
        {
            var row = _covariance.AsSpan(i * n, n);
            var sum = 0.0;
            for (var j = 0; j < n; j++) sum += row[j] * features[j];
            _gain[i] = sum;
            power += sum * features[i];
        }

        var trace = 0.0;
        for (var i = 0; i < n; i++)
        {
            var row = _covariance.AsSpan(i * n, n);
            var part = _gain[i] / power;
            _weights[i] += part * innovation;
            for (var j = 0; j < n; j++) row[j] = (row[j] - part * _gain[j]) / Forgetting;
            trace += row[i];
        }

        if (trace <= MostTracePerFeature * n) return;
        var scale = MostTracePerFeature * n / trace;
        foreach (ref var value in _covariance.AsSpan()) value *= scale;
    }
    internal void Save(StateWriter state)
    {
        state.Write(_weights);
        state.Write(_covariance);
        state.Write(_usual);
        state.Write((long)_count);
    }

    internal void Load(ref StateReader state)
    {
        state.Fill(_weights, -StateReader.Most);
        var most = 2 * MostTracePerFeature * _weights.Length;
        for (var i = 0; i < _covariance.Length; i++) _covariance[i] = state.Double(i % (_weights.Length + 1) == 0 ? 0 : -most, most);
        _usual = state.Double(0);
        _count = state.Int(0, Early);
    }
}
