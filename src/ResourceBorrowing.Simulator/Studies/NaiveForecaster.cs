using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>A rival: what was some steps ago comes again, with the quantiles of its last 512 errors. A season ago it is the seasonal naive, one step the last value.</summary>
internal sealed class NaiveForecaster(int lag) : IDemandForecaster
{
    private const int Window = DemandQuantiles.Window;

    private readonly List<double> _values = [];
    private readonly (RollingQuantiles Errors, Queue<double> Issued)[] _targets = [(new(), new()), (new(), new())];

    /// <inheritdoc/>
    public void Observe(double value)
    {
        _values.Add(value);
        for (var target = DemandTarget.NextStep; target <= DemandTarget.NextWindow; target++)
        {
            var (errors, issued) = _targets[(int)target];
            var steps = target == DemandTarget.NextStep ? 1 : Window;
            if (issued.Count == steps) errors.Add(_values.TakeLast(steps).Max() - issued.Dequeue());
            if (_values.Count >= lag) issued.Enqueue(PointOf(steps));
        }
    }

    /// <inheritdoc/>
    public bool TryForecast(DemandTarget target, Span<double> quantiles)
    {
        var (errors, _) = _targets[(int)target];
        if (errors.Count == 0) return false;
        var point = PointOf(target == DemandTarget.NextStep ? 1 : Window);
        for (var i = 0; i < DemandQuantiles.Levels.Length; i++) quantiles[i] = Math.Max(0, point + errors.Of(DemandQuantiles.Levels[i]));
        return true;
    }

    private double PointOf(int steps)
    {
        var most = 0.0;
        for (var i = 0; i < steps && i < lag; i++) most = Math.Max(most, _values[_values.Count - lag + i]);
        return most;
    }
}
