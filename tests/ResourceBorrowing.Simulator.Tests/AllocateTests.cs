using System.Globalization;
using System.Text.Json;
using ResourceBorrowing.Simulator.Quanta;
using ResourceBorrowing.Tests;
using Xunit.Abstractions;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>The command <c>allocate</c> as a user runs it.</summary>
public class AllocateTests(ITestOutputHelper output)
{
    private const string Demand = "t,b,a,c\n0,1,9.5,0\n300,9,9,9\n";
    private const string Right = "allocate --policy karma --trace t.csv --fair-share 4 --out o.csv";

    /// <summary>Of Karma: each part for sure with both kinds of credits.</summary>
    private static readonly string[] Variants =
        [.. from alpha in (string[])["0", "0.5", "1"] from credits in (string[])["", " --free-credits"] select $"--alpha {alpha} --last-pass on{credits}"];

    [Theory]
    [InlineData("--policy magic", "--policy must be one of karma, auction, max-min, static, fixed-step, shared, water-filling, not 'magic'.")]
    [InlineData("--policy Karma", "--policy must be one of")]
    [InlineData("--trace nowhere.csv", "nowhere.csv")]
    [InlineData("--fair-share 0", "--fair-share must be a number from 1 to 1000000, not '0'.")]
    [InlineData("--fair-share 1000001", "--fair-share must be a number from 1 to 1000000")]
    [InlineData("--fair-share 1.5", "--fair-share must be a number from 1 to 1000000")]
    [InlineData("--capacity 0", "--capacity must be a number from 1 to 2147483647, not '0'.")]
    [InlineData("--capacity 2147483648", "--capacity must be a number from 1 to 2147483647")]
    [InlineData("--alpha 1.1", "--alpha must be a number from 0 to 1, not '1.1'.")]
    [InlineData("--alpha -0.1", "--alpha must be a number from 0 to 1, not '-0.1'.")]
    [InlineData("--alpha 0,1", "--alpha must be a number from 0 to 1, not '0,1'.")]
    [InlineData("--alpha half", "--alpha must be a number from 0 to 1, not 'half'.")]
    [InlineData("--initial-credits -1", "--initial-credits must be a number from 0 to 1000000000000, not '-1'.")]
    [InlineData("--initial-credits 1000000000001", "--initial-credits must be a number from 0 to 1000000000000")]
    [InlineData("--remainder lose", "--remainder must be one of pool, keep, not 'lose'.")]
    [InlineData("--last-pass maybe", "--last-pass must be one of on, off, not 'maybe'.")]
    [InlineData("--bids bids.csv", "--bids has no meaning without --policy auction.")]
    [InlineData("--policy max-min --credits c.csv", "--credits has no meaning with --policy max-min, which has none.")]
    [InlineData("--policy static --credits c.csv", "--credits has no meaning with --policy static, which has none.")]
    [InlineData("--policy auction --bids nowhere.csv", "nowhere.csv")]
    [InlineData("--out nowhere/o.csv", "nowhere/o.csv")]
    [InlineData("--credits nowhere/c.csv", "nowhere/c.csv")]
    [InlineData("--out t.csv", "t.csv: the same file cannot be read, or written twice, and written.")]
    [InlineData("--credits ./o.csv", "./o.csv: the same file cannot be read, or written twice, and written.")]
    [InlineData("--seed=1", "--seed")]
    public async Task Allocate_UsedWrongly_ExitsWith2AndSaysWhy(string wrong, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", Demand);
        var arguments = Right;
        // What is said again replaces what was right.
        foreach (var option in wrong.Split("--", StringSplitOptions.RemoveEmptyEntries).Select(static o => o.Split(' ')[0]))
            arguments = string.Join(" --", arguments.Split(" --").Where(o => !o.StartsWith(option + " ", StringComparison.Ordinal)));
        await AssertRefusedAsync(folder, $"{arguments} {wrong}", reason);
        Assert.Equal(Demand, File.ReadAllText(folder.File("t.csv")));
    }

    [Theory]
    [InlineData("allocate --trace t.csv --fair-share 4 --out o.csv", "--policy")]
    [InlineData("allocate --policy karma --fair-share 4 --out o.csv", "--trace")]
    [InlineData("allocate --policy karma --trace t.csv --out o.csv", "--fair-share")]
    [InlineData("allocate --policy karma --trace t.csv --fair-share 4", "--out")]
    public async Task Allocate_WithoutWhatItNeeds_SaysWhat(string arguments, string option)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", Demand);
        await AssertRefusedAsync(folder, arguments, option);
    }

    [Theory]
    [InlineData("t,a\n", "t.csv: there is no row of demand")]
    [InlineData("t,a\n0,-1\n", "t.csv: line 2: demand must be 0 to 1E+18, not -1")]
    public async Task Allocate_OfAWrongTrace_SaysWhere(string trace, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", trace);
        await AssertRefusedAsync(folder, Right, reason);
        Assert.False(File.Exists(folder.File("o.csv")));
    }

    [Fact]
    public async Task Allocate_OfMoreUnitsThanThereCanBe_SaysSo()
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", $"t,{string.Join(',', Enumerable.Range(0, 2_200))}\n0{string.Concat(Enumerable.Repeat(",1", 2_200))}\n");
        await AssertRefusedAsync(folder, Right.Replace("share 4", "share 1000000", StringComparison.Ordinal), "The capacity would be above 2^31-1 units");
    }

    [Theory]
    [InlineData("", "line 1: the file is empty")]
    [InlineData("t,name,units\n", "line 1: the columns must be t,name,units,price")]
    [InlineData("t,name,units,price,partial\n", "line 1: the columns must be t,name,units,price")]
    [InlineData("t,name,units,price\n0,a,1\n", "line 2: 4 values expected, 3 found")]
    [InlineData("t,name,units,price\n0,a,1,1\n1,a,1,1\n", "line 3: the trace has no row at 1")]
    [InlineData("t,name,units,price\n0,d,1,1\n", "line 2: 'd' is no participant of the trace")]
    [InlineData("t,name,units,price\n0,a,0,1\n", "line 2: units must be 1 to 2147483647, not 0")]
    [InlineData("t,name,units,price\n0,a,1.5,1\n", "line 2: units must be a whole number, not 1.5")]
    [InlineData("t,name,units,price\n0,a,1,x\n", "line 2: 'x' in column 4 is not a number")]
    [InlineData("t,name,units,price\n0,a,1,-1\n", "line 2: price must be 0 to 1000000, not -1")]
    [InlineData("t,name,units,price\n0,a,1,1e7\n", "line 2: price must be 0 to 1000000, not 1e7")]
    [InlineData("t,name,units,price\n0,a,1,0.0001\n", "line 2: price counts in thousandths, and 0.0001 does not")]
    [InlineData("t,name,units,price,priority\n0,a,1,1,101\n", "line 2: priority must be -100 to 100, not 101")]
    [InlineData("t,name,units,price,priority\n0,a,1,1,\n", "line 2: there is no value in column 5")]
    [InlineData("t,name,units,price,priority,partial\n0,a,1,1,0,perhaps\n", "line 2: partial must be true or false, not 'perhaps'")]
    public async Task Allocate_OfWrongBids_SaysWhere(string bids, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", Demand);
        folder.Write("bids.csv", bids);
        await AssertRefusedAsync(folder, "allocate --policy auction --trace t.csv --fair-share 4 --out o.csv --bids bids.csv", $"bids.csv: {reason}");
        Assert.False(File.Exists(folder.File("o.csv")));
    }

    /// <summary>Zipped or not, wide or long, of one row or several: times and columns come out as they went in.</summary>
    [Theory]
    [InlineData("t,\"b,b\",a\r\n 0.50,1,9\r\n1e3,4.01,2\r\n", "t,\"b,b\",a\n 0.50,1,7\n1e3,5,2\n")]
    [InlineData("\uFEFFt,b,a\n007,3,3\n", "t,b,a\n007,3,3\n")]
    [InlineData("t,name,value\n0,b,1\n0.0,a,9\n1,a,2\n", "t,b,a\n0,1,7\n1,0,2\n")]
    public async Task Allocate_EchoesTimesAndColumnsAsTheyStand(string trace, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", trace);
        folder.WriteZipped("z.csv", trace.TrimStart('\uFEFF'));
        foreach (var file in new[] { "t.csv", "z.csv" })
        {
            await DivideAsync(folder, $"--policy max-min --trace {file} --fair-share 4 --out o.csv");
            Assert.Equal(System.Text.Encoding.UTF8.GetBytes(expected), File.ReadAllBytes(folder.File("o.csv")));
        }
    }

    [Theory]
    [InlineData("karma", "")]
    [InlineData("karma", "--free-credits --alpha 0.3 --initial-credits 0")]
    [InlineData("auction", "")]
    [InlineData("max-min", "")]
    [InlineData("static", "")]
    [InlineData("fixed-step", "")]
    [InlineData("shared", "")]
    [InlineData("water-filling", "")]
    public async Task Allocate_ByEachPolicy_WritesTheSameTwiceAndHugeDemandsDoNotMatter(string policy, string options)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b,c\n0,1e18,1e18,1e18\n1,1e18,3,0\n2,0,0,0\n3,5,1e18,1\n");
        await DivideAsync(folder, $"--policy {policy} --trace t.csv --fair-share 4 --capacity 13 --out one.csv {options}");
        await DivideAsync(folder, $"--policy {policy} --trace t.csv --fair-share 4 --capacity 13 --out two.csv {options}");
        Assert.Equal(File.ReadAllText(folder.File("one.csv")), File.ReadAllText(folder.File("two.csv")));
        Assert.All(RowsOf(folder.File("one.csv")), static row => Assert.InRange(row.Sum(), 0, 13));
        Assert.Equal([0, 0, 0], RowsOf(folder.File("one.csv"))[2]);
    }

    /// <summary>
    /// Ten units of b and c are idle. d bids most, for more than it can pay, and takes all or nothing: nothing. Nine go to a, one of three to e, and what e misses of its bid makes the price.
    /// </summary>
    [Fact]
    public async Task Auction_WithBids_FillsThemByPriceAndThePayIsTheLenders()
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b,c,d,e\n0,20,4,6,30,13\n1,10,10,10,10,10\n");
        folder.Write("bids.csv", "t,name,units,price,priority,partial\n0.0,d,8,60,0,false\n0,a,9,2.5,0,true\n0,e,3,1,0,true\n");
        await DivideAsync(folder, "--policy auction --trace t.csv --fair-share 10 --initial-credits 100 --bids bids.csv --out o.csv --credits c.csv");
        Assert.Equal([[19, 4, 6, 10, 11], [10, 10, 10, 10, 10]], RowsOf(folder.File("o.csv")));
        Assert.Equal([[91, 106, 104, 100, 99], [91, 106, 104, 100, 99]], RowsOf(folder.File("c.csv")));
    }

    [Theory]
    [InlineData("0", new long[] { 10, 14 })]
    [InlineData("1", new long[] { 14, 10 })]
    public async Task Auction_OfBidsWithPriority_ServesThemFirst(string priority, long[] expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b,c\n0,14,14,6\n");
        folder.Write("bids.csv", $"t,name,units,price,priority\n0,a,4,2,{priority}\n0,b,4,2.001,0\n");
        await DivideAsync(folder, "--policy auction --trace t.csv --fair-share 10 --bids bids.csv --out o.csv");
        Assert.Equal([.. expected, 6], Assert.Single(RowsOf(folder.File("o.csv"))));
    }

    /// <summary>First a can pay for more than there is, and pays; then for less than there is, so that nobody else's bid makes a price.</summary>
    [Fact]
    public async Task Auction_WithoutBids_SellsWhatIsIdleToWhoMissesItAsFarAsItCanPay()
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b\n0,30,7\n1,30,7\n2,11,5\n3,5,11\n");
        await DivideAsync(folder, "--policy auction --trace t.csv --fair-share 10 --initial-credits 5 --out o.csv --credits c.csv");
        Assert.Equal([[13, 7], [12, 7], [11, 5], [5, 11]], RowsOf(folder.File("o.csv")));
        Assert.Equal([[2, 8], [2, 8], [2, 8], [2, 8]], RowsOf(folder.File("c.csv")));
    }

    /// <summary>Nobody has credits: what is more than its quota a gets by the last pass or not at all.</summary>
    [Theory]
    [InlineData("", 8)]
    [InlineData("--free-credits", 8)]
    [InlineData("--remainder keep", 8)]
    [InlineData("--free-credits --remainder pool", 8)]
    [InlineData("--free-credits --remainder keep", 4)]
    [InlineData("--free-credits --remainder keep --last-pass on", 8)]
    [InlineData("--free-credits --last-pass off", 4)]
    public async Task Karma_WithoutCredits_HandsOutWhatIsIdleUnlessItIsAsPublished(string options, long expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b\n0,9,0\n");
        await DivideAsync(folder, $"--policy karma --trace t.csv --fair-share 4 --alpha 1 --initial-credits 0 --out o.csv {options}");
        Assert.Equal([expected, 0], Assert.Single(RowsOf(folder.File("o.csv"))));
    }

    /// <summary>Five units are shared, and of the other five each has two for sure: one is left over.</summary>
    [Theory]
    [InlineData("", 10)]
    [InlineData("--remainder pool", 10)]
    [InlineData("--remainder keep", 9)]
    [InlineData("--remainder keep --free-credits", 9)]
    public async Task Karma_WithAUnitThatRoundingLeavesOver_LendsItUnlessItIsKept(string options, long expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("t.csv", "t,a,b\n0,9,9\n");
        await DivideAsync(folder, $"--policy karma --trace t.csv --fair-share 5 --out o.csv {options}");
        Assert.Equal(expected, Assert.Single(RowsOf(folder.File("o.csv"))).Sum());
    }

    /// <summary>All published runs, but for the one in which participants join.</summary>
    [SharedDataFact]
    public async Task Karma_OfThePublishedDemands_GivesThePublishedAnswers()
    {
        var runs = 0;
        foreach (var file in Directory.GetFiles(Path.Combine(SharedDataFactAttribute.Folder, "vectors", "karma"), "*.json"))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var run = json.RootElement;
            if (run.TryGetProperty("joinAt", out _)) continue;
            runs++;
            var (users, capacity) = (run.GetProperty("users").EnumerateArray().Select(static u => u.GetString()!).ToList(), run.GetProperty("totalSlices").GetInt32());
            string Csv(string property) => $"t,{string.Join(',', users)}\n" + string.Concat(run.GetProperty(property).EnumerateArray().Select(static (row, t) => $"{t},{string.Join(',', row.EnumerateArray())}\n"));
            using var folder = new TemporaryFolder();
            folder.Write("t.csv", Csv("demands"));
            await DivideAsync(
                folder,
                $"--policy karma --trace t.csv --fair-share {capacity / users.Count} --capacity {capacity} --alpha {run.GetProperty("alpha")} --initial-credits {run.GetProperty("initialCredits")} --free-credits --remainder keep --out o.csv --credits c.csv");
            Assert.True(Csv("allocations") == File.ReadAllText(folder.File("o.csv")), $"{Path.GetFileName(file)}: other allocations");
            Assert.True(Csv("credits") == File.ReadAllText(folder.File("c.csv")), $"{Path.GetFileName(file)}: other credits");
        }

        Assert.Equal(11, runs);
    }

    /// <summary>Units given by units that could be used: of every trace with more than one participant, as it is and scaled.</summary>
    [SharedDataFact]
    public async Task Karma_WithItsLastPass_UsesAsMuchAsMaxMin()
    {
        var traces = Directory.GetFiles(Path.Combine(SharedDataFactAttribute.Folder, "traces"), "*.csv").Where(static f => File.ReadLines(f).First().Count(static c => c == ',') > 1).ToList();
        Assert.NotEmpty(traces);
        foreach (var options in traces.SelectMany(static t => new[] { $"--trace {t} --fair-share 20", $"--trace {t} --fair-share 20 --normalize" }))
        {
            using var folder = new TemporaryFolder();
            var fair = await MeasureAsync(folder, $"--policy max-min {options}");
            foreach (var variant in Variants)
            {
                var karma = await MeasureAsync(folder, $"--policy karma {options} {variant}");
                output.WriteLine(Text($"{options.Split(Path.DirectorySeparatorChar)[^1]} {variant}: utilization {karma.Utilization:0.0000}, max-min {fair.Utilization:0.0000}"));
                Assert.True(karma.Utilization >= 0.999 * fair.Utilization);
            }
        }
    }

    /// <summary>Disparity: of what it asked for, the part that the participant got that got least, by that of the one that got most.</summary>
    [SharedDataFact]
    public async Task Karma_OnRealDemand_LeavesLessDisparityThanMaxMin()
    {
        using var folder = new TemporaryFolder();
        var options = $"--trace {Path.Combine(SharedDataFactAttribute.Folder, "traces", "demand_tweets_8.csv")} --fair-share 20 --normalize";
        var fair = await MeasureAsync(folder, $"--policy max-min {options}");
        foreach (var variant in Variants)
        {
            var karma = await MeasureAsync(folder, $"--policy karma {options} {variant}");
            output.WriteLine(Text($"{variant}: disparity {karma.Disparity:0.0000}, max-min {fair.Disparity:0.0000}"));
            Assert.True(karma.Disparity > fair.Disparity, $"{variant}: {karma.Disparity} against {fair.Disparity}");
        }
    }

    private static async Task<(double Utilization, double Disparity)> MeasureAsync(TemporaryFolder folder, string options)
    {
        await DivideAsync(folder, $"{options} --out o.csv");
        var arguments = options.Split(' ');
        var share = int.Parse(arguments[Array.IndexOf(arguments, "--fair-share") + 1], CultureInfo.InvariantCulture);
        var trace = new QuantumTrace(Traces.TraceFile.Survey(arguments[Array.IndexOf(arguments, "--trace") + 1]), arguments.Contains("--normalize") ? share : 0);
        var participants = trace.File.Names.Count;
        var (given, asked, usable) = (new double[participants], new double[participants], 0.0);
        foreach (var ((_, demands), allocations) in trace.Quanta().Zip(RowsOf(folder.File("o.csv"))))
        {
            usable += Math.Min(demands.Sum(), share * participants);
            for (var i = 0; i < participants; i++)
            {
                given[i] += Math.Min(allocations[i], demands[i]);
                asked[i] += demands[i];
            }
        }

        var welfare = given.Zip(asked, static (g, a) => g / a).ToList();
        return (given.Sum() / usable, welfare.Min() / welfare.Max());
    }

    private static List<long[]> RowsOf(string path) =>
        [.. File.ReadLines(path).Skip(1).Select(static line => line.Split(',').Skip(1).Select(static v => long.Parse(v, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray())];

    private static async Task DivideAsync(TemporaryFolder folder, string arguments) => Assert.Equal((0, "", ""), await Tool.RunAsync($"allocate {arguments}", folder));

    private static async Task AssertRefusedAsync(TemporaryFolder folder, string arguments, string reason)
    {
        var (exit, text, errors) = await Tool.RunAsync(arguments, folder);
        Assert.Equal((2, ""), (exit, text));
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => line != "Try --help.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
