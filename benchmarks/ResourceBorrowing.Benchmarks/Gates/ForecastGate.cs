using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One value observed by the default forecaster with a day and a week of five minutes: both targets learnt, and all quantiles of both made.</summary>
internal sealed class ForecastGate(Bound bound) : Gate($"forecast/{(bound.IsTime ? "observe" : "bytes")}", bound)
{
    private const int Day = 288;

    internal override Reading Measure()
    {
        var forecaster = new SeasonalForecaster(Day, 7 * Day);
        var (random, quantiles) = (new Random(1), new double[DemandQuantiles.Levels.Length]);
        var values = Enumerable.Range(0, 1 << 14).Select(t => 100 + 50 * Math.Sin(2 * Math.PI * t / Day) + 20 * random.NextDouble()).ToArray();
        var seen = 0;
        Action batch = () =>
        {
            for (var i = 0; i < Workload.Operations; i++)
            {
                forecaster.Observe(values[seen++ & (values.Length - 1)]);
                forecaster.TryForecast(DemandTarget.NextStep, quantiles);
                forecaster.TryForecast(DemandTarget.NextWindow, quantiles);
            }
        };
        for (var i = 0; i < 8 * Day; i++) forecaster.Observe(values[seen++]);
        if (Bound.IsTime)
        {
            var best = Slices.Best(new Workload(batch));
            return quantiles[^1] > 0 ? new Reading(best, $"{seen} values") : Reading.Wrong("nothing was foretold");
        }

        Slices.WarmUp(batch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) batch();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return new Reading(bytes / (100.0 * Workload.Operations), $"{bytes} B for {100 * Workload.Operations} values");
    }
}
