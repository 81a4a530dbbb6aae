using System.Diagnostics;
using Storefront.Demand;
using Storefront.Guards;
using Storefront.Load;
using Storefront.Reporting;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>Calibrates, then puts every policy under the same arrivals, in rounds whose order is turned round.</summary>
/// <remarks>
/// Two rounds under the same arrivals show how far the machine alone moves the figures, and turning the order round
/// keeps a drift of the machine from favouring the policy that comes first or last.
/// </remarks>
internal sealed class Experiment(int seed, string? trace, double? season, int seconds, IProgressBoard board)
{
    private const int SecondsForTwoRounds = 12;
    internal const int SecondsForActTwo = 30;
    internal const double FloodSeconds = 5;
    private const double WarmUpSeconds = 3;
    private const double CalibrationSeconds = 2;
    private const int FirstSteps = 15;
    private const double CalibrationLevel = 0.6;
    private const double MostCpu = 0.95;

    private readonly int _rounds = seconds >= SecondsForTwoRounds ? 2 : 1;

    private double RoundSeconds => (double)seconds / Policy.All.Count / _rounds;

    internal async Task<ExperimentResult> RunAsync(CancellationToken cancellationToken)
    {
        var demand = trace is null ? SyntheticDemand.Of(seed, RoundSeconds) : TraceFile.Read(trace, season, RoundSeconds);

        using var journal = new Journal();
        using var generator = LoadProcess.Start();
        var (calibration, rates) = await CalibrateAsync(demand, journal, generator, cancellationToken);

        var phases = Policy.All.ToDictionary(static p => p, static _ => new List<PhaseResult>());
        for (var round = 0; round < _rounds; round++)
        {
            foreach (var policy in round % 2 == 0 ? Policy.All : Policy.All.Reverse())
            {
                var title = _rounds == 1 ? policy.Name : $"{policy.Name}, round {round + 1} of {_rounds}";
                phases[policy].Add(await board.WatchAsync(
                    title, RoundSeconds, MeasureAsync(policy, demand.Season, rates, seed, journal, generator, cancellationToken)));
            }
        }

        var flood = seconds < SecondsForActTwo ? [] : await FloodAsync(calibration, journal, generator, cancellationToken);
        var adapters = await board.WatchAsync("rates", Rates.Seconds, Rates.RunAsync(calibration.HoldSeconds[Subsystem.Search], cancellationToken));
        var actTwo = seconds < SecondsForActTwo ? null : await board.WatchAsync(
            "act two", ActTwo.Seconds, ActTwo.RunAsync(calibration, seed, journal, generator, cancellationToken));
        return new ExperimentResult(
            seed, trace, RoundSeconds, _rounds, calibration, [.. Policy.All.Select(p => new PolicyResult(p, RoundSeconds, phases[p]))])
        { Season = demand.Season, Flood = flood, Rates = adapters, ActTwo = actTwo };
    }

    /// <summary>Longer than the flood among the bursts: the 99th percentile of one subsystem needs hundreds of answers.</summary>
    private async Task<IReadOnlyList<PolicyResult>> FloodAsync(Calibration calibration, Journal journal, LoadProcess generator, CancellationToken cancellationToken)
    {
        var rates = SyntheticDemand.FloodOf(FloodSeconds).Rates(calibration.HoldSeconds, calibration.MostPerSecond, out _);
        Policy[] policies = [Policy.StaticSplit, Policy.Borrowing];
        var phases = policies.ToDictionary(static p => p, static _ => new List<PhaseResult>());
        for (var round = 0; round < _rounds; round++)
        {
            foreach (var policy in round % 2 == 0 ? policies : policies.Reverse())
                phases[policy].Add(await board.WatchAsync(
                    $"{policy.Name}, flood", FloodSeconds, MeasureAsync(policy, season: null, rates, seed, journal, generator, cancellationToken)));
        }

        return [.. policies.Select(p => new PolicyResult(p, FloodSeconds, phases[p]))];
    }

    private async Task<(Calibration Calibration, double[][] Rates)> CalibrateAsync(
        DemandCurve demand, Journal journal, LoadProcess generator, CancellationToken cancellationToken)
    {
        // A first guess: a request waits for the rest of one commit and then for its own.
        var guess = Subsystem.All.Select(static _ => 1.5 * Journal.CommitTime.TotalSeconds).ToArray();
        PhaseResult? last = null;
        var holds = guess;
        foreach (var (policy, length) in new[] { (Policy.Borrowing, WarmUpSeconds), (Policy.SharedPool, CalibrationSeconds) })
        {
            var calm = DemandCurve.Of(length, static _ => [.. Subsystem.All.Select(static _ => CalibrationLevel)]);
            var rates = calm.Rates(holds, double.PositiveInfinity, out _);
            await using var host = await ShopHost.StartAsync(policy, demand.Season, journal, cancellationToken);
            last = await board.WatchAsync(
                length == WarmUpSeconds ? "warming up" : "calibrating", length, LoadAsync(host, journal, rates, seed, generator, cancellationToken));
            holds = [.. Subsystem.All.Select((_, i) => host.Meter.MeanHold(i)?.TotalSeconds ?? guess[i])];
        }

        // The writer works without a break under any load, so its part is not counted per request.
        var requests = Math.Max(0.05, last!.CpuPart * Environment.ProcessorCount - journal.CpuPart);
        var cpu = requests * last.Load.Seconds / Math.Max(1, last.Load.Sent);
        var most = (MostCpu * Environment.ProcessorCount - journal.CpuPart) / cpu;
        var demanded = demand.Rates(holds, most, out var cut);
        return (new Calibration(holds, 1000 * cpu, journal.FlushTime.TotalMilliseconds, most, cut), demanded);
    }

    private static async Task<PhaseResult> MeasureAsync(
        Policy policy, TimeSpan? season, double[][] rates, int seed, Journal journal, LoadProcess generator, CancellationToken cancellationToken)
    {
        PhaseResult measured;
        Task<LoanTally>? tally;
        PlanTally? plans = null;
        IReadOnlyList<PoolSample> samples = [];
        await using (var host = await ShopHost.StartAsync(policy, season, journal, cancellationToken))
        {
            tally = host.Guard.Pool is { } pool ? LoanTally.CountAsync(pool, Policy.LoanTerm) : null;
            using var stop = new CancellationTokenSource();
            // From the first loan on, as the events are.
            var planning = host.Guard.Pool is { } balanced ? PlanTally.CountAsync(balanced, stop.Token) : null;
            // Connections are opened and pages touched before anything counts.
            await LoadAsync(host, journal, rates[..Math.Min(rates.Length, FirstSteps)], seed, generator, cancellationToken);
            host.Meter.Reset();
            var watching = host.Guard.Pool is { } watched ? PoolWatch.RunAsync(watched, null, Stopwatch.GetTimestamp(), stop.Token) : null;
            measured = await LoadAsync(host, journal, rates, seed, generator, cancellationToken);
            await stop.CancelAsync();
            if (watching is not null) samples = await watching;
            if (planning is not null) plans = await planning;
        }

        // The events end with the pool, and the pool with the host.
        return tally is null ? measured : measured with { Loans = await tally, Plans = plans, Samples = samples };
    }

    private static async Task<PhaseResult> LoadAsync(
        ShopHost host, Journal journal, double[][] rates, int seed, LoadProcess generator, CancellationToken cancellationToken)
    {
        journal.TakeSlowest();
        var cpu = Environment.CpuUsage.TotalTime;
        var load = await generator.RunAsync(new LoadOrder(host.Address, rates, DemandCurve.StepSeconds, seed), cancellationToken);
        var cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds + load.CpuSeconds;
        return new PhaseResult(
            load,
            host.Meter.Held.TotalSeconds / (Subsystem.Capacity * load.Seconds),
            cpuSeconds / (Environment.ProcessorCount * load.Seconds),
            journal.TakeSlowest(),
            host.Guard.Pool?.Snapshot(),
            host.Guard.Pool is { } pool ? [.. pool.Participants.Select(static p => p.Harm)] : []);
    }
}
