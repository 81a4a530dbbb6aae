using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>What the pool learns of requests, and what a probe learns of the pool.</summary>
public class OutcomeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_OfAHostThatRecordsThem_AreReadingsOfTheirParticipant(bool records)
    {
        var time = new FakeTimeProvider();
        await using var host = await GuardedHost.StartAsync(
            app =>
            {
                app.MapGet("/slow", () => time.Advance(TimeSpan.FromMilliseconds(40))).RequireResourceUnits("a");
                app.MapGet("/bad", static () => Results.StatusCode(500)).RequireResourceUnits("b");
                app.MapGet("/thrown", static (HttpContext _) => throw new InvalidOperationException("bad")).RequireResourceUnits("b");
            },
            o => o.RecordOutcomes = records,
            s => s.AddSingleton<TimeProvider>(time));
        for (var second = 0; second < 3; second++)
        {
            for (var i = 0; i < 10; i++)
            {
                await host.GetAsync("/slow");
                await host.GetAsync(i % 2 == 0 ? "/bad" : "/thrown");
            }

            await host.Ended();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var readings = host.Pool.ReportStability().Readings;
        Assert.Equal(records, readings.Any(static r => r is { Participant: "a", Value: not null }));
        Assert.Equal(records, readings.Any(static r => r is { Participant: "b" }));
    }

    [Fact]
    public async Task HealthCheck_InAGuardedHost_TellsOfOverdueUnits()
    {
        var time = new FakeTimeProvider();
        await using var host = await GuardedHost.StartAsync(
            static app =>
            {
                app.MapHealthChecks("/health");
                app.MapGet("/", ChargeTests.Held).RequireResourceUnits("a");
            },
            services: s => s.AddSingleton<TimeProvider>(time).AddHealthChecks().AddResourceBorrowing(failureStatus: HealthStatus.Unhealthy));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await host.GetAsync("/health"));
        host.Pool["a"].TryBorrow(host.Pool["b"], 4, TimeSpan.FromSeconds(1));
        using var kept = host.Pool["a"].TryAcquire(14);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await host.GetAsync("/health"));
    }
}
