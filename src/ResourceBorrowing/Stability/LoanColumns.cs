namespace ResourceBorrowing.Stability;

/// <summary>Who had how much of a lender's units in which window, as columns of a regression: one for each borrower, and one for all that are too many.</summary>
/// <remarks>A column is 1 in the mean over the windows in which something was lent, so its coefficient is the effect as the lender felt it.</remarks>
internal sealed class LoanColumns
{
    // Less than this of a lender's units is none, and numbers near 0 do not divide well.
    private const double LeastShare = 1e-6;

    private readonly int[] _members;
    private readonly int _length;

    private LoanColumns(int length, int count, int[] places, double[] parts)
    {
        _length = length;
        Count = count;
        Places = places;
        Parts = parts;
        Values = new double[count * length];
        Windows = new int[count];
        _members = new int[count];
    }

    internal int Count { get; }

    /// <summary>The column of each borrower; -1 of one that borrowed nothing.</summary>
    internal int[] Places { get; }

    /// <summary>The part of each borrower in all that was lent, in unit-seconds.</summary>
    internal double[] Parts { get; }

    /// <summary>One column after the other.</summary>
    internal double[] Values { get; }

    /// <summary>In how many windows that were measured the column is not 0.</summary>
    internal int[] Windows { get; }

    internal bool IsJoint(int place) => _members[place] > 1;

    internal static LoanColumns Of(ReadOnlySpan<double> series, ReadOnlySpan<double> shares, int borrowers)
    {
        var length = series.Length;
        var amounts = new double[borrowers];
        for (var b = 0; b < borrowers; b++)
            for (var t = 0; t < length; t++) amounts[b] += double.IsNaN(series[t]) ? 0 : Share(shares[b * length + t]);

        var places = new int[borrowers];
        Array.Fill(places, -1);
        var order = Enumerable.Range(0, borrowers).Where(b => amounts[b] > 0).OrderByDescending(b => amounts[b]).ToArray();
        for (var i = 0; i < order.Length; i++) places[order[i]] = Math.Min(i, CorrelatedFit.MostColumns - 1);
        var all = amounts.Sum();
        var columns = new LoanColumns(length, Math.Min(order.Length, CorrelatedFit.MostColumns), places, [.. amounts.Select(a => all > 0 ? a / all : 0)]);
        foreach (var b in order)
        {
            var place = places[b];
            columns._members[place]++;
            for (var t = 0; t < length; t++) columns.Values[place * length + t] += Share(shares[b * length + t]);
        }

        for (var place = 0; place < columns.Count; place++) columns.Windows[place] = Scale(series, columns.Values.AsSpan(place * length, length));
        return columns;
    }

    /// <summary>Whether anything was lent, as one column; returns in how many windows that were measured it was.</summary>
    internal int Together(ReadOnlySpan<double> series, out double[] together)
    {
        together = new double[_length];
        var windows = 0;
        for (var t = 0; t < _length; t++)
        {
            for (var place = 0; place < Count; place++)
                if (Values[place * _length + t] > 0) together[t] = 1;
            if (!double.IsNaN(series[t])) windows += (int)together[t];
        }

        return windows;
    }

    private static double Share(double share) => share >= LeastShare ? Math.Min(share, 1) : 0;

    private static int Scale(ReadOnlySpan<double> series, Span<double> column)
    {
        var (windows, sum) = (0, 0.0);
        for (var t = 0; t < column.Length; t++)
            if (!double.IsNaN(series[t]) && column[t] > 0) (windows, sum) = (windows + 1, sum + column[t]);
        for (var t = 0; t < column.Length; t++) column[t] = windows == 0 ? 0 : column[t] * windows / sum;
        return windows;
    }
}
