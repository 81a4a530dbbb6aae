using System.Collections.Concurrent;
using System.Diagnostics;
using Polly;
using Polly.RateLimiting;
using Polly.Retry;
using ResourceBorrowing;
using ResourceBorrowing.Mapping;

const int FileSize = 200_000;
const int Calls = 24;
const double MegabytesPerUnit = 1.2;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
var services = builder.Services;

// A client whose calls at a time are units of "exports", and whose bytes per second are units of "bandwidth".
services.AddResourceBorrowing(static pool => pool.Capacity = 14)
    .AddParticipant("search", nominalQuota: 8)
    .AddParticipant("exports", nominalQuota: 2, static exports => (exports.QueueLimit, exports.BorrowOnDemand) = (4, false))
    .AddParticipant("bandwidth", nominalQuota: 4, static bandwidth => bandwidth.BorrowOnDemand = false)
    .AddMapper<ParticipantConcurrencyLimiter>("exports");
services.AddKeyedSingleton("bandwidth", static (provider, _) =>
    new BandwidthBudget(provider.GetRequiredKeyedService<Participant>("bandwidth"), new BandwidthOptions { BytesPerUnit = MegabytesPerUnit * 1e6 }));
services.AddKeyedSingleton("exports", static (provider, _) => new ResiliencePipelineBuilder<HttpResponseMessage>()
    .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
    {
        ShouldHandle = new PredicateBuilder<HttpResponseMessage>().Handle<RateLimiterRejectedException>(),
        MaxRetryAttempts = 100,
        Delay = TimeSpan.FromMilliseconds(20),
    })
    .AddRateLimiter(provider.GetRequiredKeyedService<ParticipantConcurrencyLimiter>("exports"))
    .Build());
services.AddHttpClient("exports")
    .AddHttpMessageHandler(static provider => new PipelineHandler(provider.GetRequiredKeyedService<ResiliencePipeline<HttpResponseMessage>>("exports")))
    .AddHttpMessageHandler(static provider => new ThrottledHttpHandler(provider.GetRequiredKeyedService<BandwidthBudget>("bandwidth")));

// The server that it calls.
var inside = 0;
var seen = new ConcurrentBag<int>();
await using var server = builder.Build();
server.MapGet("/file", async () =>
{
    seen.Add(Interlocked.Increment(ref inside));
    await Task.Delay(100);
    Interlocked.Decrement(ref inside);
    return Results.Bytes(new byte[FileSize]);
});
await server.StartAsync();

using var client = server.Services.GetRequiredService<IHttpClientFactory>().CreateClient("exports");
client.BaseAddress = new Uri(server.Urls.Single());
var pool = server.Services.GetRequiredService<ResourcePool>();
await client.GetByteArrayAsync("/file");   // the first call takes longer than those that are measured
Console.Write($"{"",-36}{"calls at a time",16}{"of at most",12}{"MB/s",8}{"of at most",12}\n");
await ShowAsync("what they own");
using (Borrow("exports"))
{
    await ShowAsync("exports has borrowed two units");
    using (Borrow("bandwidth")) await ShowAsync("and so has the bandwidth");
}

await ShowAsync("after the loans");

Loan Borrow(string name)
{
    var loan = pool[name].TryBorrow(pool["search"], units: 2, TimeSpan.FromMinutes(1));
    return loan.IsGranted ? loan : throw new InvalidOperationException(loan.Explanation);
}

async Task ShowAsync(string when)
{
    seen.Clear();
    var began = Stopwatch.GetTimestamp();
    var files = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => client.GetByteArrayAsync("/file")));
    var megabytes = files.Sum(static file => file.Length) / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
    Console.Write($"{when,-36}{seen.Max(),16}{pool["exports"].Allocation,12}{megabytes,8:F1}{pool["bandwidth"].Allocation * MegabytesPerUnit,12:F1}\n");
}

/// <summary>Sends requests through a pipeline.</summary>
internal sealed class PipelineHandler(ResiliencePipeline<HttpResponseMessage> pipeline) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await pipeline.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken);
}
