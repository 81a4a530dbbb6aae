using System.Globalization;
using System.IO.Compression;
using System.Text;
using nietras.SeparatedValues;

namespace ResourceBorrowing.Simulator.Traces;

/// <summary>
/// A CSV file of demand, gzipped or not: wide (<c>t</c> and one column for each participant) or long (<c>t,name,value</c>, rows of one time together; a name
/// without a row has no demand then). Read row by row, never as a whole.
/// </summary>
internal sealed class TraceFile
{
    private const double MostDemand = 1e18;
    internal const double MostTime = 1e15;
    private const int LongestName = 100;

    private readonly bool _isLong;
    private readonly Dictionary<string, int> _columns = new(StringComparer.Ordinal);

    private TraceFile(string path, bool isLong) => (Path, _isLong) = (path, isLong);

    internal string Path { get; }

    /// <summary>The first line of a wide file as it stands; of a long one what would stand there if it were wide.</summary>
    internal string Header { get; private set; } = "";

    /// <summary>The names of the columns; of a long file those found in it, in the order of their first rows.</summary>
    internal IReadOnlyList<string> Names => [.. _columns.Keys];

    /// <summary>Seconds from the first row to the second.</summary>
    internal double Step { get; private set; }

    /// <summary>Seconds from the first row to the end of the last, which lasts one step.</summary>
    internal double Length { get; private set; }

    /// <summary>Reads the whole file once: what is wrong with it is known from here on.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="needsStep">Whether it must have two rows.</param>
    /// <exception cref="TraceFormatException">It cannot be read, or something in it is wrong.</exception>
    internal static TraceFile Survey(string path, bool needsStep = true)
    {
        using var lines = new TraceLines(path);
        if (!lines.MoveNext()) throw lines.Fault("the file is empty");
        var header = lines.Cells;
        var file = new TraceFile(path, header is ["t", "name", "value"]);
        if (header[0] != "t") throw lines.Fault($"the first column must be 't', not '{TraceLines.Shown(header[0])}'");
        if (!file._isLong)
        {
            if (header.Length < 2) throw lines.Fault("at least one column must follow 't'");
            foreach (var name in header.AsSpan(1)) file.Add(name, lines);
        }

        double? first = null;
        double last = 0;
        foreach (var row in file.Rows(lines, mayAdd: file._isLong))
        {
            if (first is null) first = row.Time;
            else if (file.Step == 0) file.Step = row.Time - first.Value;
            last = row.Time;
        }

        if (first is null) throw new TraceFormatException($"{path}: there is no row of demand");
        if (file.Step == 0 && needsStep) throw new TraceFormatException($"{path}: at least two times are needed, so that the length of a step is known");
        file.Length = last - first.Value + file.Step;
        file.Header = file._isLong ? string.Join(',', file.Names.Select(Quoted).Prepend("t")) : lines.Header;
        return file;
    }

    /// <summary>The rows, in the order of time.</summary>
    internal IEnumerable<TraceRow> Rows()
    {
        using var lines = new TraceLines(Path);
        lines.MoveNext();
        foreach (var row in Rows(lines, mayAdd: false)) yield return row;
    }

    private IEnumerable<TraceRow> Rows(TraceLines lines, bool mayAdd) => _isLong ? LongRows(lines, mayAdd) : WideRows(lines);

    private IEnumerable<TraceRow> WideRows(TraceLines lines)
    {
        var demand = new double[_columns.Count];
        var last = double.NegativeInfinity;
        while (lines.MoveNext())
        {
            if (lines.Count != demand.Length + 1) throw lines.Fault($"{demand.Length + 1} values expected, {lines.Count} found");
            var time = lines.Number(0, "t", -MostTime, MostTime);
            if (time <= last) throw lines.Fault($"times must rise from row to row, and {lines.Text(0)} does not");
            for (var i = 0; i < demand.Length; i++) demand[i] = lines.Number(i + 1, "demand", 0, MostDemand);
            last = time;
            yield return new(lines.Line, time, lines.First, demand);
        }
    }

    private IEnumerable<TraceRow> LongRows(TraceLines lines, bool mayAdd)
    {
        var demand = new double[_columns.Count];
        var given = new HashSet<int>();
        double? at = null;
        var (began, text) = (0L, "");
        while (lines.MoveNext())
        {
            if (lines.Count != 3) throw lines.Fault($"3 values expected, {lines.Count} found");
            var time = lines.Number(0, "t", -MostTime, MostTime);
            if (at is { } sofar && time != sofar)
            {
                if (time < sofar) throw lines.Fault($"times must not fall from row to row, and {lines.Text(0)} does");
                yield return new(began, sofar, text, demand);
                Array.Clear(demand);
                given.Clear();
            }

            if (at != time) (at, began, text) = (time, lines.Line, lines.First);
            var name = lines.Text(1);
            if (!_columns.TryGetValue(name, out var column))
            {
                if (!mayAdd) throw lines.Fault("the file has changed while it was read");
                column = Add(name, lines);
                Array.Resize(ref demand, _columns.Count);
            }

            if (!given.Add(column)) throw lines.Fault($"'{TraceLines.Shown(name)}' has two values at {lines.Text(0)}");
            demand[column] = lines.Number(2, "demand", 0, MostDemand);
        }

        if (at is { } end) yield return new(began, end, text, demand);
    }

    private int Add(string name, TraceLines lines)
    {
        if (name.Length is 0 or > LongestName) throw lines.Fault($"a name has 1 to {LongestName} characters, '{TraceLines.Shown(name)}' has {name.Length}");
        if (name.Any(char.IsControl)) throw lines.Fault($"'{TraceLines.Shown(name)}' has control characters, no name may");
        if (!_columns.TryAdd(name, _columns.Count)) throw lines.Fault($"column '{TraceLines.Shown(name)}' stands there twice");
        return _columns.Count - 1;
    }

    private static string Quoted(string name) => name.AsSpan().ContainsAny(',', '"') ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : name;
}

/// <summary>The lines of a CSV file, one at a time, with what is needed to say what is wrong with them.</summary>
internal sealed class TraceLines : IDisposable
{
    private const int MostShown = 40;
    private readonly string _path;
    private readonly SepReader _reader;
    private string[] _cells = [];

    internal TraceLines(string path)
    {
        _path = path;
        try
        {
            _reader = Sep.New(',').Reader(static o => o with { HasHeader = false, DisableColCountCheck = true, Unescape = true }).From(Open(path));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw Unreadable(exception);
        }
    }

    /// <summary>The number of the line, from 1.</summary>
    internal long Line { get; private set; }

    internal int Count { get; private set; }

    /// <summary>The first line as it stands.</summary>
    internal string Header { get; private set; } = "";

    /// <summary>The first value of the line as it stands.</summary>
    internal string First { get; private set; } = "";

    internal string[] Cells => _cells[..Count];

    internal static string Shown(string text) =>
        new([.. (text.Length <= MostShown ? text : text[..MostShown] + "...").Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);

    /// <summary>Goes on to the next line that is not empty.</summary>
    internal bool MoveNext()
    {
        try
        {
            while (_reader.MoveNext())
            {
                var row = _reader.Current;
                // Sep counts the first row as if it began where it ends.
                Line = Math.Min(row.LineNumberFrom, row.LineNumberToExcl - 1);
                var text = row.Span;
                if (text.IsWhiteSpace()) continue;
                // Before the cells are read, for that takes their quotes off in place.
                if (Header.Length == 0) Header = text.ToString();
                First = (text.IndexOf(',') is var comma and >= 0 ? text[..comma] : text).ToString();
                Count = row.ColCount;
                if (_cells.Length < Count) _cells = new string[Count];
                for (var i = 0; i < Count; i++) _cells[i] = row[i].Span.Trim().ToString();
                return true;
            }

            return false;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw Unreadable(exception);
        }
    }

    internal string Text(int column) => _cells[column];

    internal double Number(int column, string what, double least, double most)
    {
        var text = _cells[column];
        if (text.Length == 0) throw Fault($"there is no value in column {column + 1}");
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            throw Fault($"'{Shown(text)}' in column {column + 1} is not a number");
        if (value < least || value > most)
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"{what} must be {least} to {most}, not {Shown(text)}"));
        return value;
    }

    internal TraceFormatException Fault(string reason) => new($"{_path}: line {Math.Max(1, Line)}: {reason}");

    public void Dispose() => _reader.Dispose();

    private static StreamReader Open(string path)
    {
        var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16 });
        try
        {
            Span<byte> magic = stackalloc byte[2];
            var isZipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
            file.Position = 0;
            return new StreamReader(isZipped ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private TraceFormatException Unreadable(Exception exception) =>
        new(Line == 0 ? $"{_path}: {exception.Message}" : $"{_path}: after line {Line}: {exception.Message}");
}
