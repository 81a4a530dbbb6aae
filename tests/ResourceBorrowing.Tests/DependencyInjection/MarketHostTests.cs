using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.DependencyInjection;

/// <summary>The marketplace as a host sets it up.</summary>
public class MarketHostTests
{
    private static ServiceProvider Provider(Action<ResourceBorrowingBuilder> configure)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new FakeTimeProvider());
        configure(services.AddResourceBorrowing(static o => (o.Capacity, o.Reputation.NewcomerLoans) = (30, 0)).AddParticipant("a", 10).AddParticipant("b", 10));
        return services.BuildServiceProvider();
    }

    [Fact]
    public void UseMarketplace_InOneCall_PricesAllLoans()
    {
        using var provider = Provider(static b => b.UseMarketplace(static m => (m.Price, m.InitialCredits) = (0.5m, 200)));
        var pool = provider.GetRequiredService<ResourcePool>();
        Assert.True(pool["a"].TryBorrow(pool["b"], 4, TestPool.Term).IsGranted);
        ((FakeTimeProvider)pool.Time).Advance(TestPool.Term);
        Assert.Equal((180, 220), (pool["a"].Credits, pool["b"].Credits));
    }

    [Fact]
    public void Configuration_MayTurnItOn()
    {
        var json = """{ "Pool": { "Capacity": 20, "Participants": [ { "Name": "a", "NominalQuota": 10 } ], "Marketplace": { "IsEnabled": true, "Price": 2.5, "RoundPeriod": "00:00:05" } } }""";
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new FakeTimeProvider());
        services.AddResourceBorrowing(configuration.GetSection("Pool"));
        using var provider = services.BuildServiceProvider();
        var pool = provider.GetRequiredService<ResourcePool>();
        Assert.Equal((2.5m, TimeSpan.FromSeconds(5)), (pool.MarketplaceOptions.Price, pool.MarketplaceOptions.RoundPeriod));
        Assert.Equal(1000, pool["a"].Credits);
    }

    [Fact]
    public void Options_ThatAreWrong_AreNamedTogether()
    {
        using var provider = Provider(static b => b.UseMarketplace(static m =>
            (m.Price, m.InitialCredits, m.OverdraftLimit, m.RoundPeriod, m.OrderLimit, m.TradesPlans) = (-1, decimal.MaxValue, -1, TimeSpan.Zero, -1, true)));
        var faults = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<ResourcePool>).Failures.ToArray();
        Assert.Equal(6, faults.Length);
        Assert.All(faults, static f => Assert.StartsWith("Marketplace.", f, StringComparison.Ordinal));
        using var off = Provider(static b => b.UseMarketplace(static m => (m.IsEnabled, m.Price) = (false, -1)));
        Assert.Equal(0, off.GetRequiredService<ResourcePool>()["a"].Credits);
    }

    [Fact]
    public void Reconfigure_ChangesThePriceOfNewLoans_ButNotWhetherThereIsAMarket()
    {
        var options = new ResourcePoolOptions { Capacity = 20, Reputation = { NewcomerLoans = 0 }, Marketplace = { IsEnabled = true } }.AddParticipant("a", 10).AddParticipant("b", 10);
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        Assert.True(pool["a"].TryBorrow(pool["b"], 1, TestPool.Term).IsGranted);
        options.Marketplace.Price = 3;
        pool.Reconfigure(options);
        Assert.True(pool["a"].TryBorrow(pool["b"], 1, TestPool.Term).IsGranted);
        time.Advance(TestPool.Term);
        Assert.Equal(960, pool["a"].Credits);
        options.Marketplace.IsEnabled = false;
        Assert.Contains("Marketplace.IsEnabled", Assert.Throws<OptionsValidationException>(() => pool.Reconfigure(options)).Message, StringComparison.Ordinal);
    }

    /// <summary>In real time: with a clock of the test's the timer itself would hang.</summary>
    [Fact]
    public void Mechanism_ThatNeverReturns_IsLoggedOnce_AndHoldsUpNoLoan()
    {
        using var end = new ManualResetEventSlim();
        using var logs = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var options = new ResourcePoolOptions { Capacity = 20, Reputation = { NewcomerLoans = 0 }, Marketplace = { IsEnabled = true, RoundPeriod = TimeSpan.FromMilliseconds(10) }, Stability = { IsEnabled = false } }
            .AddParticipant("a", 10).AddParticipant("b", 10);
        var rounds = 0;
        options.Marketplace.UseMechanism(new Market.MarketplaceTests.Deciding(_ =>
        {
            Interlocked.Increment(ref rounds);
            end.Wait();
            return MarketOutcome.None;
        }));
        using var pool = new ResourcePool(options, loggerFactory: loggers);
        Assert.True(SpinWait.SpinUntil(() => Late() > 0, TimeSpan.FromSeconds(30)), "nobody learns of it");
        using (var loan = pool["a"].TryBorrow(pool["b"], 2, TestPool.Term)) Assert.True(loan.IsGranted);
        Assert.Equal((1, 1), (rounds, Late()));
        end.Set();
        Assert.True(SpinWait.SpinUntil(() => pool.Market.ReportRound() is not null && Volatile.Read(ref rounds) > 1, TimeSpan.FromSeconds(30)), "no other round begins");

        int Late() => logs.Collector.GetSnapshot().Count(static r => r.Id.Name == "RoundIsLate");
    }

    [Fact]
    public void Meter_ShowsCreditsOrdersAndPrices()
    {
        using var provider = Provider(static b => b.UseMarketplace());
        var pool = provider.GetRequiredService<ResourcePool>();
        pool.Market.Bid(pool["a"], 2, 3m);
        pool.Market.Offer(pool["b"], 4, 1.5m);
        ((FakeTimeProvider)pool.Time).Advance(TimeSpan.FromSeconds(1));
        var factory = provider.GetRequiredService<IMeterFactory>();
        Assert.Equal([1000, 1000, 0], Read<double>(factory, "credits"));
        Assert.Equal([1.5], Read<double>(factory, "market.price"));
        Assert.Equal([1L], Read<int>(factory, "market.orders").Select(static v => (long)v));
        Assert.Equal([2L], Read<long>(factory, "market.traded"));
    }

    private static IReadOnlyList<T> Read<T>(IMeterFactory factory, string name) where T : struct
    {
        using var collector = new MetricCollector<T>(factory, ResourceBorrowingDiagnostics.MeterName, $"resource_borrowing.{name}");
        collector.RecordObservableInstruments();
        return [.. collector.GetMeasurementSnapshot().Select(static m => m.Value)];
    }
}
