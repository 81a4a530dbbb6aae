using System.Globalization;
using ResourceBorrowing.Market;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>A bid of one quantum.</summary>
/// <param name="Column">Whose.</param>
/// <param name="Units">How many it wants, from 1.</param>
/// <param name="Price">The most it pays, in credits for a unit and a quantum.</param>
/// <param name="Priority">Higher ones are served first.</param>
/// <param name="TakesPart">Whether fewer units are welcome too.</param>
internal readonly record struct QuantumBid(int Column, int Units, decimal Price, int Priority, bool TakesPart);

/// <summary>A CSV file of bids: <c>t,name,units,price</c>, and, if wanted, <c>priority</c> and <c>partial</c>. Of the bids of one quantum the earlier row is the older.</summary>
internal sealed class BidFile
{
    private const int MostPriority = 100;
    private static readonly string[] Header = ["t", "name", "units", "price", "priority", "partial"];

    private readonly Dictionary<long, List<QuantumBid>> _bids = [];

    private BidFile() { }

    /// <exception cref="TraceFormatException">It cannot be read, something in it is wrong, or it does not fit the trace.</exception>
    internal static BidFile Read(string path, TraceFile trace)
    {
        var (file, quanta, columns) = (new BidFile(), new Dictionary<double, long>(), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var row in trace.Rows()) quanta.Add(row.Time, quanta.Count);
        foreach (var name in trace.Names) columns.Add(name, columns.Count);
        using var lines = new TraceLines(path);
        if (!lines.MoveNext()) throw lines.Fault("the file is empty");
        var width = lines.Count;
        if (width < 4 || width > Header.Length || !Header.AsSpan(0, width).SequenceEqual(lines.Cells)) throw lines.Fault("the columns must be t,name,units,price, then, if wanted, priority, then partial");
        while (lines.MoveNext())
        {
            if (lines.Count != width) throw lines.Fault($"{width} values expected, {lines.Count} found");
            if (!quanta.TryGetValue(lines.Number(0, "t", -TraceFile.MostTime, TraceFile.MostTime), out var quantum)) throw lines.Fault($"the trace has no row at {TraceLines.Shown(lines.Text(0))}");
            if (!columns.TryGetValue(lines.Text(1), out var column)) throw lines.Fault($"'{TraceLines.Shown(lines.Text(1))}' is no participant of the trace");
            if (!file._bids.TryGetValue(quantum, out var bids)) file._bids.Add(quantum, bids = []);
            bids.Add(new(column, Whole(lines, 2, 1, int.MaxValue), Price(lines, 3), width > 4 ? Whole(lines, 4, -MostPriority, MostPriority) : 0, width <= 5 || IsTrue(lines, 5)));
        }

        return file;
    }

    /// <summary>The bids of a quantum, from 0.</summary>
    internal IReadOnlyList<QuantumBid> At(long quantum) => _bids.GetValueOrDefault(quantum) ?? [];

    private static int Whole(TraceLines lines, int column, int least, int most)
    {
        var number = lines.Number(column, Header[column], least, most);
        return number == Math.Floor(number) ? (int)number : throw lines.Fault($"{Header[column]} must be a whole number, not {TraceLines.Shown(lines.Text(column))}");
    }

    private static decimal Price(TraceLines lines, int column)
    {
        lines.Number(column, Header[column], 0, (double)CreditAmount.HighestPrice);
        var isDecimal = decimal.TryParse(lines.Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var price);
        return isDecimal && price * CreditAmount.PricePerCredit == decimal.Floor(price * CreditAmount.PricePerCredit)
            ? price
            : throw lines.Fault($"{Header[column]} counts in thousandths, and {TraceLines.Shown(lines.Text(column))} does not");
    }

    private static bool IsTrue(TraceLines lines, int column) => lines.Text(column) switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        var text => throw lines.Fault($"{Header[column]} must be true or false, not '{TraceLines.Shown(text)}'"),
    };
}
