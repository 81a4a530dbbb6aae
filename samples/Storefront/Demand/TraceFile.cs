using System.Globalization;
using Storefront.Guards;
using Storefront.Shop;

namespace Storefront.Demand;

/// <summary>A trace of demand: a CSV file with a header, <c>t</c> and one column for each subsystem.</summary>
/// <remarks>
/// Columns go to subsystems by name, or all in order when no name is a subsystem's. Times may have any unit; the trace is fitted to the length of
/// the run. Each column is scaled to the same mean level, so the trace says how demand moves, and the static split stays as well sized as it can be.
/// </remarks>
internal static class TraceFile
{
    private const double MeanLevel = 0.55;

    /// <param name="path">The file.</param>
    /// <param name="season">After how long demand repeats itself, in the times of the file; null when that is not known.</param>
    /// <param name="seconds">To how long the trace is fitted.</param>
    internal static DemandCurve Read(string path, double? season, double seconds)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TraceFormatException($"{path}: {exception.Message}");
        }

        if (lines.Length == 0) throw new TraceFormatException($"{path}: line 1: the file is empty");
        var columns = Columns(path, lines[0]);
        var rows = Rows(path, lines);
        var means = columns.Select(column => Mean(rows, column)).ToArray();
        if (means.All(static mean => mean == 0)) throw new TraceFormatException($"{path}: all demand is 0");
        var curve = DemandCurve.Of(seconds, at => [.. columns.Select((column, i) => means[i] == 0 ? 0 : ValueAt(rows, column, at, seconds) / means[i] * MeanLevel)]);
        return curve with { Season = season is { } length ? Fitted(path, length, End(rows) - rows[0][0], seconds) : null };
    }

    /// <summary>For each subsystem the place of its column in a row, of which 0 is the time.</summary>
    private static int[] Columns(string path, string header)
    {
        var names = header.Split(',', StringSplitOptions.TrimEntries);
        var subsystems = Subsystem.All.Select(static s => s.Name).ToList();
        TraceFormatException Fault(string reason) => new($"{path}: line 1: {reason}");

        if (names[0] != "t") throw Fault($"the first column must be 't', not '{names[0]}'");
        if (names.Length - 1 != subsystems.Count)
            throw Fault($"{subsystems.Count} columns must follow 't', one for each of {string.Join(", ", subsystems)}; there are {names.Length - 1}");
        if (names.GroupBy(static n => n).FirstOrDefault(static g => g.Count() > 1) is { } twice) throw Fault($"column '{twice.Key}' stands there twice");
        if (!names.Any(subsystems.Contains)) return [.. Enumerable.Range(1, subsystems.Count)];
        if (names.Skip(1).FirstOrDefault(n => !subsystems.Contains(n)) is { } unknown)
            throw Fault($"'{unknown}' is no subsystem; name all columns after subsystems ({string.Join(", ", subsystems)}) or none");
        return [.. subsystems.Select(s => Array.IndexOf(names, s))];
    }

    private static List<double[]> Rows(string path, string[] lines)
    {
        var rows = new List<double[]>();
        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            TraceFormatException Fault(string reason) => new($"{path}: line {i + 1}: {reason}");
            var cells = lines[i].Split(',', StringSplitOptions.TrimEntries);
            if (cells.Length != Subsystem.All.Count + 1) throw Fault($"{Subsystem.All.Count + 1} values expected, {cells.Length} found");
            var row = new double[cells.Length];
            for (var c = 0; c < cells.Length; c++)
            {
                if (!double.TryParse(cells[c], NumberStyles.Float, CultureInfo.InvariantCulture, out row[c]) || !double.IsFinite(row[c]))
                    throw Fault($"'{cells[c]}' is not a number");
                if (c > 0 && row[c] < 0) throw Fault($"demand cannot be negative: {cells[c]}");
            }

            if (rows.Count > 0 && row[0] <= rows[^1][0]) throw Fault("times must rise from row to row");
            rows.Add(row);
        }

        return rows.Count >= 2 ? rows : throw new TraceFormatException($"{path}: at least 2 rows of demand are needed, there are {rows.Count}");
    }

    private static TimeSpan Fitted(string path, double season, double length, double seconds)
    {
        var fitted = season / length * seconds;
        var least = 2 * Policy.ForecastStep.TotalSeconds;
        if (!(fitted >= least && fitted <= seconds))
            throw new TraceFormatException(string.Create(
                CultureInfo.InvariantCulture, $"{path}: a season must be {least / seconds * length:0.###} to {length:0.###}, not {season:0.###}: the trace is that long, and two steps of the forecast are the least"));
        return TimeSpan.FromSeconds(fitted);
    }

    // A row holds until the next; the last as long as the one before it.
    private static double End(List<double[]> rows) => 2 * rows[^1][0] - rows[^2][0];

    private static double Mean(List<double[]> rows, int column) =>
        rows.Select((row, i) => row[column] * ((i + 1 < rows.Count ? rows[i + 1][0] : End(rows)) - row[0])).Sum() / (End(rows) - rows[0][0]);

    /// <summary>The mean over the step around a point, so that a trace with many rows loses none of its demand.</summary>
    private static double ValueAt(List<double[]> rows, int column, double at, double seconds)
    {
        var length = End(rows) - rows[0][0];
        var half = Math.Min(0.5, DemandCurve.StepSeconds / seconds / 2);
        var (from, to) = (rows[0][0] + (at - half) * length, rows[0][0] + (at + half) * length);
        var first = rows.BinarySearch([from], Comparer<double[]>.Create(static (a, b) => a[0].CompareTo(b[0])));
        if (first < 0) first = Math.Max(0, ~first - 1);
        double sum = 0;
        for (var i = first; i < rows.Count && rows[i][0] < to; i++)
        {
            var end = i + 1 < rows.Count ? rows[i + 1][0] : End(rows);
            sum += rows[i][column] * Math.Max(0, Math.Min(end, to) - Math.Max(rows[i][0], from));
        }

        return sum / (to - from);
    }
}
