using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>
/// How often the library blames borrowers rightly and wrongly, on synthetic latencies whose truth is known: 30 s before and 30 s during a loan (or 120 s for three borrowers
/// at once), six participants outside it, noise of 15 % that lingers (autoregressive, 0.6 from one second to the next).
/// </summary>
/// <remarks>
/// The same seed, the same figures, in whatever order they are measured. All cases share their noise, so that they can be compared; what everybody feels alike drops out to the last digit, hence
/// the equal figures with and without a shock.
/// </remarks>
internal sealed class AttributionStudy(int seed, int repetitions)
{
    internal const int Repetitions = 4_000;

    private const int Controls = 6;
    private const int Innocents = 2;
    private static readonly double HalfMore = Math.Log(1.5);

    /// <summary>All that is measured, with the bars that must be met.</summary>
    internal IEnumerable<Finding> Findings()
    {
        yield return Finding.AtMost("blamed, no effect", BlamedWith(new()), 0.01);
        yield return Finding.AtMost("blamed, no effect, a shock to the whole host", BlamedWith(new() { Shock = 0.5 }), 0.01);
        yield return Finding.Told("  the same by before and after alone", BlamedWith(new() { Shock = 0.5, Controls = 0, IsSteady = true }));
        yield return Finding.Told("  the same, participants not equally sensitive (sd 20 %)", BlamedWith(new() { Shock = 0.5, Sensitivity = 0.2 }));
        yield return Finding.Told("blamed, no effect, 30 s after the loan judged too", BlamedWith(new() { After = 30 }));
        yield return Finding.AtLeast("found, +50 %", BlamedWith(new() { Effect = HalfMore }), 0.90);
        yield return Finding.Told("found, +50 %, a shock to the whole host", BlamedWith(new() { Effect = HalfMore, Shock = 0.5 }));
        yield return Finding.Told("found, +50 %, 15 % of new noise each second (19 % in all)", BlamedWith(new() { Effect = HalfMore, Noise = 0.15 / 0.8 }));
        yield return Finding.Told("found, +25 %", BlamedWith(new() { Effect = Math.Log(1.25) }));

        var overlapping = AmongThree(Overlapping, byAmount: false);
        yield return Finding.AtMost("innocent blamed, three overlapping loans, one +50 %", overlapping.Innocent, 0.10);
        yield return Finding.Told("  guilty found", overlapping.Guilty);
        yield return Finding.Told("  innocent blamed by RU-second shares alone", AmongThree(Overlapping, byAmount: true).Innocent);
        var going = AmongThree(ComingAndGoing, byAmount: false);
        yield return Finding.AtMost("innocent blamed, three borrowers come and go, one +50 %", going.Innocent, 0.10);
        yield return Finding.Told("  guilty found", going.Guilty);
        yield return Finding.Told("  innocent blamed by RU-second shares alone", AmongThree(ComingAndGoing, byAmount: true).Innocent);
        var together = AmongThree(NearlyTogether, byAmount: false);
        yield return Finding.Told("innocent blamed, three loans that begin and end within 5 s", together.Innocent);
        yield return Finding.Told("  guilty found", together.Guilty);

        foreach (var controls in new[] { 3, 2, 1 })
        {
            yield return Finding.Told($"blamed, no effect, a shock, {controls} to compare with", BlamedWith(new() { Shock = 0.5, Controls = controls }));
            yield return Finding.Told($"found, +50 %, {controls} to compare with", BlamedWith(new() { Effect = HalfMore, Controls = controls }));
        }

        yield return Finding.Told("blamed, no effect, none to compare with, steady host", BlamedWith(new() { Controls = 0, IsSteady = true }));
        yield return Finding.Told("found, +50 %, none to compare with, steady host", BlamedWith(new() { Effect = HalfMore, Controls = 0, IsSteady = true }));
    }

    /// <summary>The part of loans that are blamed.</summary>
    internal double BlamedWith(LoanCase loan)
    {
        var random = new Random(seed);
        var length = loan.Before + loan.During + loan.After;
        var (lender, median, others) = (new double[length], new double[length], new double[loan.Controls * length]);
        var blamed = 0;
        for (var i = 0; i < repetitions; i++)
        {
            var shock = loan.Shock * Noise.Normal(random);
            Participant(random, loan, shock, lender);
            for (var c = 0; c < loan.Controls; c++) Participant(random, loan, shock, others.AsSpan(c * length, length));
            for (var t = loan.Before; t < loan.Before + loan.During; t++) lender[t] += loan.Effect;
            var controls = Stability.Controls.Of(others, loan.IsSteady, median);
            if (Attribution.OfLoan(lender, median, controls, loan.Before, loan.During) is { Score: > 0 }) blamed++;
        }

        return (double)blamed / repetitions;
    }

    /// <summary>The part of loans of a guilty borrower, and of two innocent ones beside it, that are blamed.</summary>
    internal (double Guilty, double Innocent) AmongThree(Action<Random, Span<double>> lend, bool byAmount)
    {
        const int Length = Attribution.Windows;
        var random = new Random(seed);
        var (lender, median, others) = (new double[Length], new double[Length], new double[Controls * Length]);
        var (shares, impacts) = (new double[(1 + Innocents) * Length], new Impact?[1 + Innocents]);
        var (guilty, innocent) = (0, 0);
        for (var i = 0; i < repetitions; i++)
        {
            Noise.Fill(random, 0.15, lender);
            for (var c = 0; c < Controls; c++) Noise.Fill(random, 0.15, others.AsSpan(c * Length, Length));
            shares.AsSpan().Clear();
            for (var b = 0; b <= Innocents; b++) lend(random, shares.AsSpan(b * Length, Length));
            for (var t = 0; t < Length; t++) lender[t] += shares[t] > 0 ? HalfMore : 0;
            var controls = Stability.Controls.Of(others, wasHostSteady: false, median);
            if (byAmount) JudgeByAmount(lender, median, controls, shares, impacts);
            else Attribution.OfBorrowers(lender, median, controls, shares, impacts);
            if (impacts[0] is { Score: > 0 }) guilty++;
            innocent += impacts[1..].Count(static impact => impact is { Score: > 0 });
        }

        return ((double)guilty / repetitions, (double)innocent / repetitions / Innocents);
    }

    internal static void Overlapping(Random random, Span<double> share) => share[random.Next(30, 60)..random.Next(70, 100)].Fill(0.3);

    internal static void NearlyTogether(Random random, Span<double> share) => share[random.Next(40, 46)..random.Next(75, 81)].Fill(0.3);

    internal static void ComingAndGoing(Random random, Span<double> share)
    {
        var isLent = random.Next(2) == 0;
        for (var t = 0; t < share.Length; t++)
        {
            // Loans of twenty seconds, and as long between them, in the mean.
            if (random.Next(20) == 0) isLent = !isLent;
            share[t] = isLent ? 0.3 : 0;
        }
    }

    /// <summary>What a simpler design would do: what all loans together did is divided by their unit-seconds.</summary>
    private static void JudgeByAmount(double[] lender, double[] median, Controls controls, double[] shares, Impact?[] impacts)
    {
        var together = new double[lender.Length];
        for (var i = 0; i < shares.Length; i++) together[i % lender.Length] += shares[i];
        Span<Impact?> impact = [null];
        Attribution.OfBorrowers(lender, median, controls, together, impact);
        for (var b = 0; b < impacts.Length; b++)
        {
            var part = shares.AsSpan(b * lender.Length, lender.Length).ToArray().Sum() / together.Sum();
            impacts[b] = impact[0] is { } all ? all with { Score = all.Score * part } : null;
        }
    }

    private static void Participant(Random random, LoanCase loan, double shock, Span<double> latencies)
    {
        Noise.Fill(random, loan.Noise, latencies);
        var felt = shock * (1 + loan.Sensitivity * Noise.Normal(random));
        foreach (ref var latency in latencies[loan.Before..]) latency += felt;
    }
}
