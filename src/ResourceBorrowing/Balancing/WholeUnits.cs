namespace ResourceBorrowing.Balancing;

/// <summary>Whole units in place of parts of units, by largest remainder: each part is rounded down or up, and the sum stays exact (Hamilton's method).</summary>
internal static class WholeUnits
{
    // What adding and dividing may take from a part that is whole.
    private const double Slack = 1e-9;

    // Remainders are sorted only where the last unit falls: among thousands, all others need only be told apart from those.
    private const int Classes = 256;

    /// <param name="parts">From 0; together they are the sum, but for what adding them up loses.</param>
    /// <param name="sum">Of all parts.</param>
    /// <param name="whole">Receives each part in whole units: those with the largest remainders rounded up, the earlier of equals.</param>
    internal static void Round(ReadOnlySpan<double> parts, int sum, Span<int> whole)
    {
        Span<int> counts = stackalloc int[Classes + 1];
        counts.Clear();
        var left = sum;
        for (var i = 0; i < parts.Length; i++)
        {
            whole[i] = (int)(parts[i] + Slack);
            left -= whole[i];
            counts[ClassOf(parts[i] - whole[i])]++;
        }

        var last = Classes;
        for (; last > 0 && counts[last] <= left; last--) left -= counts[last];
        var (order, count) = (new (double Remainder, int Place)[counts[last]], 0);
        for (var i = 0; i < parts.Length; i++)
        {
            var remainder = parts[i] - whole[i];
            if (ClassOf(remainder) is var one && one > last) whole[i]++;
            else if (one == last) order[count++] = (-remainder, i);
        }

        // By remainder, and by place among equals, which sorting by remainders alone would leave to chance.
        Array.Sort(order);
        for (var i = 0; i < left; i++) whole[order[i].Place]++;
    }

    private static int ClassOf(double remainder) => (int)(Math.Clamp(remainder, 0, 1) * Classes);
}
