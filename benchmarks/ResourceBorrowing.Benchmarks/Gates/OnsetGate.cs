namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The wait of tasks that come all at once, on threads that must first be started for them, where spikes are foreseen against where they are not: the 99th percentiles at the onsets of seeded spikes.</summary>
/// <remarks>Both hosts run beside each other, each with its spikes at the same places of a season, one half a season after the other; a day is three seconds here.</remarks>
internal sealed class OnsetGate(bool borrowsOnDemand, double most) : Gate($"onset/{(borrowsOnDemand ? "on-demand" : "planned")}", Bound.AtMost(most))
{
    private const int Steps = 30;
    private const int LearnedSeasons = 12;
    private const int MeasuredSeasons = 20;
    private const int Seed = 7;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    internal override Reading Measure()
    {
        using var foreseen = new SpikyHost(Step, Steps, isForeseen: true, borrowsOnDemand);
        using var unforeseen = new SpikyHost(Step, Steps, isForeseen: false, borrowsOnDemand);
        var spikes = Spikes();
        var began = Stopwatch.GetTimestamp();
        for (var season = 0; season < LearnedSeasons + MeasuredSeasons; season++)
        {
            foreach (var (host, step) in spikes)
            {
                var due = (season * Steps + step) * Step;
                while (Stopwatch.GetElapsedTime(began) is var now && now < due) Thread.Sleep(due - now);
                (host ? foreseen : unforeseen).Spike(isMeasured: season >= LearnedSeasons);
            }
        }

        foreseen.AwaitRest();
        unforeseen.AwaitRest();
        var forecast = foreseen.Forecast;
        return new Reading(
            foreseen.Waits.Percentile(0.99) / unforeseen.Waits.Percentile(0.99),
            $"{foreseen.Waits} against {unforeseen.Waits} (p50/p99/p99.9); {forecast?.Precision:P0} of the last {forecast?.Alarms} alarms right; unit-seconds borrowed before: {forecast?.UsedUnitSeconds:F1} used, {forecast?.IdleUnitSeconds:F1} idle");
    }

    /// <summary>Two spikes of each host in a season.</summary>
    private static (bool IsForeseen, int Step)[] Spikes()
    {
        var random = new Random(Seed);
        int[] places = [random.Next(1, 4), random.Next(9, 12)];
        return [.. places.Select(static p => (true, p)).Concat(places.Select(static p => (false, p + Steps / 2))).OrderBy(static s => s.Item2)];
    }
}
