namespace ResourceBorrowing.Stability;

/// <summary>One coefficient of a fit.</summary>
/// <param name="Value">Its most likely value.</param>
/// <param name="Error">Its standard error, above 0.</param>
/// <param name="Freedom">Degrees of freedom of the error.</param>
internal readonly record struct Estimate(double Value, double Error, double Freedom)
{
    /// <summary>
    /// How far the value lies from 0 as a standard normal deviate: 2.33 is passed by chance once in a hundred times. Student's t by the approximation of Wallace
    /// (Annals of Mathematical Statistics 30, 1959), which is right to 0.01 from 10 degrees of freedom on.
    /// </summary>
    internal double Z
    {
        get
        {
            var t = Value / Error;
            return Math.Sign(t) * (8 * Freedom + 1) / (8 * Freedom + 3) * Math.Sqrt(Freedom * Math.Log(1 + t * t / Freedom));
        }
    }
}

/// <summary>
/// Least squares for a series whose noise lingers: each sample resembles the one before (autoregressive of order 1), so many samples say less than as many independent ones. Pure.
/// </summary>
/// <remarks>
/// For a given correlation, samples and columns are differenced so that the noise that is left is independent (Prais and Winsten 1954; a gap of g samples counts with the g-th power), and plain
/// least squares give honest errors. The correlation is not known, and one estimated from some sixty samples comes out too low too often: the bar of one false blame in a hundred is then
/// missed. So several are tried and averaged by their restricted likelihood; what they disagree on widens the error.
/// </remarks>
internal static class CorrelatedFit
{
    internal const int MostColumns = 8;

    // Latencies with less noise than a percent there are none: equal samples must not make a certainty of a rounding error.
    private const double LeastNoise = 0.01;
    private const int LeastFreedom = 5;

    // Seconds of latency resemble each other by about 0.6. Where they do not, starting at 0.5 costs some sensitivity; starting at 0 would cost innocents.
    private static ReadOnlySpan<double> Correlations => [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98];

    /// <summary>Fits a constant and the columns to a series.</summary>
    /// <param name="series">Samples at even distances; those that are no numbers are left out.</param>
    /// <param name="columns">One column after the other, each as long as the series; finite.</param>
    /// <param name="spread">How large a coefficient usually is: those that the data do not determine are drawn to 0 (ridge regression); infinite for none of that.</param>
    /// <param name="estimates">One for each column, at most 8.</param>
    /// <returns>Whether there are samples enough, and columns that differ from each other and from the constant.</returns>
    internal static bool TryFit(ReadOnlySpan<double> series, ReadOnlySpan<double> columns, double spread, Span<Estimate> estimates)
    {
        var count = estimates.Length;
        var (samples, centre) = Centre(series);
        if (samples - 1 - count < LeastFreedom) return false;
        var width = count + 2;
        Span<double> products = stackalloc double[(MostColumns + 2) * (MostColumns + 2)];
        products = products[..(width * width)];
        Span<double> values = stackalloc double[MostColumns * Correlations.Length];
        Span<double> variances = stackalloc double[MostColumns * Correlations.Length];
        Span<double> likelihoods = stackalloc double[Correlations.Length];
        for (var i = 0; i < Correlations.Length; i++)
        {
            var spreadOut = Products(series, columns, centre, Correlations[i], products);
            var at = i * MostColumns;
            if (!TrySolve(products, samples, spread, values.Slice(at, count), variances.Slice(at, count), out likelihoods[i])) return false;
            likelihoods[i] -= spreadOut / 2;
        }

        Average(likelihoods, values, variances, samples - 1 - count, estimates);
        return true;
    }

    private static (int Samples, double Centre) Centre(ReadOnlySpan<double> series)
    {
        var (samples, sum) = (0, 0.0);
        foreach (var sample in series)
            if (double.IsFinite(sample)) (samples, sum) = (samples + 1, sum + sample);
        return (samples, samples == 0 ? 0 : sum / samples);
    }

    /// <summary>The sums of products of constant, columns and series, each differenced; returns the logarithm of the determinant of the noise.</summary>
    private static double Products(ReadOnlySpan<double> series, ReadOnlySpan<double> columns, double centre, double correlation, Span<double> products)
    {
        var width = columns.Length / series.Length + 2;
        products.Clear();
        Span<double> row = stackalloc double[MostColumns + 2];
        var (before, determinant) = (-1, 0.0);
        for (var t = 0; t < series.Length; t++)
        {
            if (!double.IsFinite(series[t])) continue;
            var (kept, variance) = (0.0, 1.0);
            if (before >= 0)
            {
                kept = Math.Pow(correlation, t - before);
                variance = 1 - kept * kept;
                determinant += Math.Log(variance);
            }

            var scale = 1 / Math.Sqrt(variance);
            row[0] = scale * (1 - kept);
            for (var j = 0; j < width - 2; j++) row[j + 1] = scale * (columns[j * series.Length + t] - (before < 0 ? 0 : kept * columns[j * series.Length + before]));
            row[width - 1] = scale * (series[t] - centre - (before < 0 ? 0 : kept * (series[before] - centre)));
            for (var i = 0; i < width; i++)
                for (var j = 0; j <= i; j++) products[i * width + j] += row[i] * row[j];
            before = t;
        }

        return determinant;
    }

    /// <summary>Values and variances of the coefficients, and how likely the data are; false when the columns do not determine them.</summary>
    private static bool TrySolve(ReadOnlySpan<double> products, int samples, double spread, Span<double> values, Span<double> variances, out double likelihood)
    {
        var (count, size) = (values.Length, values.Length + 1);
        var width = size + 1;
        var isRidge = double.IsFinite(spread);
        var freedom = samples - 1 - count;
        var next = Math.Max(LeastNoise * LeastNoise, products[width * width - 1] / samples);
        var noise = next;
        Span<double> factor = stackalloc double[(MostColumns + 1) * (MostColumns + 1)];
        Span<double> half = stackalloc double[MostColumns + 1];
        likelihood = 0;

        // How strongly coefficients are drawn to 0 depends on the noise, which depends on them: a third round is near enough. The errors are those of the noise that did the
        // drawing; a smaller one would be sure of what the data do not determine.
        for (var round = isRidge ? 0 : 2; round < 3; round++)
        {
            noise = next;
            var pull = isRidge ? noise / (spread * spread) : 0;
            if (!TryFactor(products, size, pull, factor, out var determinant)) return false;
            var left = products[width * width - 1];
            for (var i = 0; i < size; i++)
            {
                var sum = products[size * width + i];
                for (var j = 0; j < i; j++) sum -= factor[i * size + j] * half[j];
                half[i] = sum / factor[i * size + i];
                left -= half[i] * half[i];
            }

            left = Math.Max(left, LeastNoise * LeastNoise * freedom);
            next = left / freedom;
            likelihood = ((isRidge ? count * Math.Log(pull) : 0) - determinant - (isRidge ? samples - 1 : freedom) * Math.Log(left)) / 2;
        }

        if (!isRidge) noise = next;
        BackSubstitute(factor, size, half, values);
        for (var i = 0; i < count; i++) variances[i] = noise * InverseDiagonal(factor, size, i + 1, half);
        return double.IsFinite(likelihood);
    }

    /// <summary>Cholesky's factor of the products of constant and columns.</summary>
    private static bool TryFactor(ReadOnlySpan<double> products, int size, double pull, Span<double> factor, out double determinant)
    {
        determinant = 0;
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = products[i * (size + 1) + j] + (i == j && i > 0 ? pull : 0);
                var whole = sum;
                for (var k = 0; k < j; k++) sum -= factor[i * size + k] * factor[j * size + k];
                if (i != j)
                {
                    factor[i * size + j] = sum / factor[j * size + j];
                    continue;
                }

                // Nothing but rounding is left of a column that others make up.
                if (!(sum > 1e-10 * whole)) return false;
                factor[i * size + i] = Math.Sqrt(sum);
                determinant += Math.Log(sum);
            }
        }

        return true;
    }

    private static void BackSubstitute(ReadOnlySpan<double> factor, int size, ReadOnlySpan<double> half, Span<double> values)
    {
        // The constant, solved last, is of no interest.
        for (var i = size - 1; i > 0; i--)
        {
            var sum = half[i];
            for (var j = i + 1; j < size; j++) sum -= factor[j * size + i] * values[j - 1];
            values[i - 1] = sum / factor[i * size + i];
        }
    }

    private static double InverseDiagonal(ReadOnlySpan<double> factor, int size, int place, Span<double> column)
    {
        var squares = 0.0;
        for (var i = place; i < size; i++)
        {
            var sum = i == place ? 1.0 : 0;
            for (var j = place; j < i; j++) sum -= factor[i * size + j] * column[j];
            column[i] = sum / factor[i * size + i];
            squares += column[i] * column[i];
        }

        return squares;
    }

    private static void Average(ReadOnlySpan<double> likelihoods, ReadOnlySpan<double> values, ReadOnlySpan<double> variances, int freedom, Span<Estimate> estimates)
    {
        var best = double.NegativeInfinity;
        foreach (var likelihood in likelihoods) best = Math.Max(best, likelihood);
        for (var c = 0; c < estimates.Length; c++)
        {
            var (weights, mean, square) = (0.0, 0.0, 0.0);
            for (var i = 0; i < likelihoods.Length; i++)
            {
                var (weight, value) = (Math.Exp(likelihoods[i] - best), values[i * MostColumns + c]);
                (weights, mean, square) = (weights + weight, mean + weight * value, square + weight * (variances[i * MostColumns + c] + value * value));
            }

            mean /= weights;
            estimates[c] = new(mean, Math.Sqrt(Math.Max(square / weights - mean * mean, double.Epsilon)), freedom);
        }
    }
}
