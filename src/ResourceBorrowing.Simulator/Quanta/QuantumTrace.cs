using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>A trace of which each row is a quantum, with demands in whole units, rounded up.</summary>
internal sealed class QuantumTrace
{
    private readonly double[]? _means;
    private readonly int _meanOfAll;

    /// <param name="file">The trace.</param>
    /// <param name="mean">What the demand of each is scaled to have as its mean; 0 to leave it as it is. Who demands nothing at all goes on so.</param>
    internal QuantumTrace(TraceFile file, int mean = 0)
    {
        (File, _meanOfAll) = (file, mean);
        if (mean == 0) return;
        var (rows, totals) = (0L, new double[file.Names.Count]);
        foreach (var row in file.Rows())
        {
            rows++;
            for (var i = 0; i < totals.Length; i++) totals[i] += row.Demand[i];
        }

        _means = [.. totals.Select(t => t / rows)];
    }

    internal TraceFile File { get; }

    /// <summary>One quantum after the other; the same array each time.</summary>
    internal IEnumerable<(string Time, long[] Demands)> Quanta()
    {
        var demands = new long[File.Names.Count];
        foreach (var row in File.Rows())
        {
            for (var i = 0; i < demands.Length; i++) demands[i] = (long)Math.Ceiling(Scaled(i, row.Demand[i]));
            yield return (row.Text, demands);
        }
    }

    private double Scaled(int column, double demand) => _means is null || demand == 0 ? demand : demand / _means[column] * _meanOfAll;
}
