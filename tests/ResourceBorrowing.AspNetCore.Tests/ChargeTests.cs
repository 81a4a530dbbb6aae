using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>What a request holds, and for how long.</summary>
public class ChargeTests
{
    [Fact]
    public async Task Request_Guarded_HoldsItsUnitsUntilItHasEnded()
    {
        var gate = new Gate();
        await using var host = await GuardedHost.StartAsync(app =>
        {
            app.MapGet("/at-once", (ResourcePool pool) => pool["a"].InUse).RequireResourceUnits("a", units: 2);
            app.MapGet("/later", async () => await gate.PassAsync()).RequireResourceUnits("a", units: 3);
            app.MapGet("/free", (ResourcePool pool) => pool["a"].InUse);
        });
        Assert.Equal("2", (await host.GetAsync("/at-once")).Body);
        Assert.Equal("0", (await host.GetAsync("/free")).Body);

        var later = host.GetAsync("/later");
        await gate.Entered;
        Assert.Equal("3", (await host.GetAsync("/free")).Body);
        gate.Open();
        Assert.Equal(HttpStatusCode.OK, (await later).Status);
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Fact]
    public async Task Handler_ThatThrows_GivesItsUnitsBack()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            app.MapGet("/at-once", static (HttpContext _) => throw new InvalidOperationException("at once")).RequireResourceUnits("a", 2);
            app.MapGet("/later", static async () =>
            {
                await Task.Yield();
                throw new InvalidOperationException("later");
            }).RequireResourceUnits("a", 2);
        });
        foreach (var path in (string[])["/at-once", "/later"]) Assert.Equal(HttpStatusCode.InternalServerError, (await host.GetAsync(path)).Status);
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Fact]
    public async Task Charges_OfGroupAttributeAndEndpoint_TheInnermostCountsOnce()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            var group = app.MapGroup("/group").RequireResourceUnits("a", units: 4);
            group.MapGet("/plain", Held);
            group.MapGet("/own", Held).RequireResourceUnits("b", units: 2);
            group.MapGet("/free", Held).RequireResourceUnits("a", units: 0);
            group.MapGet("/attribute", [ResourceUnits("b", Units = 3)] (ResourcePool pool) => Held(pool));
            group.MapGroup("/inner").RequireResourceUnits("b", units: 5).MapGet("/plain", Held);
        });
        Assert.Equal("a4 b0", (await host.GetAsync("/group/plain")).Body);
        Assert.Equal("a0 b2", (await host.GetAsync("/group/own")).Body);
        Assert.Equal("a0 b0", (await host.GetAsync("/group/free")).Body);
        Assert.Equal("a0 b3", (await host.GetAsync("/group/attribute")).Body);
        Assert.Equal("a0 b5", (await host.GetAsync("/group/inner/plain")).Body);
    }

    [Fact]
    public async Task Charges_OfControllers_AreAnActionsBeforeItsControllersBeforeAllControllers()
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapControllers().RequireResourceUnits("a", units: 7),
            services: static s => s.AddControllers().AddApplicationPart(typeof(ChargedController).Assembly));
        Assert.Equal("a2 b0", (await host.GetAsync("/charged/plain")).Body);
        Assert.Equal("a0 b3", (await host.GetAsync("/charged/own")).Body);
        Assert.Equal("a7 b0", (await host.GetAsync("/uncharged/plain")).Body);
    }

    [Fact]
    public async Task Guard_TwiceInThePipeline_ChargesOnce()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            app.UseResourceBorrowing();
            app.MapGet("/", Held).RequireResourceUnits("a", units: 4);
        });
        Assert.Equal("a4 b0", (await host.GetAsync("/")).Body);
    }

    [Fact]
    public async Task ErrorPage_WithinAChargedRequest_IsNotChargedAsWell()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            // Inside the guard: the request holds its units still, and is not charged for the page as well.
            app.UseStatusCodePagesWithReExecute("/page");
            app.MapGet("/page", Held).RequireResourceUnits("b", units: 3);
            app.MapGet("/teapot", static () => Results.StatusCode(418)).RequireResourceUnits("a", units: 4);
        });
        Assert.Equal("a4 b0", (await host.GetAsync("/teapot")).Body);
        Assert.Equal((HttpStatusCode.NotFound, "a0 b0"), await host.GetAsync("/nowhere"));
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Theory]
    [InlineData("?cost=6", "a6 b0", false)]
    [InlineData("?cost=0", "a0 b0", false)]
    [InlineData("?cost=-1", "a1 b0", true)]
    [InlineData("?cost=dear", "a1 b0", true)]
    public async Task Cost_ByDelegate_IsWhatIsHeld(string query, string held, bool isContained)
    {
        await using var host = await GuardedHost.StartAsync(static app =>
            app.MapGet("/", Held).RequireResourceUnits("a", static context => int.Parse(context.Request.Query["cost"]!, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(held, (await host.GetAsync(query)).Body);
        Assert.Equal(isContained, host.Log.Any(static r => r.Id.Name == "ExceptionContained" && r.Message.Contains("cost", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lease_GivenBackByTheHandler_IsGivenBackOnce()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", static (HttpContext context, RequestUnits units) =>
        {
            Assert.Equal(context.GetResourceLease(), units.Lease);
            units.Lease.Dispose();
            return $"{units.Participant.Name} {units.Units} {units.Participant.InUse}";
        }).RequireResourceUnits("a", units: 4));
        using var other = host.Pool["a"].TryAcquire(5);
        Assert.Equal("a 4 5", (await host.GetAsync("/")).Body);
        Assert.Equal(5, host.Pool["a"].InUse);
    }

    [Fact]
    public async Task Lease_OfAnUnguardedRequest_IsNotThere()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", static (HttpContext context, RequestUnits? units) => $"{context.GetResourceLease().IsAcquired} {units is null}"));
        Assert.Equal("False True", (await host.GetAsync("/")).Body);
    }

    [Fact]
    public async Task RecallToken_OfBorrowedUnits_ReachesTheHandler()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", async (RequestUnits units) =>
        {
            entered.SetResult();
            var recalled = new TaskCompletionSource();
            await using var registration = units.RecallToken.Register(recalled.SetResult);
            await recalled.Task.Within();
            return "ended early";
        }).RequireResourceUnits("a", units: 12));
        var loan = host.Pool["a"].TryBorrow(host.Pool["b"], 4, TimeSpan.FromMinutes(1));
        Assert.True(loan.IsGranted, loan.Explanation);
        var answer = host.GetAsync("/");
        await entered.Task.Within();
        host.Pool["b"].Recall(4);
        Assert.Equal("ended early", (await answer).Body);
        await GuardedHost.Until(() => host.Pool["b"].Available == 10);
    }

    [Fact]
    public async Task RateLimiterOfTheHost_BesideTheGuard_LimitsToo()
    {
        var gate = new Gate();
        await using var host = await GuardedHost.StartAsync(
            app =>
            {
                app.UseRateLimiter();
                app.MapGet("/", async () => await gate.PassAsync()).RequireResourceUnits("a", units: 4).RequireRateLimiting("one");
            },
            services: static s => s.AddRateLimiter(static o => o.AddConcurrencyLimiter("one", static l => l.PermitLimit = 1).RejectionStatusCode = 418));
        var first = host.GetAsync("/");
        await gate.Entered;
        Assert.Equal((HttpStatusCode)418, (await host.GetAsync("/")).Status);
        Assert.Equal(4, host.Pool["a"].InUse);
        gate.Open();
        await first;
    }

    [Fact]
    public async Task RequestTimeout_WhileWaiting_IsAnsweredByItsMiddleware()
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapGet("/", Held).RequireResourceUnits("a", units: 4).WithRequestTimeout(TimeSpan.FromMilliseconds(50)),
            services: static s => s.AddRequestTimeouts(),
            pool: static o => o.Participants[0].QueueLimit = 100,
            before: static app => app.UseRequestTimeouts());
        using var all = host.Pool["a"].TryAcquire(10);
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await host.GetAsync("/")).Status);
        Assert.Equal(0, host.Pool["a"].Waiting);
    }

    [Fact]
    public async Task ObservingPool_WithoutUnits_RefusesNobody()
    {
        await using var host = await GuardedHost.StartAsync(
            static app => app.MapGet("/", Held).RequireResourceUnits("a", units: 4), pool: static o => o.Mode = PoolMode.Observe);
        using var all = host.Pool["a"].TryAcquire(10);
        Assert.Equal("a14 b0", (await host.GetAsync("/")).Body);
    }

    internal static string Held(ResourcePool pool) => $"a{pool["a"].InUse} b{pool["b"].InUse}";
}

[ApiController]
[Route("charged")]
[ResourceUnits("a", Units = 2)]
public class ChargedController(ResourcePool pool) : ControllerBase
{
    [HttpGet("plain")]
    public string Plain() => ChargeTests.Held(pool);

    [HttpGet("own")]
    [ResourceUnits("b", Units = 3)]
    public string Own() => ChargeTests.Held(pool);
}

[ApiController]
[Route("uncharged")]
public class UnchargedController(ResourcePool pool) : ControllerBase
{
    [HttpGet("plain")]
    public string Plain() => ChargeTests.Held(pool);
}
