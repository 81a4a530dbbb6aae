using CsCheck;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Tests;

public class TraceTests
{
    [Theory]
    [InlineData("", "line 1: the file is empty")]
    [InlineData("x,a\n0,1\n1,2\n", "line 1: the first column must be 't', not 'x'")]
    [InlineData("t\n0\n1\n", "line 1: at least one column must follow 't'")]
    [InlineData("t,a,a\n0,1,1\n1,1,1\n", "line 1: column 'a' stands there twice")]
    [InlineData("t,a\n0,1\n1,2,3\n", "line 3: 2 values expected, 3 found")]
    [InlineData("t,a\n0,1\n\n1,x\n", "line 4: 'x' in column 2 is not a number")]
    [InlineData("t,a\n0,1\n1,\n", "line 3: there is no value in column 2")]
    [InlineData("t,a\n0,1\n1,-1\n", "line 3: demand must be 0 to 1E+18, not -1")]
    [InlineData("t,a\n0,1\n1,NaN\n", "line 3: 'NaN' in column 2 is not a number")]
    [InlineData("t,a\n0,1\n0,2\n", "line 3: times must rise from row to row, and 0 does not")]
    [InlineData("t,a\n0,1\n", "at least two times are needed")]
    [InlineData("t,a\n0,0\n1,0\n", "all demand is 0")]
    [InlineData("t,name,value\n0,a,1\n0,a,2\n", "line 3: 'a' has two values at 0")]
    [InlineData("t,name,value\n5,a,1\n4,a,2\n", "line 3: times must not fall from row to row, and 4 does")]
    [InlineData("t,name,value\n0,a\n", "line 2: 3 values expected, 2 found")]
    public void Trace_ThatIsWrong_SaysWhereAndWhy(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("wrong.csv", text);
        var message = Assert.Throws<TraceFormatException>(() => TraceSet.Read([path])).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_ThatIsMissing_SaysSo()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("nowhere.csv", Assert.Throws<TraceFormatException>(() => TraceSet.Read([folder.File("nowhere.csv")])).Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, Assert.Throws<TraceFormatException>(() => TraceSet.Read([folder.Path])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_WideOrLongOrZipped_ReadsAlike()
    {
        using var folder = new TemporaryFolder();
        const string Wide = "t,a,b\r\n0,1,0\r\n300,2.5,7\r\n600,0,1e2\r\n";
        string[] paths =
        [
            folder.Write("wide.csv", Wide),
            folder.WriteZipped("wide.csv.gz", Wide),
            folder.Write("bom.csv", "\uFEFF" + Wide),
            folder.Write("long.csv", "t,name,value\n0,a,1\n300,a,2.5\n300,b,7\n600,b,100\n"),
        ];
        foreach (var path in paths)
        {
            var set = TraceSet.Read([path]);
            Assert.Equal(["a", "b"], set.Names);
            Assert.Equal([[1.0, 0], [2.5, 7], [0, 100]], set.Demand().Select(static d => d.ToArray()));
        }
    }

    [Fact]
    public void Traces_OfDifferentSteps_AreJoinedByTime()
    {
        using var folder = new TemporaryFolder();
        var fine = folder.Write("fine.csv", "t,value\n100,1\n110,2\n120,3\n130,4\n140,5\n");
        var coarse = folder.Write("coarse.csv", "t,value\n0,10\n20,30\n");
        var set = TraceSet.Read([fine, coarse]);
        Assert.Equal(["fine", "coarse"], set.Names);
        Assert.Equal([[1.0, 10], [2, 10], [3, 30], [4, 30]], set.Demand().Select(static d => d.ToArray()));
    }

    [Fact]
    public void Trace_OfAnyBytes_NeverCrashes() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Bool, Gen.Int[0, 3]).Sample(
        static (bytes, isText, start) =>
        {
            string[] starts = ["", "t,a,b\n0,1,2\n", "t,name,value\n0,a,1\n", "\u001f\u008b\b\0"];
            using var folder = new TemporaryFolder();
            const string Letters = "0123456789.,,,\n\n\r\"\"t-eE+ a\u00e4";
            var text = starts[start] + new string([.. bytes.Select(b => isText ? Letters[b % Letters.Length] : (char)b)]);
            var path = folder.File("fuzz.csv");
            File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text));
            try
            {
                _ = TraceSet.Read([path]).Demand().Count();
            }
            catch (TraceFormatException exception)
            {
                Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
            }
        },
        iter: 3_000);

    [Fact]
    public void Synthetic_OfTheSameSeed_IsTheSameAndItsMeanIsAboutOne()
    {
        foreach (var kind in Enum.GetValues<SyntheticKind>())
        {
            double[][] Take(int seed) => [.. SyntheticDemand.Of(kind, participants: 6, seed).Take(5_000).Select(static d => d.ToArray())];
            var demand = Take(3);
            Assert.Equal(demand, Take(3));
            Assert.NotEqual(demand, Take(4));
            Assert.InRange(demand.Average(static d => d.Average()), 0.6, 1.6);
            Assert.All(demand, static d => Assert.All(d, static v => Assert.InRange(v, 0, 100)));
        }
    }
}
