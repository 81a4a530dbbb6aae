using System.Diagnostics;
using Storefront.Demand;
using Storefront.Guards;
using Storefront.Load;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>The shop under borrowing and steady demand, with one subsystem more, which behaves for a while and then does not.</summary>
internal static class ActTwo
{
    internal const double Seconds = 75;

    // The pool compares with up to 30 samples of a second from before.
    internal const double GreedyFrom = 30;

    // With half its units lent a lender has less than it needs; those that keep theirs have plenty.
    private const double LenderLevel = 0.5;
    private const double OtherLevel = 0.3;
    private const double MostCpu = 0.8;

    internal static async Task<ActTwoResult> RunAsync(Calibration calibration, int seed, Journal journal, LoadProcess generator, CancellationToken cancellationToken)
    {
        var steady = DemandCurve.Of(Seconds, static _ => [.. Subsystem.All.Select(static s => s.KeepsToItselfInActTwo ? OtherLevel : LenderLevel)]);
        // The processors must have room for the trainer.
        var rates = steady.Rates(calibration.HoldSeconds, MostCpu * calibration.MostPerSecond, out var cut);
        await using var host = await ShopHost.StartAsync(Policy.ActTwo, season: null, journal, cancellationToken);
        var pool = host.Guard.Pool!;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (startedAt, began) = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());
        var training = new Trainer(pool).RunAsync(began, TimeSpan.FromSeconds(GreedyFrom), stop.Token);
        var watching = PoolWatch.RunAsync(pool, Trainer.Name, began, stop.Token);
        LoadReport load;
        try
        {
            load = await generator.RunAsync(new LoadOrder(host.Address, rates, DemandCurve.StepSeconds, seed), cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
        }

        return new ActTwoResult(load, (load.StartedAt - startedAt).TotalSeconds, await training, await watching, pool.Explain(Trainer.Name), cut);
    }
}
