namespace ResourceBorrowing.Forecasting;

/// <summary>
/// Quantiles of one forecast's errors: those of the standardised errors, each tracked by a step up or down per error, times what errors are like of late.
/// </summary>
/// <remarks>Not thread-safe; nothing is allocated after construction. Source of the tracking: Robbins and Monro, A Stochastic Approximation Method (1951).</remarks>
internal sealed class ErrorQuantiles
{
    private const double SizeKept = 0.97;
    private const double MostStandardised = 30;
    private const double LeastOfLargest = 3e-4;
    private const double FirstStep = 0.5;
    private const double LeastStep = 0.02;

    // After so many errors the step is the least.
    private const int Settled = 625;

    // Of errors like those of a normal distribution, in mean sizes.
    private readonly double[] _quantiles = [0, 0.32, 0.66, 1.05, 1.6, 2.06];
    private double _size;
    private double _largest;
    private int _count;

    /// <summary>What an error is like, where it is usually so many times as large as at other times.</summary>
    internal double Level(double factor) => Math.Max(_size * factor, LeastOfLargest * _largest);

    /// <summary>Adds the quantiles of what is forecast, times a weight, to what is there.</summary>
    internal void AddTo(Span<double> quantiles, double forecast, double level, double weight)
    {
        for (var i = 0; i < quantiles.Length; i++) quantiles[i] += weight * (forecast + level * _quantiles[i]);
    }

    /// <returns>How large the error was in comparison with those of late.</returns>
    internal double Learn(double error, double factor)
    {
        var size = Math.Abs(error);
        _largest = Math.Max(_largest, size);
        var level = Level(factor);
        if (level > 0)
        {
            var standardised = Math.Clamp(error / level, -MostStandardised, MostStandardised);
            var step = Math.Max(LeastStep, FirstStep / Math.Sqrt(1 + _count));
            for (var i = 0; i < _quantiles.Length; i++) _quantiles[i] += step * (DemandQuantiles.Levels[i] - (standardised < _quantiles[i] ? 1 : 0));
        }

        // Finite even after a calm so long that nothing is left of the errors before: the weight may be 0.
        var ratio = _size > 0 ? Math.Min(size / _size, double.MaxValue) : 1;
        _size = _size == 0 ? size : SizeKept * _size + (1 - SizeKept) * Math.Min(size, MostStandardised * _size);
        if (_count < Settled) _count++;
        return ratio;
    }
    internal void Save(StateWriter state)
    {
        state.Write(_quantiles);
        state.Write(_size);
        state.Write(_largest);
        state.Write((long)_count);
    }

    internal void Load(ref StateReader state)
    {
        // A quantile beyond any error goes back, by a step at the most after it went there.
        state.Fill(_quantiles, -MostStandardised - FirstStep, MostStandardised + FirstStep);
        _size = state.Double(0);
        _largest = state.Double(0);
        _count = state.Int(0, Settled);
    }
}
