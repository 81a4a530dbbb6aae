using System.Diagnostics;
using ResourceBorrowing;
using ResourceBorrowing.Mapping;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>
/// Search behind a token bucket and images behind a bandwidth, both asked for more than they may let through: with the units they own, with two borrowed, and after the loan.
/// </summary>
internal static class Rates
{
    internal const int Borrowed = 2;

    /// <summary>What a unit of the images lets through.</summary>
    internal const double BytesPerUnit = 256_000;

    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Measuring = TimeSpan.FromMilliseconds(1000);
    private static readonly byte[] Picture = new byte[4096];

    internal static readonly double Seconds = 3 * (Settling + Measuring).TotalSeconds;

    /// <param name="searchSeconds">For how long a search holds a unit: what a unit does in that time is one token.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<IReadOnlyList<RateResult>> RunAsync(double searchSeconds, CancellationToken cancellationToken)
    {
        var (search, images) = (Subsystem.All[Subsystem.Search], Subsystem.All[Subsystem.Images]);
        var options = new ResourcePoolOptions { Capacity = search.Units + images.Units + 2 * Borrowed };
        foreach (var subsystem in (Subsystem[])[search, images]) options.AddParticipant(subsystem.Name, subsystem.Units, static p => p.BorrowOnDemand = false);
        using var pool = new ResourcePool(options);
        var tokens = new TokenBucketOptions { TokensPerUnit = 1 / searchSeconds, Burst = Burst, QueueLimit = Subsystem.QueueLimit };
        await using var limiter = new ParticipantTokenBucketLimiter(pool[search.Name], tokens);
        using var budget = new BandwidthBudget(pool[images.Name], new BandwidthOptions { BytesPerUnit = BytesPerUnit, Burst = Burst });
        await using var stream = budget.Throttle(Stream.Null);

        var (found, sent) = (0L, 0L);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] asking = [UntilStoppedAsync(SearchAsync), UntilStoppedAsync(SendAsync)];
        var results = new List<RateResult>();
        await MeasureAsync("what they own");
        using (Borrow(search))
        using (Borrow(images)) await MeasureAsync($"{Borrowed} units borrowed by each");
        await MeasureAsync("after the loans");
        await stop.CancelAsync();
        await Task.WhenAll(asking);
        return results;

        async Task SearchAsync()
        {
            using var lease = await limiter.AcquireAsync(1, stop.Token);
            if (lease.IsAcquired) Interlocked.Increment(ref found);
        }

        async Task SendAsync()
        {
            await stream.WriteAsync(Picture, stop.Token);
            Interlocked.Add(ref sent, Picture.Length);
        }

        async Task UntilStoppedAsync(Func<Task> once)
        {
            try
            {
                while (!stop.IsCancellationRequested) await once();
            }
            catch (OperationCanceledException)
            {
                // It was to end.
            }
        }

        Loan Borrow(Subsystem subsystem) => pool[subsystem.Name].TryBorrow(pool.Reserve, Borrowed, TimeSpan.FromMinutes(1));

        async Task MeasureAsync(string when)
        {
            await Task.Delay(Settling, cancellationToken);
            var (foundBefore, sentBefore, began) = (Interlocked.Read(ref found), Interlocked.Read(ref sent), Stopwatch.GetTimestamp());
            await Task.Delay(Measuring, cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var (searchUnits, imageUnits) = (pool[search.Name].Allocation, pool[images.Name].Allocation);
            results.Add(new RateResult(
                when,
                searchUnits, searchUnits / searchSeconds, (Interlocked.Read(ref found) - foundBefore) / seconds,
                imageUnits, budget.BytesPerSecond, (Interlocked.Read(ref sent) - sentBefore) / seconds));
        }
    }
}

/// <summary>What two adapters let through, and what their units allow.</summary>
internal sealed record RateResult(
    string When, int SearchUnits, double SearchLimit, double SearchesPerSecond, int ImageUnits, double ByteLimit, double BytesPerSecond);
