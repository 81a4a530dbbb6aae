namespace ResourceBorrowing.Simulator.Traces;

/// <summary>The demand of one participant, step by step.</summary>
/// <param name="Name">Of its column; of its file, when the only column is called <c>value</c>.</param>
/// <param name="Times">Seconds.</param>
/// <param name="Values">From 0.</param>
/// <param name="Day">Steps of a day, at least 2.</param>
internal sealed record DemandSeries(string Name, double[] Times, double[] Values, int Day)
{
    private const double SecondsOfADay = 86_400;

    /// <summary>Each column of a file.</summary>
    /// <exception cref="TraceFormatException">It cannot be read, or something in it is wrong.</exception>
    internal static IReadOnlyList<DemandSeries> Read(string path)
    {
        var file = TraceFile.Survey(path);
        var times = new List<double>();
        var columns = file.Names.Select(static _ => new List<double>()).ToArray();
        foreach (var row in file.Rows())
        {
            times.Add(row.Time);
            for (var i = 0; i < columns.Length; i++) columns[i].Add(row.Demand[i]);
        }

        var day = (int)Math.Clamp(Math.Round(SecondsOfADay / file.Step), 2, 1e6);
        return [.. columns.Select((c, i) => new DemandSeries(file.Names is ["value"] ? Path.GetFileNameWithoutExtension(path) : file.Names[i], [.. times], [.. c], day))];
    }
}
