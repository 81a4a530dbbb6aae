using System.Diagnostics.Metrics;
using System.Security.Claims;
using System.Text;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>Requests that choose their participant, and clients that mean no good by it.</summary>
public class ChoiceTests
{
    private const int Seed = 20260426;

    private static readonly ParticipantChoice ByHeader = ParticipantChoice.ByHeader("X-Tenant", fallback: "a");

    [Fact]
    public async Task Header_OfAKnownTenant_ChoosesItAndRefusesItAlone()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Whose).RequireResourceUnits(ByHeader, units: 1), pool: AddTenants);
        Assert.Equal("tenant:acme", (await host.GetAsync("/", ("X-Tenant", "acme"))).Body);
        using var all = host.Pool["tenant:acme"].TryAcquire(2);
        var problem = await host.GetJsonAsync("/", ("X-Tenant", "acme"));
        Assert.Equal((429, "tenant:acme"), (problem.GetProperty("status").GetInt32(), problem.GetProperty("participant").GetString()));
        Assert.Equal("tenant:zeta", (await host.GetAsync("/", ("X-Tenant", "zeta"))).Body);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("ACME")]
    [InlineData("acme ;")]
    [InlineData("b")]
    [InlineData("tenant:acme")]
    [InlineData("(reserve)")]
    public async Task Header_ThatNamesNoTenant_GoesToTheFallback(string? tenant)
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Whose).RequireResourceUnits(ByHeader, units: 1), pool: AddTenants);
        Assert.Equal("a", (await host.GetAsync("/", tenant is null ? [] : [("X-Tenant", tenant)])).Body);
        using var all = host.Pool["a"].TryAcquire(10);
        // The fallback is the host's, not the client's: it is not the client that asks too much.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.GetAsync("/", tenant is null ? [] : [("X-Tenant", tenant)])).Status);
    }

    [Fact]
    public async Task Header_GivenTwice_GoesToTheFallback()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", Whose).RequireResourceUnits(ByHeader, units: 1), pool: AddTenants);
        Assert.Contains("\r\na\r\n", await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Tenant: acme\r\nX-Tenant: zeta\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Choice_ByClaimRouteOrDelegate_Chooses()
    {
        await using var host = await GuardedHost.StartAsync(
            static app =>
            {
                app.MapGet("/claim", Whose).RequireResourceUnits(ParticipantChoice.ByClaim("tenant", "a"), units: 1);
                app.MapGet("/route/{tenant}", Whose).RequireResourceUnits(ParticipantChoice.ByRouteValue("tenant", "a"), static _ => 1);
                app.MapGet("/delegate", Whose).RequireResourceUnits(ParticipantChoice.By(static c => c.Request.Query["t"], "a").WithPrefix("tenant:ac"), units: 1);
                app.MapGet("/thrown", Whose).RequireResourceUnits(ParticipantChoice.By(static _ => throw new InvalidOperationException("no choice"), "a"), units: 1);
            },
            pool: AddTenants,
            before: static app => app.Use(static (context, next) =>
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("tenant", "acme")], "test"));
                return next(context);
            }));
        Assert.Equal("tenant:acme", (await host.GetAsync("/claim")).Body);
        Assert.Equal("tenant:zeta", (await host.GetAsync("/route/zeta")).Body);
        Assert.Equal("tenant:acme", (await host.GetAsync("/delegate?t=me")).Body);
        Assert.Equal("a", (await host.GetAsync("/thrown")).Body);
        Assert.Contains(host.Log, static r => r.Id.Name == "ExceptionContained");
    }

    [Fact]
    public async Task NewTenants_UpToTheMost_GetAParticipantEach()
    {
        var choice = ByHeader.WithNewParticipants(static p => (p.NominalQuota, p.QueueLimit, p.BorrowOnDemand) = (1, 0, false), most: 3);
        var time = new FakeTimeProvider();
        await using var host = await GuardedHost.StartAsync(app =>
        {
            app.MapGet("/", Whose).RequireResourceUnits(choice, units: 1);
            app.MapGet("/other", Whose).RequireResourceUnits(choice, units: 1);
        }, services: s => s.AddSingleton<TimeProvider>(time));
        foreach (var tenant in (string[])["t1", "t2", "t3", "t2"])
        {
            Assert.Equal($"tenant:{tenant}", (await host.GetAsync("/", ("X-Tenant", tenant))).Body);
            Assert.Equal($"tenant:{tenant}", (await host.GetAsync("/other", ("X-Tenant", tenant))).Body);
        }

        Assert.Equal("a", (await host.GetAsync("/", ("X-Tenant", "t4"))).Body);
        Assert.Equal(5, host.Pool.Participants.Count);

        // Whoever is taken out makes room, which is seen after a while.
        await host.Pool.RemoveAsync("tenant:t1").Within();
        Assert.Equal("a", (await host.GetAsync("/", ("X-Tenant", "t5"))).Body);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("a", (await host.GetAsync("/", ("X-Tenant", "t5"))).Body);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("tenant:t5", (await host.GetAsync("/", ("X-Tenant", "t5"))).Body);
        Assert.Equal("a", (await host.GetAsync("/", ("X-Tenant", "t1"))).Body);
        Assert.Equal(5, host.Pool.Participants.Count);
    }

    [Fact]
    public async Task NewTenant_AskedForByManyAtOnce_IsMadeOnce()
    {
        var choice = ByHeader.WithNewParticipants(static p => p.NominalQuota = 5, most: 100);
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", Whose).RequireResourceUnits(choice, units: 1));
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => host.GetAsync("/", ("X-Tenant", "t1")))).Within();
        Assert.All(answers, static a => Assert.Equal((HttpStatusCode.OK, "tenant:t1"), a));
        Assert.Equal(3, host.Pool.Participants.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NewTenant_ThatCannotBeMade_GoesToTheFallbackAndIsLoggedOnce(bool throws)
    {
        var made = 0;
        var choice = ByHeader.WithNewParticipants(p =>
        {
            made++;
            if (throws) throw new InvalidOperationException("no tenant");
            p.NominalQuota = 1000;
        });
        var time = new FakeTimeProvider();
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", Whose).RequireResourceUnits(choice, units: 1), services: s => s.AddSingleton<TimeProvider>(time));
        for (var i = 0; i < 20; i++) Assert.Equal((HttpStatusCode.OK, "a"), await host.GetAsync("/", ("X-Tenant", $"t{i}")));
        Assert.Equal(1, made);
        Assert.Single(host.Log, static r => r.Id.Name == "ExceptionContained");
    }

    [Fact]
    public async Task Tenant_RemovedWithItsRequestsUnderWay_IsMadeAnew()
    {
        var choice = ByHeader.WithNewParticipants(static p => p.NominalQuota = 5, most: 1);
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", Whose).RequireResourceUnits(choice, units: 1));
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("tenant:t1", (await host.GetAsync("/", ("X-Tenant", "t1"))).Body);
            await host.Ended();
            await host.Pool.RemoveAsync("tenant:t1").Within();
        }

        Assert.Equal("tenant:t1", (await host.GetAsync("/", ("X-Tenant", "t1"))).Body);
    }

    /// <summary>Bytes as a hostile client sends them. No answer but what a guard or the server itself gives, and nothing grows beyond its bound.</summary>
    [Fact]
    public async Task Headers_HostileByTheThousand_LeaveNoTrace()
    {
        const int Most = 5;
        var choice = ByHeader.WithNewParticipants(static p => (p.NominalQuota, p.QueueLimit) = (1, 0), Most);
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", Whose).RequireResourceUnits(choice, units: 1));
        using var refusals = new MetricCollector<long>(host.Services.GetRequiredService<IMeterFactory>(), "ResourceBorrowing", "resource_borrowing.refusals");
        using var held = host.Pool["a"].TryAcquire(10);

        var random = new Random(Seed);
        var statuses = new HashSet<string>();
        for (var connection = 0; connection < 100; connection++)
        {
            var request = new List<byte>();
            for (var i = 0; i < 20; i++)
            {
                request.AddRange("GET / HTTP/1.1\r\nHost: x\r\n"u8);
                for (var copy = random.Next(8) == 0 ? 2 : 1; copy > 0; copy--)
                {
                    request.AddRange("X-Tenant: "u8);
                    request.AddRange(HostileName(random));
                    request.AddRange("\r\n"u8);
                }

                request.AddRange("\r\n"u8);
            }

            request.AddRange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8);
            var answer = await host.SendRawAsync([.. request]);
            foreach (var line in answer.Split("\r\n").Where(static l => l.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))) statuses.Add(line[9..12]);
        }

        await host.Ended();
        // 400 and 431 are Kestrel's.
        Assert.Subset(new HashSet<string> { "200", "400", "429", "431", "503" }, statuses);
        Assert.Contains("503", statuses);
        Assert.InRange(host.Pool.Participants.Count, 2 + Most, 2 + Most);
        Assert.InRange(refusals.GetMeasurementSnapshot().Select(static m => m.Tags["resource_borrowing.participant"]).Distinct().Count(), 1, 2 + Most);
        Assert.All(host.Pool.Participants, static p => Assert.DoesNotContain(p.Name, static c => c is <= ' ' or > '~' or '<' or '"'));
        Assert.DoesNotContain(host.Log, static r => r.Exception is not null);
        held.Dispose();
        TestPool.AssertLaws(host.Pool);
        Assert.All(host.Pool.Participants, static p => Assert.Equal(0, p.InUse));
    }

    private static byte[] HostileName(Random random)
    {
        var bytes = new byte[random.Next(4) switch { 0 => random.Next(4), 1 => random.Next(40), 2 => 120 + random.Next(20), _ => random.Next(3000) }];
        var kind = random.Next(5);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = kind switch
            {
                0 => (byte)random.Next('a', 'z'),
                1 => (byte)random.Next(0x20, 0x7F),
                2 => (byte)random.Next(0x80, 0x100),
                3 => (byte)random.Next(0x100),
                _ => Encoding.UTF8.GetBytes("é\u202Eß漢")[i % 9],
            };
            if (bytes[i] is (byte)'\r' or (byte)'\n' or 0 && random.Next(50) != 0) bytes[i] = (byte)'x';
        }

        return bytes;
    }

    private static void AddTenants(ResourcePoolOptions options)
    {
        foreach (var name in (string[])["tenant:acme", "tenant:zeta"]) options.AddParticipant(name, 2, static p => (p.QueueLimit, p.BorrowOnDemand) = (0, false));
    }

    private static string Whose(RequestUnits units) => units.Participant.Name;
}
