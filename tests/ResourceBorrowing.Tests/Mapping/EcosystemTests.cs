using System.Net;
using System.Text;
using System.Threading.RateLimiting;
using FsCheck.Xunit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
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

    [Property(MaxTest = 200)]
    public async Task Polly_AnyScriptOfCalls_GoesAsWithTheFrameworksLimiter(byte[] script, bool newestFirst)
    {
        var order = newestFirst ? QueueProcessingOrder.NewestFirst : QueueProcessingOrder.OldestFirst;
        var options = TestPool.Options(PollyCalls.Limit, ("a", PollyCalls.Limit));
        options.Participants[0].QueueLimit = PollyCalls.QueueLimit;
        options.Participants[0].QueueOrder = order;
        using var pool = new ResourcePool(options);
        using var ours = new ParticipantConcurrencyLimiter(pool["a"]);
        using var theirs = new ConcurrencyLimiter(new() { PermitLimit = PollyCalls.Limit, QueueLimit = PollyCalls.QueueLimit, QueueProcessingOrder = order });
        Assert.Equal(await PollyCalls.RunAsync(theirs, script), await PollyCalls.RunAsync(ours, script));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Polly_RefusalByTheTokenBucket_SaysWhenToComeAgainAsTheFrameworksDoes()
    {
        using var pool = new ResourcePool(TestPool.Options(1, ("a", 1)), new FakeTimeProvider());
        await using var ours = new ParticipantTokenBucketLimiter(pool["a"], new() { TokensPerUnit = 1 });
        await using var theirs = new TokenBucketRateLimiter(new()
        {
            TokenLimit = 1,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            AutoReplenishment = false,
        });
        foreach (var limiter in (RateLimiter[])[theirs, ours])
        {
            var seen = new List<TimeSpan>();
            var pipeline = new ResiliencePipelineBuilder().AddRateLimiter(new RateLimiterStrategyOptions
            {
                RateLimiter = args => limiter.AcquireAsync(1, args.Context.CancellationToken),
                OnRejected = args =>
                {
                    if (args.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after)) seen.Add(after);
                    return default;
                },
            }).Build();
            await pipeline.ExecuteAsync(static _ => default);
            var rejection = await Assert.ThrowsAsync<RateLimiterRejectedException>(async () => await pipeline.ExecuteAsync(static _ => default));
            Assert.Equal(TimeSpan.FromSeconds(1), rejection.RetryAfter);
            Assert.Equal([TimeSpan.FromSeconds(1)], seen);
        }
    }

    /// <summary>Calls through a pipeline, which begin, end and are cancelled as a script says.</summary>
    private sealed class PollyCalls(RateLimiter limiter)
    {
        internal const int Limit = 2;
        internal const int QueueLimit = 3;

        private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder().AddRateLimiter(limiter).Build();
        private readonly List<Call> _calls = [];
        private int _inside;

        /// <summary>What had become of each call after each step, and what those that were refused were told.</summary>
        internal static async Task<string> RunAsync(RateLimiter limiter, byte[] script)
        {
            var calls = new PollyCalls(limiter);
            var told = new StringBuilder();
            foreach (var step in script)
            {
                await calls.TakeAsync(step);
                told.AppendJoin(' ', calls._calls.Select(static c => c.State)).AppendLine();
            }

            while (calls._calls.Any(static c => c.IsLive)) await calls.TakeAsync(End);
            return told.AppendJoin(' ', calls._calls.Select(static c => c.State)).ToString();
        }

        private const byte End = 2;

        private async Task TakeAsync(byte step)
        {
            var choice = _calls.Where(c => c.IsLive && (step % 4 != End || c.IsInside)).ToArray();
            if (step % 4 < End) _calls.Add(new Call(this));
            else if (choice.Length > 0)
            {
                var call = choice[step / 4 % choice.Length];
                if (step % 4 == End) call.Leave.SetResult();
                else await call.Cancellation.CancelAsync();
                await Task.WhenAny(call.Result).Within();
            }

            // Whoever comes in now, or is evicted, does so on another thread.
            Assert.True(SpinWait.SpinUntil(
                () => _calls.Count(static c => c.IsLive) is var all && all <= Limit + QueueLimit && Volatile.Read(ref _inside) == Math.Min(Limit, all),
                TimeSpan.FromSeconds(30)));
        }

        private sealed class Call
        {
            internal Call(PollyCalls calls) => Result = calls._pipeline.ExecuteAsync(
                async cancellationToken =>
                {
                    IsInside = true;
                    Interlocked.Increment(ref calls._inside);
                    try
                    {
                        await Leave.Task.WaitAsync(cancellationToken);
                        return "done";
                    }
                    finally
                    {
                        Interlocked.Decrement(ref calls._inside);
                    }
                },
                Cancellation.Token).AsTask();

            internal TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            internal CancellationTokenSource Cancellation { get; } = new();

            internal Task<string> Result { get; }

            internal bool IsInside { get; private set; }

            internal bool IsLive => !Result.IsCompleted;

            internal string State =>
                IsLive ? IsInside ? "inside" : "queued"
                : Result.IsCompletedSuccessfully ? Result.Result
                : Result.IsCanceled ? IsInside ? "cancelled inside" : "cancelled"
                : Result.Exception!.InnerException is RateLimiterRejectedException rejection ? $"rejected ({rejection.Message}, {rejection.RetryAfter})"
                : Result.Exception.InnerException!.ToString();
        }
    }
}
