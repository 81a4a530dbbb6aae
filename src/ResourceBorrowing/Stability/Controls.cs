namespace ResourceBorrowing.Stability;

/// <summary>What participants outside the loan went through meanwhile: the share of a change that is not the loan's.</summary>
/// <param name="Count">How many there were to compare with.</param>
/// <param name="WasHostSteady">Whether the host's own signals were steady, which is all there is to go by without any.</param>
internal readonly record struct Controls(int Count, bool WasHostSteady)
{
    private const int Enough = 3;

    /// <summary>The weight of what is found: 1, a half with one or two controls, a quarter with none on a steady host; 0 when nothing can be told.</summary>
    internal double Weight => Count >= Enough ? 1 : Count > 0 ? 0.5 : WasHostSteady ? 0.25 : 0;

    /// <summary>Their median, window by window, after each was put on one level: their latencies may differ a hundredfold, and they may come and go.</summary>
    /// <param name="series">One control after the other, each as long as <paramref name="median"/>: logarithms of latencies, not numbers where nothing was measured.</param>
    /// <param name="wasHostSteady">Whether the host's own signals were steady.</param>
    /// <param name="median">Gets the median; not a number where no control was measured.</param>
    internal static Controls Of(ReadOnlySpan<double> series, bool wasHostSteady, Span<double> median)
    {
        var length = median.Length;
        var all = length == 0 ? 0 : series.Length / length;
        Span<double> levels = all <= 64 ? stackalloc double[all] : new double[all];
        Span<double> window = all <= 64 ? stackalloc double[all] : new double[all];
        var count = 0;
        for (var c = 0; c < all; c++)
        {
            var (known, sum) = (0, 0.0);
            foreach (var sample in series.Slice(c * length, length))
                if (Attribution.IsSample(sample)) (known, sum) = (known + 1, sum + sample);
            // One that was away for most of the time cannot tell what happened in it.
            levels[c] = 2 * known < length ? double.NaN : sum / known;
            if (!double.IsNaN(levels[c])) count++;
        }

        for (var t = 0; t < length; t++)
        {
            var known = 0;
            for (var c = 0; c < all; c++)
                if (Attribution.IsSample(series[c * length + t]) && !double.IsNaN(levels[c])) window[known++] = series[c * length + t] - levels[c];
            window[..known].Sort();
            median[t] = known == 0 ? double.NaN : (window[(known - 1) / 2] + window[known / 2]) / 2;
        }

        return new(count, wasHostSteady);
    }
}
