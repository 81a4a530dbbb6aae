using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests.DependencyInjection;

public class HealthCheckTests
{
    [Fact]
    public async Task Check_WhileUnitsAreOverdue_NamesTheParticipantAndWhereItsLeasesWereTaken()
    {
        var time = new FakeTimeProvider();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(time);
        services.AddResourceBorrowing(static o =>
        {
            (o.Capacity, o.GracePeriod) = (20, TimeSpan.FromSeconds(1));
            o.TrackLeases = true;
            o.AddParticipant("checkout", 10).AddParticipant("search", 10);
        });
        services.AddHealthChecks().AddResourceBorrowing(tags: ["pool"]);
        await using var provider = services.BuildServiceProvider();
        var pool = provider.GetRequiredService<ResourcePool>();
        var health = provider.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);

        pool["checkout"].TryBorrow(pool["search"], 5, TestPool.Term);
        var leak = pool["checkout"].TryAcquire(15);
        time.Advance(TestPool.Term + TimeSpan.FromSeconds(1));
        var entry = Assert.Single((await health.CheckHealthAsync()).Entries);
        Assert.Equal(("resource_borrowing", HealthStatus.Degraded), (entry.Key, entry.Value.Status));
        Assert.Equal(["pool"], entry.Value.Tags);
        Assert.Equal("Units are overdue at 'checkout' (5): look for leases that are never disposed.", entry.Value.Description);
        Assert.Equal(5, entry.Value.Data["overdue.checkout"]);
        var lease = Assert.IsType<string>(entry.Value.Data["lease.checkout.1"]);
        Assert.StartsWith("15 units for 00:00:11", lease, StringComparison.Ordinal);
        Assert.Contains(nameof(Check_WhileUnitsAreOverdue_NamesTheParticipantAndWhereItsLeasesWereTaken), lease, StringComparison.Ordinal);

        leak.Dispose();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
    }
}
