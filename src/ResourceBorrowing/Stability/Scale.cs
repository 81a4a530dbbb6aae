namespace ResourceBorrowing.Stability;

/// <summary>From which reading on a signal is a strain, and from which it is as bad as it can be. A value.</summary>
internal readonly record struct Scale(double Healthy, double Unhealthy)
{
    /// <summary>0 up to the healthy reading, 1 from the unhealthy one, a straight line between; 0 for what is no number.</summary>
    internal double StrainOf(double reading)
    {
        // An infinite reading divided gives an infinite strain, or none when it lies on the healthy side: the clamp settles both.
        var strain = (reading - Healthy) / (Unhealthy - Healthy);
        return double.IsNaN(strain) ? 0 : Math.Clamp(strain, 0, 1);
    }
}
