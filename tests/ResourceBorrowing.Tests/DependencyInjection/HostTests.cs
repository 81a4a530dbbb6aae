using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.DependencyInjection;

public class HostTests
{
    private const string Json = """
        {
          "Pool": {
            "Capacity": 30,
            "GracePeriod": "00:00:02",
            "Participants": [
              { "Name": "search", "NominalQuota": 10, "QueueOrder": "NewestFirst" },
              { "Name": "reports", "Shares": 1, "LendingLimit": 3 }
            ]
          }
        }
        """;

    [Fact]
    public async Task Builder_FiveLines_GiveAPoolAndKeyedParticipants()
    {
        var builder = Builder();
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 20).AddParticipant("search", 10).AddParticipant("reports", 5);
        await using var host = builder.Build();
        await host.StartAsync();

        var pool = host.Services.GetRequiredService<ResourcePool>();
        Assert.Same(pool["search"], host.Services.GetRequiredKeyedService<Participant>("search"));
        Assert.Same(pool["search"], ActivatorUtilities.CreateInstance<Guarded>(host.Services).Search);
        Assert.Equal(5, pool.Reserve.NominalQuota);
        Assert.Contains("search, reports", Assert.Throws<KeyNotFoundException>(() => host.Services.GetRequiredKeyedService<Participant>("serach")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_WrongConfiguration_FailsAtStartWithEveryFault()
    {
        var builder = Builder();
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 0).AddParticipant("", 10).AddParticipant("b", -5);
        await using var host = builder.Build();
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("Capacity", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Participants[0].Name", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Participants[1].NominalQuota", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Section_Complete_IsBound()
    {
        var (services, _) = Configured(Json);
        using var provider = services.BuildServiceProvider();
        var pool = provider.GetRequiredService<ResourcePool>();
        Assert.Equal((10, 20, 3), (pool["search"].NominalQuota, pool["reports"].NominalQuota, pool["reports"].Account.LendingLimit));
        Assert.True(pool["search"].Waiters.NewestFirst);
    }

    [Fact]
    public void Section_Missing_IsRefusedAtOnce()
    {
        var empty = new ConfigurationBuilder().Build().GetSection("Pool");
        Assert.Contains("'Pool'", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddResourceBorrowing(empty)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Section_UnknownKey_IsRefusedByName()
    {
        var (services, _) = Configured(Json.Replace("\"Capacity\"", "\"Capacty\"", StringComparison.Ordinal));
        using var provider = services.BuildServiceProvider();
        var exception = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<ResourcePool>());
        Assert.Contains("Capacty", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_Valid_ChangesQuotasWithoutLosingState()
    {
        var builder = Builder();
        var source = new ReloadableJson(Json);
        ((IConfigurationBuilder)builder.Configuration).Add(source);
        builder.Services.AddResourceBorrowing(builder.Configuration.GetSection("Pool"));
        await using var host = builder.Build();
        await host.StartAsync();
        var pool = host.Services.GetRequiredService<ResourcePool>();
        var search = pool["search"];
        using var held = search.TryAcquire(10);
        var wait = search.AcquireAsync(5);

        source.Provider!.Change(Json.Replace("\"NominalQuota\": 10", "\"NominalQuota\": 16", StringComparison.Ordinal));
        Assert.Same(search, pool["search"]);
        Assert.Equal((16, 14), (search.NominalQuota, pool["reports"].NominalQuota));
        Assert.True((await wait.Within()).IsAcquired);
    }

    [Fact]
    public async Task Reload_Invalid_IsLoggedAndChangesNothing()
    {
        var builder = Builder();
        var source = new ReloadableJson(Json);
        ((IConfigurationBuilder)builder.Configuration).Add(source);
        builder.Logging.ClearProviders().AddFakeLogging();
        builder.Services.AddResourceBorrowing(builder.Configuration.GetSection("Pool"));
        await using var host = builder.Build();
        await host.StartAsync();
        var pool = host.Services.GetRequiredService<ResourcePool>();

        Assert.ThrowsAny<Exception>(() => source.Provider!.Change(Json.Replace("\"NominalQuota\": 10", "\"NominalQuota\": 99", StringComparison.Ordinal)));
        Assert.Equal(10, pool["search"].NominalQuota);
        var log = host.Services.GetFakeLogCollector().GetSnapshot().Single(static r => r.Id.Name == "ReconfigurationRefused");
        Assert.Contains("above the Capacity of 30", log.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_OfTheHost_AreUsed()
    {
        var time = new FakeTimeProvider();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(time);
        services.AddResourceBorrowing(static o => o.Capacity = 20).AddParticipant("a", 10).AddParticipant("b", 10).UseReputationPolicy<Flat>();
        services.AddResourceBorrowing(); // twice does no harm
        using var provider = services.BuildServiceProvider();
        var pool = provider.GetRequiredService<ResourcePool>();
        var loan = pool["a"].TryBorrow(pool["b"], 5, TestPool.Term);
        time.Advance(TestPool.Term);
        Assert.False(loan.IsActive);
        Assert.Equal(77, pool["a"].Reputation);
        Assert.Single(provider.GetServices<IHostedService>());
    }

    [Fact]
    public async Task AddMapper_UnknownParticipant_FailsAtStart()
    {
        var builder = Builder();
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 20).AddParticipant("search", 10).AddMapper<ParticipantConcurrencyLimiter>("serach");
        await using var host = builder.Build();
        await Assert.ThrowsAsync<KeyNotFoundException>(() => host.StartAsync());
    }

    /// <summary>A group of options that is a mere value would be passed over, and nothing of it hold.</summary>
    [Theory]
    [InlineData("Marketplace", "true")]
    [InlineData("balancing", "\"On\"")]
    [InlineData("Unit", "12")]
    [InlineData("Participants", "\"search\"")]
    public void Configuration_WithAValueInPlaceOfAGroup_IsRefused(string group, string value)
    {
        var (services, _) = Configured($$"""{ "Pool": { "Capacity": 5, "{{group}}": {{value}} } }""");
        using var provider = services.BuildServiceProvider();
        var message = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<ResourcePool>).Message;
        Assert.Contains($"'Pool:{group}' is '{value.Trim('"')}', and must be a section", message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A host on any free port: the default one may be in use.</summary>
    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder;
    }

    private static (IServiceCollection Services, IConfigurationRoot Root) Configured(string json)
    {
        var root = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        var services = new ServiceCollection().AddLogging();
        services.AddResourceBorrowing(root.GetSection("Pool"));
        return (services, root);
    }

    private sealed class Guarded([FromKeyedServices("search")] Participant search)
    {
        public Participant Search => search;
    }

    private sealed class Flat : IReputationPolicy
    {
        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => record;

        public double Score(in ReputationRecord record, TimeSpan now) => 77;
    }

    private sealed class ReloadableJson(string json) : IConfigurationSource
    {
        public Reloadable? Provider { get; private set; }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => Provider ??= new Reloadable(json);
    }

    private sealed class Reloadable(string json) : ConfigurationProvider
    {
        public override void Load() => Data = Parse(json);

        public void Change(string changed)
        {
            Data = Parse(changed);
            OnReload();
        }

        private static Dictionary<string, string?> Parse(string text) => new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text))).Build()
            .AsEnumerable().Where(static pair => pair.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
