namespace ResourceBorrowing.Balancing;

/// <summary>Whole units in place of parts of units, by largest remainder: each part is rounded down or up, and the sum stays exact (Hamilton's method).</summary>
internal static class WholeUnits
{
    // What adding and dividing may take from a part that is whole.
    private const double Slack = 1e-9;

    /// <param name="parts">From 0; together they are the sum, but for what adding them up loses.</param>
    /// <param name="sum">Of all parts.</param>
    /// <param name="whole">Receives each part in whole units.</param>
    internal static void Round(ReadOnlySpan<double> parts, int sum, Span<int> whole)
    {
        var (remainders, places, left) = (new double[parts.Length], new int[parts.Length], sum);
        for (var i = 0; i < parts.Length; i++)
        {
            whole[i] = (int)Math.Floor(parts[i] + Slack);
            left -= whole[i];
            // The largest first, the earlier of equals.
            (remainders[i], places[i]) = (whole[i] - parts[i], i);
        }

        if (left == 0) return;
        Array.Sort(remainders, places);
        for (var i = 0; i < left; i++) whole[places[i]]++;
    }
}
