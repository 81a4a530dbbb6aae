using System.Text.Json;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>Who gets no units is told why, and nothing throws.</summary>
public class RefusalTests
{
    [Theory]
    [InlineData(false, "application/json")]
    [InlineData(true, "application/json")]
    [InlineData(true, "text/html")]
    public async Task Request_WithoutUnits_IsToldWhy(bool hasProblemDetails, string accept)
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapGet("/", Answer).RequireResourceUnits("a", units: 3),
            services: s => _ = hasProblemDetails ? s.AddProblemDetails() : s);
        using var held = host.Pool["a"].TryAcquire(8);
        using var response = await host.SendAsync("/", ("Accept", accept));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);

        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(503, problem.GetProperty("status").GetInt32());
        Assert.Equal("No resource units for this request", problem.GetProperty("title").GetString());
        Assert.Equal("the queue of 'a' has no room for 3: all that wait may ask for 0 together", problem.GetProperty("detail").GetString());
        Assert.Equal("a", problem.GetProperty("participant").GetString());
        Assert.Equal("QueueFull", problem.GetProperty("reason").GetString());
        Assert.Equal(3, problem.GetProperty("units").GetInt32());
        Assert.Equal(8, host.Pool["a"].InUse);
    }

    [Fact]
    public async Task Refusal_Configured_HasItsStatusAndWholeSeconds()
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapGet("/", Answer).RequireResourceUnits("a"),
            static o => (o.StatusCode, o.RetryAfter) = (429, TimeSpan.FromSeconds(2.1)));
        using var held = host.Pool["a"].TryAcquire(10);
        using var response = await host.SendAsync("/");
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(3)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
    }

    [Theory]
    [InlineData(399, 429, 1)]
    [InlineData(503, 600, 1)]
    [InlineData(503, 429, 0.5)]
    [InlineData(503, 429, 90_000)]
    public async Task Options_OutOfRange_AreRefusedAtOnce(int status, int chosen, double retryAfter)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => GuardedHost.StartAsync(
            static _ => { }, o => (o.StatusCode, o.ChosenStatusCode, o.RetryAfter) = (status, chosen, TimeSpan.FromSeconds(retryAfter))));
    }

    [Fact]
    public async Task OnRefused_ThatAnswers_IsTheAnswer()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a", units: 2), static o => o.OnRefused = static async refusal =>
        {
            refusal.HttpContext.Response.StatusCode = 418;
            await refusal.HttpContext.Response.WriteAsync($"{refusal.Participant} {refusal.Units} {refusal.Reason} {refusal.StatusCode}: {refusal.Explanation}");
            return true;
        });
        using var held = host.Pool["a"].TryAcquire(10);
        Assert.Equal(((HttpStatusCode)418, "a 2 QueueFull 503: the queue of 'a' has no room for 2: all that wait may ask for 0 together"), await host.GetAsync("/"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnRefused_ThatDoesNotAnswer_LeavesItToUs(bool throws)
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a"), o => o.OnRefused = refusal =>
        {
            if (!throws) return new(false);
            refusal.HttpContext.Response.StatusCode = 200;
            refusal.HttpContext.Response.ContentLength = 3;
            throw new InvalidOperationException("no answer");
        });
        using var held = host.Pool["a"].TryAcquire(10);
        var (status, body) = await host.GetAsync("/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("the queue of 'a'", body, StringComparison.Ordinal);
        Assert.Equal(throws, host.Log.Any(static r => r.Id.Name == "ExceptionContained"));
    }

    [Fact]
    public async Task ProblemDetailsService_ThatThrows_LeavesItToUs()
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapGet("/", Answer).RequireResourceUnits("a"),
            services: static s => s.AddProblemDetails(static o => o.CustomizeProblemDetails = static _ => throw new InvalidOperationException("no details")));
        using var held = host.Pool["a"].TryAcquire(10);
        var (status, body) = await host.GetAsync("/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("the queue of 'a'", body, StringComparison.Ordinal);
        Assert.Contains(host.Log, static r => r.Id.Name == "ExceptionContained");
    }

    [Fact]
    public async Task Cost_AboveTheCeiling_IsRefused()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a", static _ => 1000));
        var problem = await host.GetJsonAsync("/");
        Assert.Equal(("ExceedsAllocation", "'a' can never have more than its ceiling of 30 units, 1000 asked for"), (problem.GetProperty("reason").GetString(), problem.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task Pool_DisposedUnderTheHost_RefusesWithAnExplanation()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a"), pool: static o => o.Participants[0].QueueLimit = 100);
        using var held = host.Pool["a"].TryAcquire(10);
        var waiting = host.GetAsync("/");
        await GuardedHost.Until(() => host.Pool["a"].Waiting == 1);
        host.Pool.Dispose();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiting).Status);
        var problem = await host.GetJsonAsync("/");
        Assert.Equal(("Disposed", 503), (problem.GetProperty("reason").GetString(), problem.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Participant_RemovedAndAddedAgain_IsFoundAnew()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a"));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/")).Status);
        await host.Pool.RemoveAsync("a").Within();
        var problem = await host.GetJsonAsync("/");
        Assert.Equal(("Removed", 503), (problem.GetProperty("reason").GetString(), problem.GetProperty("status").GetInt32()));
        problem = await host.GetJsonAsync("/");
        Assert.Equal("there is no participant 'a'", problem.GetProperty("detail").GetString());
        host.Pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 10 });
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/")).Status);
    }

    [Fact]
    public async Task Participant_RemovedAndAddedAgainBetweenRequests_IsFoundAnewAtOnce()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Answer).RequireResourceUnits("a"));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/")).Status);
        await host.Pool.RemoveAsync("a").Within();
        host.Pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 10 });
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/")).Status);
    }

    /// <summary>It would let everybody pass. What is not charged is answered as ever.</summary>
    [Fact]
    public async Task Guard_BeforeRouting_AnswersNoChargedRequest_AndSaysWhy()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            app.UseRouting();
            app.MapGet("/", Answer).RequireResourceUnits("a");
            app.MapGet("/open", Answer);
        });
        Assert.Equal(HttpStatusCode.InternalServerError, (await host.GetAsync("/")).Status);
        Assert.Contains(host.Log, static r => r.Exception?.Message.EndsWith("call app.UseResourceBorrowing() after app.UseRouting().", StringComparison.Ordinal) == true);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/open")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/nowhere")).Status);
    }

    /// <summary>A guard of its own stands behind the branch's own routing.</summary>
    [Fact]
    public async Task Guard_BehindTheRoutingOfABranch_ChargesThere()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            app.MapGet("/", Answer).RequireResourceUnits("a");
            app.Map("/branch", static branch => branch.UseRouting().UseResourceBorrowing().UseEndpoints(static e => e.MapGet("/held", static (RequestUnits units) => units.Participant.InUse).RequireResourceUnits("b", units: 3)));
        });
        Assert.Equal((HttpStatusCode.OK, "3"), await host.GetAsync("/branch/held"));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/")).Status);
    }

    [Fact]
    public async Task Host_WithFaultyEndpoints_DoesNotStartAndNamesAll()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => GuardedHost.StartAsync(static app =>
        {
            app.MapGet("/one", Answer).RequireResourceUnits("serach");
            app.MapGet("/two", Answer).RequireResourceUnits("a", units: 31);
            app.MapGet("/three", Answer).RequireResourceUnits(ParticipantChoice.ByHeader("X-Tenant", fallback: "nobody"), units: 1);
            app.MapGet("/fine", Answer).RequireResourceUnits("a");
        }));
        Assert.Contains("/one => Answer': the resource pool has no participant 'serach'. It has: a, b", exception.Message, StringComparison.Ordinal);
        Assert.Contains("/two => Answer': 31 units are asked of 'a', which can never have more than its ceiling of 30", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'nobody'", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/fine", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_WithoutTheGuard_IsNotOpenToAll()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 30).AddParticipant("a", 10);
        await using var app = builder.Build();
        app.MapGet("/", Answer).RequireResourceUnits("a");
        var endpoints = ((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)app).DataSources.Single();
        Assert.Contains("app.UseResourceBorrowing()", Assert.Throws<InvalidOperationException>(() => endpoints.Endpoints).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guard_WithoutAPool_SaysWhatIsMissing()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains("AddResourceBorrowing", Assert.Throws<InvalidOperationException>(() => app.UseResourceBorrowing()).Message, StringComparison.Ordinal);
    }

    private static string Answer() => "ok";
}
