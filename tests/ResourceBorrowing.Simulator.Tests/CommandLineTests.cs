using System.Text.Json;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>The tool as a user runs it.</summary>
public class CommandLineTests
{
    [Theory]
    [InlineData("compare")]
    [InlineData("compare --trace nowhere.csv")]
    [InlineData("compare --trace x.csv --capacity 0")]
    [InlineData("compare --trace x.csv --capacity 5 --fair-share 5")]
    [InlineData("compare --trace x.csv --policies borrowing,magic")]
    [InlineData("compare --trace x.csv --adversary devil")]
    [InlineData("compare --trace x.csv --adversary-name a")]
    [InlineData("compare --trace x.csv --adversary none --adversary-name a")]
    [InlineData("compare --trace x.csv --adversary devil --adversary-name a")]
    [InlineData("compare --trace x.csv --capacity-factor 1,5")]
    [InlineData("compare --trace x.csv --seed 1.5")]
    [InlineData("generate --kind weather --out x.csv")]
    [InlineData("generate --kind step")]
    [InlineData("generate --kind step --out nowhere/x.csv")]
    [InlineData("attribution --seed x")]
    [InlineData("attribution everybody")]
    [InlineData("nothing")]
    public async Task Tool_UsedWrongly_ExitsWith2AndSaysWhy(string arguments)
    {
        using var folder = new TemporaryFolder();
        var (exit, output, errors) = await Tool.RunAsync(arguments, folder);
        Assert.Equal(2, exit);
        Assert.Empty(output);
        Assert.NotEmpty(errors);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_OfAGeneratedTrace_WritesAllItsFilesAndTheSameTwice()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await Tool.RunAsync("generate --kind bursty --participants 5 --steps 80 --seed 3 --out demand.csv.gz", folder)).Exit);
        var first = await Tool.RunAsync("compare --trace demand.csv.gz --out one --adversary hog", folder);
        var second = await Tool.RunAsync("compare --trace demand.csv.gz --out two --adversary hog", folder);
        Assert.Equal(0, first.Exit);
        Assert.Equal(first.Output, second.Output);
        Assert.Contains("borrowing", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', first.Errors + first.Output);
        Assert.DoesNotContain('\u001b', first.Errors + first.Output);
        foreach (var name in new[] { "results.csv", "results.json" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.Path, "one", name)), File.ReadAllBytes(Path.Combine(folder.Path, "two", name)));

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "one", "results.json")));
        Assert.Equal(11, json.RootElement.GetProperty("policies").GetArrayLength());
        Assert.Equal(12, File.ReadAllLines(Path.Combine(folder.Path, "one", "results.csv")).Length);
        var report = File.ReadAllText(Path.Combine(folder.Path, "one", "report.html"));
        foreach (var picture in new[] { "allocations.png", "scores.png", "utilization.png", "goodput-harm.png" })
        {
            var png = File.ReadAllBytes(Path.Combine(folder.Path, "one", picture));
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
            Assert.Contains(Convert.ToBase64String(png), report, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Compare_Strictly_ExitsWith1WhenATargetIsMissed()
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b\n0,1,9\n1,9,1\n2,1,9\n3,9,1\n");
        var (exit, output, _) = await Tool.RunAsync("compare --trace t.csv --lending 0 --strict", folder);
        Assert.Contains("missed", output, StringComparison.Ordinal);
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task Attribution_OfAnySeed_MeetsItsBarsAndSaysHowMuch()
    {
        using var folder = new TemporaryFolder();
        var (exit, output, errors) = await Tool.RunAsync("attribution --seed 3", folder);
        Assert.Equal(0, exit);
        Assert.Empty(errors);
        Assert.Contains("<= 1.0 % ok", output, StringComparison.Ordinal);
        Assert.Contains(">= 90.0 % ok", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', output);
        Assert.DoesNotContain('\u001b', output);
    }
}
