namespace Storefront.Measurement;

internal static class Percentile
{
    /// <summary>The nearest rank; 0 when there is nothing.</summary>
    internal static double Of(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
