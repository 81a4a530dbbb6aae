namespace ResourceBorrowing.Stability;

/// <summary>A user's signal, contained: it may throw, or give what is no number.</summary>
internal sealed class UserSignal
{
    private readonly IStabilitySignal _signal;

    /// <exception cref="ArgumentException">The signal has no name, or limits between which no line can be drawn.</exception>
    internal UserSignal(IStabilitySignal signal)
    {
        _signal = signal;
        var (name, scale) = (signal.Name, new Scale(signal.Healthy, signal.Unhealthy));
        if (string.IsNullOrWhiteSpace(name)) throw new ArgumentException($"A stability signal, {signal.GetType()}, has no name.");
        if (!double.IsFinite(scale.Healthy) || !double.IsFinite(scale.Unhealthy) || scale.Healthy == scale.Unhealthy)
            throw new ArgumentException(FormattableString.Invariant($"Stability signal '{name}': healthy at {scale.Healthy} and unhealthy at {scale.Unhealthy} must be finite and differ."));
        Gauge = new(name, "", scale);
    }

    internal Gauge Gauge { get; }

    /// <returns>Whether the signal kept its word; nothing to say is fine.</returns>
    internal bool TryRead(TimeSpan now)
    {
        Gauge.Take(double.NaN);
        try
        {
            if (_signal.Read(now) is not { } reading) return true;
            Gauge.Take(reading);
            return !double.IsNaN(reading);
        }
        catch (Exception)
        {
            return false;
        }
    }
}
