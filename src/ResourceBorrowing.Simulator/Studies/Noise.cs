namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Noise as latencies have it: each second resembles the one before.</summary>
internal static class Noise
{
    private const double Correlation = 0.6;

    /// <summary>Autoregressive noise of order 1, in its steady state from the first sample on.</summary>
    internal static void Fill(Random random, double deviation, Span<double> samples)
    {
        var noise = deviation * Normal(random);
        foreach (ref var sample in samples)
        {
            sample = noise;
            noise = Correlation * noise + deviation * Math.Sqrt(1 - Correlation * Correlation) * Normal(random);
        }
    }

    /// <summary>A standard normal deviate (Box and Muller).</summary>
    internal static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
