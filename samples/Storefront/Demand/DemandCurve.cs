using Storefront.Shop;

namespace Storefront.Demand;

/// <summary>
/// How much each subsystem is asked for over time: <c>Levels[step][subsystem]</c> is the units that its requests would keep in use,
/// in multiples of the units it owns.
/// </summary>
internal sealed record DemandCurve(double Seconds, double[][] Levels)
{
    /// <summary>Steps short beside a burst and long beside a request.</summary>
    internal const double StepSeconds = 0.02;

    /// <summary>After how long demand repeats itself; null when that is not known.</summary>
    internal TimeSpan? Season { get; init; }

    internal static DemandCurve Of(double seconds, Func<double, double[]> levelsAt)
    {
        var steps = Math.Max(1, (int)Math.Round(seconds / StepSeconds));
        return new(seconds, [.. Enumerable.Range(0, steps).Select(step => levelsAt((step + 0.5) / steps))]);
    }

    /// <summary>Requests per second for each step, given how long each subsystem holds a unit.</summary>
    /// <param name="holds">Seconds for which one request holds its unit.</param>
    /// <param name="mostPerSecond">What the machine's processors can serve; a step that asks for more is cut down.</param>
    /// <param name="cut">The part of the steps that was cut down.</param>
    internal double[][] Rates(IReadOnlyList<double> holds, double mostPerSecond, out double cut)
    {
        var steps = Levels.Select(step => step.Select((level, i) => level * Subsystem.All[i].Units / holds[i]).ToArray()).ToArray();
        // Refusing costs little: what counts is how many requests the units would let in.
        var admitted = Subsystem.Capacity / holds.Average();
        var above = admitted <= mostPerSecond ? [] : steps.Where(step => step.Sum() > mostPerSecond).ToList();
        foreach (var step in above)
        {
            var factor = mostPerSecond / step.Sum();
            for (var i = 0; i < step.Length; i++) step[i] *= factor;
        }

        cut = (double)above.Count / steps.Length;
        return steps;
    }
}
