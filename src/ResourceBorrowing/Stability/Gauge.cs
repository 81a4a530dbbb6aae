namespace ResourceBorrowing.Stability;

/// <summary>What a gauge is for.</summary>
internal enum GaugeUse
{
    /// <summary>It counts in health.</summary>
    Health,

    /// <summary>It tells whether the host is steady, and is shown.</summary>
    Steadiness,

    /// <summary>It is shown.</summary>
    Shown,
}

/// <summary>The latest reading of one signal.</summary>
/// <remarks>The loop takes readings; what is shown to others follows under the monitor's lock, all gauges at once.</remarks>
internal sealed class Gauge(string name, string unit, Scale scale, GaugeUse use = GaugeUse.Health, string? participant = null)
{
    private double _taken = double.NaN;

    internal string Name => name;

    internal Scale Scale => scale;

    internal GaugeUse Use => use;

    internal string? Participant => participant;

    /// <summary>The reading shown; not a number when there is none.</summary>
    internal double Value { get; private set; } = double.NaN;

    /// <summary>How bad the reading is that the loop took last, 0 to 1.</summary>
    internal double Strain => scale.StrainOf(_taken);

    /// <summary>Whether the loop's last look gave a reading.</summary>
    internal bool HasReading => !double.IsNaN(_taken);

    /// <summary>A new reading, for the loop only.</summary>
    internal void Take(double reading) => _taken = reading;

    /// <summary>Under the monitor's lock.</summary>
    internal void Show() => Value = _taken;

    /// <summary>As shown, for people; under the monitor's lock.</summary>
    internal StabilityReading ToReading() => new(
        name, unit, participant, double.IsNaN(Value) ? null : Value, use == GaugeUse.Health ? scale.Healthy : null, use == GaugeUse.Health ? scale.Unhealthy : null);
}
