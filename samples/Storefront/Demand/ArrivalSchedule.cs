namespace Storefront.Demand;

/// <summary>When which subsystem is asked: Poisson arrivals at given rates, the same for the same seed.</summary>
internal static class ArrivalSchedule
{
    internal static List<Arrival> Of(double[][] rates, double stepSeconds, int seed)
    {
        var random = new Random(seed);
        var arrivals = new List<Arrival>();
        for (var step = 0; step < rates.Length; step++)
        {
            var total = rates[step].Sum();
            if (total <= 0) continue;
            for (var t = Exponential(random, total); t < stepSeconds; t += Exponential(random, total))
                arrivals.Add(new Arrival(step * stepSeconds + t, Choose(random, rates[step], total)));
        }

        return arrivals;
    }

    private static double Exponential(Random random, double rate) => -Math.Log(1 - random.NextDouble()) / rate;

    private static int Choose(Random random, double[] rates, double total)
    {
        var left = random.NextDouble() * total;
        var last = 0;
        for (var i = 0; i < rates.Length; i++)
        {
            if (rates[i] <= 0) continue;
            if (left < rates[i]) return i;
            left -= rates[i];
            last = i;
        }

        return last;
    }
}
