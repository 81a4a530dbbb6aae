using CsCheck;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests.Stability;

/// <summary>The laws of blame. How often it is right is measured by the simulator's study.</summary>
public class AttributionTests
{
    private const int Before = 30;
    private const int During = 30;
    private static readonly double HalfMore = Math.Log(1.5);
    private static readonly Controls Six = new(6, WasHostSteady: false);
    private static readonly Gen<double> Noise = Gen.Double[-0.2, 0.2];

    /// <summary>What measurements can go wrong to: nothing measured, nonsense, extremes.</summary>
    private static readonly Gen<double> Anything = Gen.Frequency(
        (6, Noise), (1, Gen.Double), (1, Gen.Const(double.NaN)), (1, Gen.Const(double.PositiveInfinity)), (1, Gen.Const(double.NegativeInfinity)), (1, Gen.Const(0.0)), (1, Gen.Const(double.MaxValue)));

    [Theory]
    [InlineData(0.00, 0.0)]
    [InlineData(0.04, 0.0)]
    [InlineData(0.10, 0.2)]
    [InlineData(0.25, 0.5)]
    [InlineData(0.50, 1.0)]
    [InlineData(9.00, 1.0)]
    [InlineData(-0.5, 0.0)]
    public void Loan_WithoutNoise_ScoresByItsEffect(double effect, double score)
    {
        var impact = OfLoan(Step(Math.Log(1 + effect)), Six)!.Value;
        Assert.Equal(score, impact.Score, 1e-6);
        Assert.Equal(Math.Log(1 + effect), impact.Effect, 1e-6);
        Assert.Equal(1, impact.Confidence);
        Assert.True(double.IsFinite(impact.Z));
    }

    [Theory]
    [InlineData(6, false, 1.0)]
    [InlineData(3, false, 1.0)]
    [InlineData(2, true, 0.5)]
    [InlineData(1, false, 0.5)]
    [InlineData(0, true, 0.25)]
    [InlineData(0, false, null)]
    public void Loan_WithFewControls_WeighsLess(int count, bool wasSteady, double? weight)
    {
        var impact = OfLoan(Step(HalfMore), new Controls(count, wasSteady));
        Assert.Equal(weight, impact?.Confidence);
        Assert.Equal(weight ?? 0, impact?.Score ?? 0, 1e-9);
        var impacts = OfBorrowers(Step(HalfMore), new Controls(count, wasSteady), Share(30, 60));
        Assert.Equal(weight, impacts[0]?.Confidence);
    }

    [Theory]
    [InlineData(9, 30)]
    [InlineData(30, 9)]
    [InlineData(0, 60)]
    [InlineData(60, 0)]
    [InlineData(-1, 30)]
    [InlineData(30, -1)]
    public void Loan_WithFewSamples_IsUnknown(int before, int during) => Assert.Null(Attribution.OfLoan(new double[60], new double[60], Six, before, during));

    [Fact]
    public void Loan_WhoseSamplesAreMissing_IsUnknownUntilThereAreTen()
    {
        var lender = Step(HalfMore);
        lender.AsSpan(39, 21).Fill(double.NaN);
        Assert.Null(OfLoan(lender, Six));
        lender[50] = HalfMore;
        Assert.Equal(1, OfLoan(lender, Six)!.Value.Score, 1e-6);
    }

    [Fact]
    public void Samples_ThatAreNonsense_AreLeftOut()
    {
        var lender = Step(HalfMore);
        (lender[3], lender[9], lender[40], lender[50]) = (double.PositiveInfinity, double.MinValue, 1e9, -101);
        Assert.Equal(1, OfLoan(lender, Six)!.Value.Score, 1e-6);
        var share = Share(30, 60);
        (share[5], share[11], share[25]) = (double.NaN, -1e9, double.NegativeInfinity);
        Assert.Equal(1, OfBorrowers(lender, Six, share, Share(0, 20))[0]!.Value.Score, 1e-2);
    }

    [Fact]
    public void Loan_WithNoiseThatHidesEverything_IsUnknown() => Assert.Null(OfLoan([.. Enumerable.Range(0, 60).Select(static t => (double)(t / 5 % 2))], Six));

    [Fact]
    public void Loan_HarmfulOnlyAfterwards_IsBlamed()
    {
        double[] lender = [.. Step(0), .. Enumerable.Repeat(HalfMore, 30)];
        Assert.Equal(1, Attribution.OfLoan(lender, new double[90], Six, Before, During)!.Value.Score, 1e-6);
        lender.AsSpan(60).Clear();
        Assert.Equal(0, Attribution.OfLoan(lender, new double[90], Six, Before, During)!.Value.Score);
    }

    /// <summary>Law: what happens to everybody changes nothing, nor does the unit of latency.</summary>
    [Fact]
    public void Loan_WithAShockToAll_IsJudgedAsWithout() => Gen.Select(Noise.Array[60], Noise.Array[300], Noise.Array[60], Gen.Double[-5, 5]).Sample(static (lender, others, shock, level) =>
    {
        var one = OfLoan(lender, others);
        var shocked = others.Select((v, i) => v + 3 * shock[i % 60]).ToArray();
        var other = OfLoan([.. lender.Select((v, t) => v + 3 * shock[t] + level)], shocked);
        Assert.Equal(one.HasValue, other.HasValue);
        if (one is not { } a || other is not { } b) return;
        Assert.Equal(a.Effect, b.Effect, 1e-9);
        Assert.Equal(a.Z, b.Z, 1e-6);
    });

    [Fact]
    public void Controls_OnDifferentLevelsThatComeAndGo_MakeNoEffect()
    {
        var others = new double[5 * 60];
        for (var c = 0; c < 5; c++)
            for (var t = 0; t < 60; t++) others[c * 60 + t] = (t + 17 * c) % 60 < 20 ? double.NaN : c;
        var median = new double[60];
        var controls = Controls.Of(others, wasHostSteady: false, median);
        Assert.Equal(5, controls.Count);
        Assert.All(median, static m => Assert.Equal(0, m, 1e-12));
    }

    [Fact]
    public void Controls_ThatWereMostlyAway_DoNotCount()
    {
        var others = new double[2 * 60];
        others.AsSpan(60, 31).Fill(double.NaN);
        Assert.Equal(1, Controls.Of(others, wasHostSteady: false, new double[60]).Count);
        Assert.Equal(0, Controls.Of([], wasHostSteady: false, new double[60]).Count);
        Assert.Equal(0, Controls.Of([], wasHostSteady: false, []).Count);
    }

    [Fact]
    public void Controls_OneOfWhichIsHarmedToo_DoNotMove()
    {
        var others = new double[5 * 60];
        others.AsSpan(30, 30).Fill(3);
        var median = new double[60];
        Controls.Of(others, wasHostSteady: false, median);
        Assert.All(median, static m => Assert.Equal(0, m));
    }

    [Fact]
    public void Borrowers_OfOneLender_AreToldApart()
    {
        var lender = Enumerable.Range(0, 120).Select(static t => t is >= 40 and < 70 ? HalfMore : 0).ToArray();
        var impacts = OfBorrowers(lender, Six, Share(40, 70), Share(50, 90), Share(20, 55), Share(0, 0));
        Assert.Equal(1, impacts[0]!.Value.Score, 1e-2);
        Assert.Equal(0, impacts[1]!.Value.Score);
        Assert.Equal(0, impacts[2]!.Value.Score);
        Assert.Null(impacts[3]);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.4)]
    [InlineData(1.5)]
    [InlineData(6.0)]
    public void Borrowers_WithTheSameLoans_AreUnknown(double effect)
    {
        var lender = Enumerable.Range(0, 120).Select(t => t is >= 40 and < 70 ? effect : 0).ToArray();
        Assert.Equal([null, null, null], OfBorrowers(lender, Six, Share(40, 70), Share(40, 70), Share(40, 70)));
    }

    [Fact]
    public void Borrowers_WithLoansOfLessThanASecond_AreJudgedByTheirParts()
    {
        // Each second another part of it, in proportion to which the lender suffers.
        double[] part = [.. Enumerable.Range(0, 120).Select(static t => t % 4 == 0 ? 0 : 0.05 * (t * 7 % 10))];
        var impacts = OfBorrowers([.. part.Select(static p => 2 * p)], Six, part, [.. part.Reverse()]);
        Assert.True(impacts[0]!.Value.Score > 0.9);
        Assert.Equal(0, impacts[1]!.Value.Score);
    }

    [Fact]
    public void Borrowers_BeyondEight_ShareAColumnAndNoBlame()
    {
        var shares = Enumerable.Range(0, 12).Select(static b => Share(10 * b, 10 * b + 30 - b)).ToArray();
        var lender = Enumerable.Range(0, 120).Select(t => shares[0][t] > 0 ? HalfMore : shares[11][t] > 0 ? HalfMore : 0).ToArray();
        var impacts = OfBorrowers(lender, Six, shares);
        Assert.Equal(1, impacts[0]!.Value.Score, 0.1);
        Assert.All(impacts[1..7], static i => Assert.Equal(0, i?.Score ?? 0));
        Assert.All(impacts[8..], static i => Assert.Equal(0, i?.Score ?? 0));
    }

    [Fact]
    public void Borrowers_WithShortData_AreBlamedByAmountAndAtMostAQuarter()
    {
        var lender = Enumerable.Range(0, 35).Select(static t => t >= 15 ? HalfMore : 0).ToArray();
        double[] large = [.. Enumerable.Range(0, 35).Select(static t => t >= 15 ? 0.4 : 0)], small = [.. Enumerable.Range(0, 35).Select(static t => t >= 20 ? 0.1 : 0)];
        var impacts = OfBorrowers(lender, Six, large, small);
        Assert.Equal(0.25, impacts[0]!.Value.Score, 1e-9);
        Assert.InRange(impacts[1]!.Value.Score, 0.1, 0.2);
        Assert.Equal(0.25, impacts[1]!.Value.Confidence);
        Assert.Equal([null, null], OfBorrowers(lender[..20], Six, large[..20], small[..20]));
    }

    /// <summary>Law: neither the order of borrowers nor the unit of shares matters.</summary>
    [Fact]
    public void Borrowers_InAnotherOrderAndUnit_AreJudgedTheSame() => Gen.Select(Noise.Array[120], Gen.Int[0, 100].Array[3], Gen.Int[10, 60].Array[3], Gen.Double[0.05, 1]).Sample(static (lender, starts, lengths, unit) =>
    {
        var shares = starts.Zip(lengths, static (s, n) => Share(s, s + n)).ToArray();
        for (var t = 0; t < 120; t++) lender[t] += shares[0][t] > 0 ? 0.3 : 0;
        var one = OfBorrowers(lender, Six, shares);
        var other = OfBorrowers(lender, Six, [.. shares.Reverse().Select(s => s.Select(v => v * unit).ToArray())]);
        for (var b = 0; b < 3; b++)
        {
            Assert.Equal(one[b].HasValue, other[2 - b].HasValue);
            if (one[b] is { } impact) Assert.Equal(impact.Z, other[2 - b]!.Value.Z, 1e-5);
        }
    });

    [Fact]
    public void AnySamples_Whatever_GiveNumbersWithinBounds() => Gen.Select(
        Anything.Array[0, 150], Anything.Array[0, 600], Anything.Array[0, 150], Gen.Int[-5, 160], Gen.Int[-5, 160], Gen.Int[-1, 5], Gen.Int[0, 10]).Sample(
        static (lender, others, shares, before, during, count, borrowers) =>
        {
            var median = new double[lender.Length];
            var counted = Controls.Of(others, wasHostSteady: true, median);
            var claimed = new Controls(count, WasHostSteady: before % 2 == 0);
            var all = new double[borrowers * lender.Length];
            for (var i = 0; i < all.Length && shares.Length > 0; i++) all[i] = shares[i % shares.Length] * (i % 3);
            var impacts = new Impact?[borrowers];
            foreach (var controls in new[] { counted, claimed })
            {
                AssertSound(Attribution.OfLoan(lender, median, controls, before, during));
                AssertSound(Attribution.OfLoan(lender, median.AsSpan(0, median.Length / 2), controls, before, during));
                Attribution.OfBorrowers(lender, median, controls, all, impacts);
                Assert.All(impacts, AssertSound);
                Attribution.OfBorrowers(lender, median, controls, shares, impacts);
                Assert.All(impacts, AssertSound);
            }
        },
        iter: 20_000);

    [Fact]
    public void Z_OfStudentsT_IsTheNormalDeviateOfTheSameChance()
    {
        // One in a hundred: t of 10, 28 and 58 degrees of freedom, from tables.
        Assert.Equal(2.326, new Estimate(2.764, 1, 10).Z, 0.01);
        Assert.Equal(2.326, new Estimate(2.467, 1, 28).Z, 0.01);
        Assert.Equal(-2.326, new Estimate(-2.392, 1, 58).Z, 0.01);
    }

    [Fact]
    public void Fit_OfColumnsThatAreOne_IsNone()
    {
        var estimates = new Estimate[2];
        Assert.False(CorrelatedFit.TryFit(Step(1), [.. Share(30, 60)[..60], .. Share(30, 60)[..60]], double.PositiveInfinity, estimates));
        Assert.False(CorrelatedFit.TryFit(Step(1), Enumerable.Repeat(1.0, 60).ToArray(), double.PositiveInfinity, estimates.AsSpan(0, 1)));
        Assert.False(CorrelatedFit.TryFit([], [], 1, []));
    }

    /// <summary>Plain least squares on samples that were differenced by hand, for one correlation the likelihood cannot but choose.</summary>
    [Fact]
    public void Fit_OfAnExactLine_FindsItsCoefficientsAcrossGaps()
    {
        double[] one = [.. Enumerable.Range(0, 100).Select(static t => (double)(t * t % 7))], two = [.. Enumerable.Range(0, 100).Select(static t => (double)(t % 5))];
        double[] series = [.. Enumerable.Range(0, 100).Select(t => t % 9 == 4 ? double.NaN : -7 + 2 * one[t] - 0.5 * two[t])];
        var estimates = new Estimate[2];
        Assert.True(CorrelatedFit.TryFit(series, [.. one, .. two], double.PositiveInfinity, estimates));
        Assert.Equal(2, estimates[0].Value, 1e-9);
        Assert.Equal(-0.5, estimates[1].Value, 1e-9);
    }

    private static void AssertSound(Impact? impact)
    {
        if (impact is not { } some) return;
        Assert.InRange(some.Score, 0, some.Confidence);
        Assert.InRange(some.Confidence, 0.01, 1);
        Assert.True(double.IsFinite(some.Effect) && double.IsFinite(some.Z), $"{some}");
    }

    private static double[] Step(double effect) => [.. Enumerable.Range(0, Before + During).Select(t => t < Before ? 0 : effect)];

    private static double[] Share(int from, int to) => [.. Enumerable.Range(0, 120).Select(t => t >= from && t < to ? 0.5 : 0)];

    private static Impact? OfLoan(double[] lender, Controls controls) => Attribution.OfLoan(lender, new double[lender.Length], controls, Before, During);

    private static Impact? OfLoan(double[] lender, double[] others)
    {
        var median = new double[lender.Length];
        return Attribution.OfLoan(lender, median, Controls.Of(others, wasHostSteady: false, median), Before, During);
    }

    private static Impact?[] OfBorrowers(double[] lender, Controls controls, params double[][] shares)
    {
        var impacts = new Impact?[shares.Length];
        Attribution.OfBorrowers(lender, new double[lender.Length], controls, [.. shares.SelectMany(s => s.Take(lender.Length))], impacts);
        return impacts;
    }
}
