namespace ResourceBorrowing.Stability;

/// <summary>
/// Whom to blame for a lender's latency: what changed with the loans, less what changed for everybody. Pure: it never throws, whatever the samples are, and never answers with what is no number.
/// </summary>
/// <remarks>
/// An effect is claimed when it exceeds 5 % and chance gives the like less than once in a hundred times. One that is not claimed counts as none only when an effect of
/// half as much again would have shown; otherwise the impact is unknown.
/// </remarks>
internal static class Attribution
{
    /// <summary>Samples before a loan to compare with, and the most after it.</summary>
    internal const int BaselineSamples = 30;

    /// <summary>Fewer are no evidence.</summary>
    internal const int LeastSamples = 10;

    /// <summary>Windows of a second that loans of several borrowers are judged by.</summary>
    internal const int Windows = 120;

    private const double LeastZ = 2.33;
    private const double FullEffect = 0.5;

    // Chance has two occasions, during a loan and after it. Three quarters of the one in a hundred go to the first: 2.44 and 2.81 are those normal deviates.
    private const double DuringPart = LeastZ / 2.44;
    private const double AfterPart = LeastZ / 2.81;

    // Blame by amounts alone goes to whoever borrowed most, whoever it was.
    private const double MostBlameByAmount = 0.25;

    // No latency is e^100 seconds, and none the inverse of that; its square still is a number.
    private const double Largest = 100;
    private static readonly double LeastEffect = Math.Log(1.05);
    private static readonly double UsualEffect = Math.Log(1 + FullEffect);

    internal static bool IsSample(double sample) => Math.Abs(sample) <= Largest;

    /// <summary>One loan of ten seconds or more, with no other loan of the lender beside it: difference in differences.</summary>
    /// <param name="lender">Logarithms of the lender's latency: before, during and after the loan; not numbers where nothing was measured.</param>
    /// <param name="median">Of the controls, see <see cref="Controls.Of"/>, as long as the lender's.</param>
    /// <param name="controls">Who they were.</param>
    /// <param name="before">How many of the samples are the baseline.</param>
    /// <param name="during">How many after these the loan lasted; the rest came after it, as many as the loan lasted and at most 30.</param>
    internal static Impact? OfLoan(ReadOnlySpan<double> lender, ReadOnlySpan<double> median, Controls controls, int before, int during)
    {
        if (controls.Weight == 0 || before < 0 || during < 0) return null;
        Span<double> series = lender.Length <= 256 ? stackalloc double[lender.Length] : new double[lender.Length];
        Compare(lender, median, controls, series);
        before = Math.Min(before, series.Length);
        during = Math.Min(during, series.Length - before);
        var after = series[(before + during)..];
        if (Known(series[..before]) < LeastSamples || Known(series.Slice(before, during)) < LeastSamples) return null;

        var isAfterJudged = Known(after) >= LeastSamples;
        if (!isAfterJudged) series = series[..(before + during)];
        var count = isAfterJudged ? 2 : 1;
        Span<double> columns = series.Length <= 256 ? stackalloc double[count * series.Length] : new double[count * series.Length];
        columns.Clear();
        columns.Slice(before, during).Fill(1);
        if (isAfterJudged) columns[(series.Length + before + during)..].Fill(1);
        Span<Estimate> estimates = stackalloc Estimate[count];
        if (!CorrelatedFit.TryFit(series, columns, double.PositiveInfinity, estimates)) return null;
        if (!isAfterJudged) return Judge(estimates[0], estimates[0].Z, controls);
        var (zDuring, zAfter) = (estimates[0].Z * DuringPart, estimates[1].Z * AfterPart);
        return zAfter > zDuring && Judge(estimates[1], zAfter, controls) is { Score: > 0 } later ? later : Judge(estimates[0], zDuring, controls);
    }

    /// <summary>All borrowers of a lender, also with short loans and many at once: regression on who had how much in which window.</summary>
    /// <param name="lender">Logarithms of the lender's latency, a sample for each of the last windows; not numbers where nothing was measured.</param>
    /// <param name="median">Of the controls, see <see cref="Controls.Of"/>, as long as the lender's.</param>
    /// <param name="controls">Who they were.</param>
    /// <param name="shares">One borrower after the other, each as long as the lender's: the part of the lender's units that were lent to it, on the average over the window.</param>
    /// <param name="impacts">One for each borrower; null where nothing can be told.</param>
    internal static void OfBorrowers(ReadOnlySpan<double> lender, ReadOnlySpan<double> median, Controls controls, ReadOnlySpan<double> shares, Span<Impact?> impacts)
    {
        impacts.Clear();
        if (controls.Weight == 0 || lender.IsEmpty || impacts.IsEmpty || shares.Length != lender.Length * impacts.Length) return;
        var series = new double[lender.Length];
        Compare(lender, median, controls, series);
        var columns = LoanColumns.Of(series, shares, impacts.Length);
        if (columns.Count == 0) return;
        // Ten samples for each coefficient and for the constant.
        if (columns.Count > 1 && Known(series) < LeastSamples * (columns.Count + 2)) BlameByAmount(series, columns, controls, impacts);
        else Regress(series, columns, controls, impacts);
    }

    private static void Regress(double[] series, LoanColumns columns, Controls controls, Span<Impact?> impacts)
    {
        Span<Estimate> estimates = stackalloc Estimate[columns.Count];
        if (!TryFitRidge(series, columns.Values, estimates)) return;
        for (var b = 0; b < impacts.Length; b++)
        {
            if (columns.Places[b] is not (>= 0 and var place) || columns.Windows[place] < LeastSamples) continue;
            var impact = Judge(estimates[place], estimates[place].Z, controls);
            // Who of those in one column it was is unknown.
            impacts[b] = impact is { Score: > 0 } && columns.IsJoint(place) ? null : impact;
        }
    }

    /// <summary>Too few samples to tell borrowers apart: what all together did is divided by their amounts, and capped.</summary>
    private static void BlameByAmount(double[] series, LoanColumns columns, Controls controls, Span<Impact?> impacts)
    {
        Span<Estimate> estimates = stackalloc Estimate[1];
        if (columns.Together(series, out var together) < LeastSamples || !TryFitRidge(series, together, estimates)) return;
        if (Judge(estimates[0], estimates[0].Z, controls) is not { } impact) return;
        var confidence = MostBlameByAmount * impact.Confidence;
        for (var b = 0; b < impacts.Length; b++)
            if (columns.Places[b] >= 0) impacts[b] = impact with { Score = Math.Min(confidence, impact.Score * columns.Parts[b]), Confidence = confidence };
    }

    private static bool TryFitRidge(double[] series, double[] columns, Span<Estimate> estimates)
    {
        var spread = UsualEffect;
        if (!CorrelatedFit.TryFit(series, columns, spread, estimates)) return false;
        // Where effects are larger than usual, drawing them to the usual would leave a part of the guilty's at the innocent's.
        foreach (var estimate in estimates) spread = Math.Max(spread, Math.Abs(estimate.Value));
        return spread == UsualEffect || CorrelatedFit.TryFit(series, columns, spread, estimates);
    }

    private static Impact? Judge(Estimate estimate, double z, Controls controls)
    {
        if (!double.IsFinite(estimate.Value) || !double.IsFinite(z)) return null;
        var isClaimed = estimate.Value > LeastEffect && z > LeastZ;
        if (!isClaimed && LeastZ * estimate.Error > UsualEffect) return null;
        var score = isClaimed ? Math.Min(1, Math.Max(0, Math.Exp(estimate.Value) - 1) / FullEffect) * controls.Weight : 0;
        return new(score, estimate.Value, z, controls.Weight);
    }

    private static void Compare(ReadOnlySpan<double> lender, ReadOnlySpan<double> median, Controls controls, Span<double> series)
    {
        for (var t = 0; t < series.Length; t++)
        {
            var other = controls.Count == 0 ? 0 : t < median.Length ? median[t] : double.NaN;
            series[t] = IsSample(lender[t]) && IsSample(other) ? lender[t] - other : double.NaN;
        }
    }

    private static int Known(ReadOnlySpan<double> series)
    {
        var known = 0;
        foreach (var sample in series)
            if (!double.IsNaN(sample)) known++;
        return known;
    }
}
