using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>Beside no other test: the memory that is measured is the whole process's.</summary>
[Collection(WholeProcess.Name)]
public class TraceMemoryTests
{
    [Fact]
    public void Trace_OfManyRows_IsNotKeptInMemory()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("many.csv");
        using (var writer = new StreamWriter(path))
        {
            writer.Write("t,a,b,c,d\n");
            for (var i = 0; i < 400_000; i++) writer.Write(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{i},{i % 7}.123456789,{i % 5},{i % 3},1\n"));
        }

        var set = TraceSet.Read([path]);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var steps = 0;
        foreach (var demand in set.Demand())
            if (++steps == 300_000) Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, new FileInfo(path).Length / 4);
        Assert.Equal(400_000, steps);
    }
}
