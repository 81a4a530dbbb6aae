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
                app.MapGet("/a", (int ms) => time.Advance(TimeSpan.FromMilliseconds(ms))).RequireResourceUnits("a");
                app.MapGet("/b", static (int i) => i switch { 1 => Results.StatusCode(500), 2 => throw new InvalidOperationException("bad"), _ => Results.NotFound() }).RequireResourceUnits("b");
            },
            o => o.RecordOutcomes = records,
            s => s.AddSingleton<TimeProvider>(time));
        await ServeAsync(seconds: 7, milliseconds: 10, failures: false);
        await ServeAsync(seconds: 5, milliseconds: 40, failures: true);

        var readings = host.Pool.ReportStability().Readings.Where(static r => r.Participant is not null).ToArray();
        if (records)
        {
            Assert.InRange(readings.Single(static r => r.Participant == "a" && r.Name.Contains("latency", StringComparison.Ordinal)).Value ?? 0, 3, 5);
            Assert.InRange(readings.Single(static r => r.Participant == "b" && r.Name.Contains("error", StringComparison.Ordinal)).Value ?? 0, 40, 60);
        }
        else
        {
            Assert.Empty(readings);
        }

        async Task ServeAsync(int seconds, int milliseconds, bool failures)
        {
            for (var second = 0; second < seconds; second++)
            {
                for (var i = 0; i < 40; i++)
                {
                    if (i % 2 == 0) await host.GetAsync($"/a?ms={milliseconds}");
                    await host.GetAsync($"/b?i={(failures ? i % 4 : 0)}");
                }

                await host.Ended();
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }
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
