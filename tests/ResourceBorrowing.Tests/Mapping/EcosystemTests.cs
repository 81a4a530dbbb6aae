using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.RateLimiting;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>The limiter as it is, inside the real things: ASP.NET Core on Kestrel with real HTTP, and Polly.</summary>
public class EcosystemTests
{
    [Fact]
    public async Task AspNetCore_AddRateLimiter_TakesItAsItIs()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 2)
            .AddParticipant("search", 1, static p => (p.QueueLimit, p.BorrowOnDemand) = (0, false));
        builder.Services.AddRateLimiter(static o =>
        {
            o.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
            o.AddPolicy("search", static http => RateLimitPartition.Get(
                "search", _ => new ParticipantConcurrencyLimiter(http.RequestServices.GetRequiredKeyedService<Participant>("search"))));
        });
        await using var host = builder.Build();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leave = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.UseRateLimiter();
        host.MapGet("/slow", async () =>
        {
            entered.SetResult();
            await leave.Task;
            return "done";
        }).RequireRateLimiting("search");
        host.MapGet("/fast", static () => "ok").RequireRateLimiting("search");
        await host.StartAsync();

        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        var search = host.Services.GetRequiredKeyedService<Participant>("search");
        var slow = client.GetStringAsync("/slow");
        await entered.Task.Within();
        Assert.Equal(1, search.InUse);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/fast")).StatusCode);

        // A loan from the reserve makes room for one more, while the first is still inside.
        using (search.TryBorrow(host.Services.GetRequiredService<ResourcePool>().Reserve, 1, TimeSpan.FromMinutes(1)))
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/fast")).StatusCode);
        leave.SetResult();
        Assert.Equal("done", await slow);
    }

    [Fact]
    public async Task Polly_Pipeline_TakesItAsItIs()
    {
        var (_, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 0);
        await using var limiter = new ParticipantConcurrencyLimiter(a);
        var pipeline = new ResiliencePipelineBuilder().AddRateLimiter(limiter).Build();
        await pipeline.ExecuteAsync(_ =>
        {
            Assert.Equal(1, a.InUse);
            return default;
        });
        Assert.Equal(0, a.InUse);

        using var held = a.TryAcquire(10);
        await Assert.ThrowsAsync<RateLimiterRejectedException>(async () => await pipeline.ExecuteAsync(static _ => default));
    }
}
