namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// How long a raw compare-and-swap pair takes in this run. Bounds given as times were set on another machine, and are longer or shorter
/// here by as much as this pair is.
/// </summary>
internal static class Pace
{
    private const double WhereBoundsWereSet = 18.7;

    private static readonly Lazy<double> InThisRun = new(static () => Slices.Best(AcquireReleaseGate.RawPair()));

    internal static double Scale => InThisRun.Value / WhereBoundsWereSet;

    internal static string Describe() => $"raw pair {InThisRun.Value:F2} ns, {WhereBoundsWereSet} ns where times were bounded: bounds given as times are scaled by {Scale:F3}";
}
