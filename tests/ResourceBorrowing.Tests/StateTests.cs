using System.Text;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests;

/// <summary>What a pool remembers is whole or refused, and nothing is changed by what is refused.</summary>
public class StateTests
{
    // As format 1 wrote it once. It must load for ever.
    private const string FirstFormat = """
        ResourceBorrowing-state 1 dad836b40e712c8e4c40c0f33b320fbc28784d13c19c2d69b00307c8e35d5468
        {"SavedAt":"2026-01-01T00:00:20.3+00:00","ReputationPolicy":"ResourceBorrowing.Reputation.BetaReputationPolicy","Reputations":[{"Name":"(reserve)","For":[0,0,0,0.10300000000000001],"Against":[0,0,0,0],"Turnover":[0,0,0,0],"ReportsFor":0,"ReportsAgainst":0,"Age":"00:00:00","Completed":0,"Honoured":1,"Dealings":[{"With":"a","Counted":[0,0,0,0.10300000000000001],"Turnover":[0,0,0,0],"Volume":0,"Age":"00:00:00"}],"Opinions":[]},{"Name":"a","For":[0.9531940977398967,0.47659704886994836,0.37599763909595874,0],"Against":[0.1854,0,0,0],"Turnover":[0,0,0,0],"ReportsFor":0,"ReportsAgainst":0,"Age":"00:00:00","Completed":2,"Honoured":0,"Dealings":[{"With":"b","Counted":[0.5,0.25,0.2,0],"Turnover":[0,0,0,0],"Volume":0.5,"Age":"00:00:10.3000000"},{"With":"(reserve)","Counted":[0.4532,0.2266,0.17600000000000002,0],"Turnover":[0,0,0,0],"Volume":0.4532,"Age":"00:00:00"}],"Opinions":[{"By":"b","For":0,"Against":0.5,"Age":"00:00:00"}]},{"Name":"b","For":[0,0,0,0.1],"Against":[0,0,0,0],"Turnover":[0,0,0,0],"ReportsFor":0,"ReportsAgainst":0,"Age":"00:00:10.3000000","Completed":0,"Honoured":1,"Dealings":[{"With":"a","Counted":[0,0,0,0.1],"Turnover":[0,0,0,0],"Volume":0,"Age":"00:00:10.3000000"}],"Opinions":[]}]}
        """;

    [Fact]
    public void State_SavedAndLoaded_IsTheSame()
    {
        var (pool, time) = Lived();
        var saved = Save(pool);
        var again = Fresh(time);
        Load(again, saved);
        foreach (var name in (string[])["a", "b", "(reserve)"])
        {
            var (was, now) = (pool.Explain(name), again.Explain(name));
            Assert.Equal(was.Score, now.Score, 9);
            Assert.Equal(was.LoansToGo, now.LoansToGo);
            Assert.Equal(was.Sources, now.Sources);
            Assert.Equal(now.Score - 50, now.Carried + now.Decay, 9);
            Assert.Equal(pool.Explain(name).CreditLine, again.Explain(name).CreditLine);
        }

        Assert.Equal(Text(saved), Text(Save(again)));
        // What a partner has been good for is remembered too, and so is who may speak.
        Assert.Equal(ReportResult.Accepted, again["b"].Report(again["a"], ReportReason.LateReturn));
        Assert.Equal(ReportResult.Accepted, pool["b"].Report(pool["a"], ReportReason.LateReturn));
        Assert.Equal(pool["a"].Reputation, again["a"].Reputation, 9);
    }

    [Fact]
    public void State_OfTheFirstFormat_LoadsForEver()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 20, 300, TimeSpan.Zero));
        using var pool = Loaded(time, Encoding.UTF8.GetBytes(FirstFormat.ReplaceLineEndings("\n")));
        var (r, i, b) = ((2 + 0.9531940977398967) / (4 + 0.9531940977398967 + 0.1854), 2.47659704886994836 / 4.47659704886994836, 2.37599763909595874 / 4.37599763909595874);
        Assert.Equal(Reputation.ReputationTests.Of(r, i, b, 0.5), pool["a"].Reputation, 6);
        Assert.Equal(Reputation.ReputationTests.Of(0.5, 0.5, 0.5, 2.1 / 4.1), pool["b"].Reputation, 4);
        Assert.Equal(2, pool["a"].Standing.Completed);
        Assert.True(pool["b"].Standing.HasDealtWith(pool["a"].Standing));
    }

    [Fact]
    public void Time_BetweenTwoLives_Counts_UnlessTheWallClockWentBackwards()
    {
        var (pool, time) = Lived();
        var (score, saved) = (pool["a"].Reputation, Save(pool));
        var later = new FakeTimeProvider(time.GetUtcNow() + TimeSpan.FromDays(70));
        Assert.InRange(Loaded(later, saved)["a"].Reputation, 50.0, 50 + (score - 50) / 500);
        var earlier = new FakeTimeProvider(time.GetUtcNow() - TimeSpan.FromDays(70));
        Assert.Equal(score, Loaded(earlier, saved)["a"].Reputation, 9);
    }

    [Fact]
    public void State_DamagedInAnyByte_OrCutOffAnywhere_IsRefused_AndChangesNothing()
    {
        var (pool, time) = Lived();
        var saved = Save(pool);
        var untouched = Text(Save(pool));
        Gen.Select(Gen.Int[0, saved.Length - 2], Gen.Int[1, 255], Gen.Bool).Sample((place, change, isCut) =>
        {
            var bytes = saved.ToArray();
            if (isCut) bytes = bytes[..place];
            else bytes[place] ^= (byte)change;
            AssertRefused(pool, bytes);
        });
        Assert.Equal(untouched, Text(Save(pool)));
        Assert.NotNull(time);
    }

    [Theory]
    [InlineData("", "no saved state")]
    [InlineData("{ \"my\": \"settings\" }", "no saved state")]
    [InlineData("ResourceBorrowing-state 2 0\n{}", "later version")]
    [InlineData("ResourceBorrowing-state x 0\n{}", "version 'x' is none")]
    [InlineData("ResourceBorrowing-state 0 0\n{}", "version '0' is none")]
    [InlineData("ResourceBorrowing-state 1 0\n{}", "checksum")]
    public void File_OfAnother_IsRefused_AndTheMessageSaysWhy(string text, string why)
    {
        using var pool = Fresh(new FakeTimeProvider());
        Assert.Contains(why, AssertRefused(pool, Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", "it is empty")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[null]}", "is null")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"a\",\"For\":[1,1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[null],\"Opinions\":[]}]}", "is null")]
    [InlineData("{}", "content is not as it must be")]
    [InlineData("[1,2]", "content is not as it must be")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"Mine\",\"Reputations\":[]}", "policy 'Mine'")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":null}", "content is not as it must be")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"a\",\"For\":[1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[]}]}", "record of 'a'")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"a\",\"For\":[1,1,1,-1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[]}]}", "record of 'a'")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"a\",\"For\":[1,1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[],\"Age\":\"-1.00:00:00\"}]}", "record of 'a'")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"\",\"For\":[1,1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[]}]}", "name in it is empty")]
    [InlineData("{\"SavedAt\":\"2026-01-01T00:00:00Z\",\"ReputationPolicy\":\"P\",\"Reputations\":[{\"Name\":\"a\",\"For\":[1,1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[]},{\"Name\":\"a\",\"For\":[1,1,1,1],\"Against\":[1,1,1,1],\"Turnover\":[0,0,0,0],\"Dealings\":[],\"Opinions\":[]}]}", "twice")]
    public void Content_ThatCannotBe_IsRefusedAsAWhole(string body, string why)
    {
        using var pool = Fresh(new FakeTimeProvider());
        body = body.Replace("\"P\"", $"\"{typeof(BetaReputationPolicy).FullName}\"", StringComparison.Ordinal);
        Assert.Contains(why, AssertRefused(pool, Sealed(body)), StringComparison.Ordinal);
        Assert.Equal(50, pool["a"].Reputation);
    }

    [Fact]
    public void Stream_ThatFails_ReachesTheCaller_AndChangesNothing()
    {
        var (pool, _) = Lived();
        var before = Text(Save(pool));
        using var closed = new MemoryStream();
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.SaveState(closed));
        Assert.Throws<ObjectDisposedException>(() => pool.LoadState(closed));
        Assert.Equal(before, Text(Save(pool)));
    }

    [Fact]
    public async Task Host_SavesEachPeriod_SoThatAKilledProcessLosesOneAtTheMost_AndLoadsAtStart()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "state", "pool.txt");
        var time = new FakeTimeProvider();
        double score;
        var killed = Host(path, time);
        await killed.StartAsync();
        var pool = killed.Services.GetRequiredService<ResourcePool>();
        _ = pool["a"].TryBorrow(pool.Reserve, 5, TestPool.Term);
        time.Advance(TestPool.Term);
        score = pool["a"].Reputation;
        await UntilSaved(path, () => time.Advance(TimeSpan.FromMinutes(1)));

        // Nobody stops the first: it is as if it had been killed.
        using var next = Host(path, time);
        await next.StartAsync();
        Assert.Equal(score, next.Services.GetRequiredService<ResourcePool>()["a"].Reputation, 3);
        await next.StopAsync();
        killed.Dispose();
    }

    [Fact]
    public async Task Host_SavesAtShutdown()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "pool.txt");
        using var host = Host(path, new FakeTimeProvider());
        await host.StartAsync();
        Assert.False(File.Exists(path));
        await host.StopAsync();
        Assert.True(File.Exists(path));
        Assert.Equal(path, Assert.Single(Directory.GetFiles(folder.Path)));
    }

    [Fact]
    public async Task Host_WithAForeignFile_SaysSo_GoesOn_AndKeepsIt()
    {
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, "pool.txt");
        await File.WriteAllTextAsync(path, "my precious");
        var logs = new FakeLoggerProvider();
        using (var host = Host(path, new FakeTimeProvider(), logs))
        {
            await host.StartAsync();
            Assert.Equal(50, host.Services.GetRequiredService<ResourcePool>()["a"].Reputation);
            await host.StopAsync();
        }

        Assert.Equal("my precious", await File.ReadAllTextAsync(path + ".refused"));
        Assert.StartsWith("ResourceBorrowing-state", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.Contains(logs.Collector.GetSnapshot(), static r => r.Id.Name == "StateRefused" && r.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Host_ThatCannotWrite_GoesOn_AndSaysSo()
    {
        using var folder = new Folder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "");
        var logs = new FakeLoggerProvider();
        using var host = Host(Path.Combine(file, "pool.txt"), new FakeTimeProvider(), logs);
        await host.StartAsync();
        await host.StopAsync();
        Assert.Contains(logs.Collector.GetSnapshot(), static r => r.Id.Name == "ExceptionContained" && r.Message.Contains("state file", StringComparison.Ordinal));
    }

    private static IHost Host(string path, TimeProvider time, FakeLoggerProvider? logs = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        if (logs is not null) builder.Logging.AddProvider(logs);
        builder.Services.AddSingleton(time);
        builder.Services.AddResourceBorrowing(o => (o.Capacity, o.Reputation.StateFile) = (30, path)).AddParticipant("a", 10);
        return builder.Build();
    }

    private static async Task UntilSaved(string path, Action advance)
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!File.Exists(path))
        {
            cancellation.Token.ThrowIfCancellationRequested();
            advance();
            await Task.Yield();
        }
    }

    /// <summary>a has returned loans of b and of the reserve, one of them late, and b has spoken of it.</summary>
    private static (ResourcePool Pool, FakeTimeProvider Time) Lived()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var pool = Fresh(time);
        var (a, b) = (pool["a"], pool["b"]);
        _ = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TestPool.Term);
        _ = a.TryBorrow(pool.Reserve, 5, TestPool.Term);
        var lease = a.TryAcquire(12);
        time.Advance(TestPool.Term + TimeSpan.FromMilliseconds(300));
        lease.Dispose();
        Assert.Equal(ReportResult.Accepted, b.Report(a, ReportReason.ExcessiveBorrowing, 0.5));
        Assert.NotEqual(50, a.Reputation);
        return (pool, time);
    }

    private static ResourcePool Fresh(TimeProvider time)
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        options.Reputation.NewcomerLoans = 1;
        return new ResourcePool(options, time);
    }

    private static ResourcePool Loaded(TimeProvider time, byte[] saved)
    {
        var pool = Fresh(time);
        Load(pool, saved);
        return pool;
    }

    private static byte[] Save(ResourcePool pool)
    {
        using var stream = new MemoryStream();
        pool.SaveState(stream);
        return stream.ToArray();
    }

    private static void Load(ResourcePool pool, byte[] saved)
    {
        using var stream = new MemoryStream(saved);
        pool.LoadState(stream);
    }

    private static string AssertRefused(ResourcePool pool, byte[] bytes)
    {
        var message = Assert.Throws<InvalidDataException>(() => Load(pool, bytes)).Message;
        Assert.StartsWith("The saved state was not loaded, and nothing was changed: ", message, StringComparison.Ordinal);
        return message;
    }

    private static byte[] Sealed(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var check = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        return [.. Encoding.ASCII.GetBytes($"ResourceBorrowing-state 1 {check}\n"), .. bytes];
    }

    private static string Text(byte[] saved) => Encoding.UTF8.GetString(saved);

    private sealed class Folder : IDisposable
    {
        internal string Path { get; } = Directory.CreateTempSubdirectory("resource-borrowing-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
