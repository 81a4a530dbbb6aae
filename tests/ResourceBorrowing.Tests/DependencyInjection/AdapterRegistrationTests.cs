using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.DependencyInjection;

/// <summary>What a unit stands for comes from the configuration, and adapters from the services.</summary>
public class AdapterRegistrationTests
{
    [Fact]
    public async Task Adapters_OfAConfiguredHost_KeepUnitsTimesNeeds()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Pool:Capacity"] = "20",
            ["Pool:Unit:MemoryBytes"] = "1000",
            ["Pool:Unit:NetworkBytesPerSecond"] = "5000",
            ["Pool:Unit:IoOperationsPerSecond"] = "8",
            ["Pool:Participants:0:Name"] = "search",
            ["Pool:Participants:0:NominalQuota"] = "10",
            ["Pool:Participants:0:Needs:Memory"] = "0.5",
            ["Pool:Participants:0:Needs:Io"] = "0.25",
            ["Pool:Participants:0:Needs:Cores"] = "0.5",
        });
        builder.Services.AddResourceBorrowing(builder.Configuration.GetSection("Pool"))
            .AddMapper<MemoryBudget>("search")
            .AddMapper<BandwidthBudget>("search")
            .AddMapper<ParticipantTokenBucketLimiter>("search")
            .AddMapper<DedicatedThreads>("search");
        using (var host = builder.Build())
        {
            await host.StartAsync();
            T Adapter<T>() where T : notnull => host.Services.GetRequiredKeyedService<T>("search");
            Assert.Equal(500, Adapter<MemoryBudget>().BytesPerUnit);
            Assert.Equal(50_000, Adapter<BandwidthBudget>().BytesPerSecond);
            Assert.Equal(20, Adapter<ParticipantTokenBucketLimiter>().GetStatistics()!.CurrentAvailablePermits);
            Assert.Equal(5, Adapter<DedicatedThreads>().MaximumConcurrencyLevel);
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task Adapter_WithoutTheMeasureThatItNeeds_StopsTheHostAtStart()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 10).AddParticipant("search", 10).AddMapper<MemoryBudget>("search");
        using var host = builder.Build();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Contains("'search' has no memory per unit", exception.Message, StringComparison.Ordinal);
    }
}
