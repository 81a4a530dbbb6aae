namespace ResourceBorrowing.Simulator.Traces;

/// <summary>Demand made up from a seed: endless, step by step, a participant's mean about 1.</summary>
internal static class SyntheticDemand
{
    private const int StepsPerDay = 288;
    private const double Calm = 0.4;

    /// <summary>The demand of all participants, one step after another; the same array each time.</summary>
    internal static IEnumerable<double[]> Of(SyntheticKind kind, int participants, int seed)
    {
        var seeds = new Random(seed);
        var series = Enumerable.Range(0, participants).Select(_ => new Random(seeds.Next())).Select((random, i) => kind switch
        {
            SyntheticKind.Diurnal => Diurnal(random),
            SyntheticKind.Bursty => Bursty(random),
            SyntheticKind.Step => Stepped(random),
            _ => Adversarial(new Random(seed), i),
        }).Select(static s => s.GetEnumerator()).ToArray();
        var demand = new double[participants];
        while (true)
        {
            for (var i = 0; i < participants; i++)
            {
                series[i].MoveNext();
                demand[i] = series[i].Current;
            }

            yield return demand;
        }
    }

    private static IEnumerable<double> Diurnal(Random random)
    {
        var (phase, swing) = (random.NextDouble(), 0.5 + 0.4 * random.NextDouble());
        for (var step = 0L; ; step++)
        {
            var wave = Math.Sin(2 * Math.PI * ((double)(step % StepsPerDay) / StepsPerDay + phase));
            yield return Math.Max(0, (1 + swing * wave) * (1 + 0.1 * Normal(random)));
        }
    }

    private static IEnumerable<double> Bursty(Random random)
    {
        while (true)
        {
            // Means: 40 calm steps, then 8 of a burst of 4: together about 1.
            for (var left = Exponential(random, 40); left > 0; left--) yield return Calm * (1 + 0.2 * random.NextDouble());
            var height = Pareto(random, least: 2, most: 12);
            for (var left = Pareto(random, least: 4, most: 60); left > 0; left--) yield return height * (0.9 + 0.2 * random.NextDouble());
        }
    }

    private static IEnumerable<double> Stepped(Random random)
    {
        double[] levels = [0.25, 0.5, 1, 2, 3];
        var level = 1.0;
        while (true)
        {
            double next;
            do next = levels[random.Next(levels.Length)]; while (next == level);
            level = next;
            for (var left = 20 + Exponential(random, 60); left > 0; left--) yield return level;
        }
    }

    /// <param name="common">The same for all.</param>
    /// <param name="place">Even ones are the lenders.</param>
    private static IEnumerable<double> Adversarial(Random common, int place)
    {
        while (true)
        {
            for (var left = 4 + common.Next(12); left > 0; left--) yield return place % 2 == 0 ? 0 : 2.5;
            for (var left = 2 + common.Next(4); left > 0; left--) yield return 2;
            for (var left = 2 + common.Next(8); left > 0; left--) yield return place % 2 == 0 ? 0.5 : 0;
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Exponential(Random random, double mean) => -mean * Math.Log(1 - random.NextDouble());

    private static double Pareto(Random random, double least, double most) => Math.Min(most, least / Math.Sqrt(1 - random.NextDouble()));
}
