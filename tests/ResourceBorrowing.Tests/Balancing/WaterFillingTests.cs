using System.Text.Json;
using CsCheck;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

public class WaterFillingTests
{
    private static readonly Gen<(Claim[] Claims, double Sum)> Problems = Gen.Select(
        Gen.Select(Gen.Double[0, 20], Gen.Double[0, 1], Gen.Double[0, 30], static (target, part, more) => new Claim(target, target * part, target * part + more)).Array[1, 8], Gen.Double[0, 1],
        static (claims, place) => (claims, claims.Sum(static c => c.Lower) + place * claims.Sum(static c => c.Upper - c.Lower)));

    /// <summary>The answers of Kubernetes, and its refusals.</summary>
    [SharedDataFact]
    public void Fill_OfThePublishedProblems_GivesThePublishedAnswers()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedDataFactAttribute.Folder, "vectors", "apf_conc_alloc.json")));
        var cases = file.RootElement.GetProperty("cases").EnumerateArray().Concat(file.RootElement.GetProperty("edgeCases").GetProperty("cases").EnumerateArray()).ToList();
        Assert.Equal(652, cases.Count);
        foreach (var problem in cases)
        {
            var claims = problem.GetProperty("classes").EnumerateArray()
                .Select(static c => new Claim(c.GetProperty("target").GetDouble(), c.GetProperty("lowerBound").GetDouble(), c.GetProperty("upperBound").GetDouble())).ToArray();
            var sum = problem.GetProperty("requiredSum").GetDouble();
            if (problem.GetProperty("error").ValueKind != JsonValueKind.Null)
            {
                Assert.Throws<ArgumentException>(() => WaterFilling.Fill(sum, claims));
                continue;
            }

            var answers = problem.GetProperty("allocs").EnumerateArray().Select(static a => a.GetDouble());
            foreach (var (expected, actual) in answers.Zip(WaterFilling.Fill(sum, claims)))
                Assert.True(Math.Abs(expected - actual) <= 1e-9 * Math.Max(1, Math.Abs(expected)), $"{problem}: {actual} instead of {expected}");
        }
    }

    [Fact]
    public void Fill_WithinTheBounds_AddsUpAndHasOneLevel() => Problems.Sample(static problem =>
    {
        var filled = WaterFilling.Fill(problem.Sum, problem.Claims);
        Assert.Equal(problem.Sum, filled.Sum(), 1e-7);
        // Whoever is at neither bound has the common multiple of its target; who is below it is at its upper bound, who is above at its lower.
        var between = filled.Zip(problem.Claims).Where(static p => p.First > p.Second.Lower + 1e-9 && p.First < p.Second.Upper - 1e-9).Select(static p => p.First / p.Second.Weight).ToList();
        foreach (var level in between)
        {
            Assert.Equal(between[0], level, 1e-6);
            foreach (var (units, claim) in filled.Zip(problem.Claims))
            {
                if (units < level * claim.Weight - 1e-6) Assert.Equal(claim.Upper, units, 1e-6);
                if (units > level * claim.Weight + 1e-6) Assert.Equal(claim.Lower, units, 1e-6);
            }
        }
    });

    /// <summary>The level by halving an interval; claims without a target, without room and without an upper bound among them.</summary>
    [Fact]
    public void Fill_OfAnyClaims_IsWhatHalvingFinds() => Gen.Select(
        Gen.Select(Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 20]), Gen.OneOf(Gen.Const(0.0), Gen.Const(1.0), Gen.Double[0, 1]), Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 30], Gen.Const(double.PositiveInfinity)),
            static (target, part, more) => new Claim(target, target * part, target * part + more)).Array[0, 8], Gen.OneOf(Gen.Const(0.0), Gen.Const(1.0), Gen.Double[0, 1])).Sample(static (claims, place) =>
        {
            var (least, most) = (claims.Sum(static c => c.Lower), Math.Min(1_000, claims.Sum(static c => c.Upper)));
            if (most < least) return;
            var sum = least + place * (most - least);
            var (low, high) = (0.0, 1e9);
            for (var i = 0; i < 200; i++)
            {
                var middle = (low + high) / 2;
                if (claims.Sum(c => At(c, middle)) < sum) low = middle;
                else high = middle;
            }

            var filled = WaterFilling.Fill(sum, claims);
            Assert.Equal(claims.Length, filled.Length);
            for (var i = 0; i < claims.Length; i++) Assert.Equal(At(claims[i], high), filled[i], 1e-6);

            static double At(Claim claim, double level) => Math.Min(claim.Upper, Math.Max(claim.Lower, level * Math.Max(0.001, claim.Target)));
        });

    /// <summary>At the level where nobody would be at a bound everybody is at one, and one of them has no upper bound.</summary>
    [Fact]
    public void Fill_WhereAllAreAtABound_GoesOnFromThere()
    {
        Claim[] claims = [new(1, 0, 0.5), new(5, 5, double.PositiveInfinity)];
        var filled = WaterFilling.Fill(5.8, claims);
        Assert.Equal(0.5, filled[0]);
        Assert.Equal(5.3, filled[1], 1e-9);
        Assert.Equal([0.5, 5], WaterFilling.Fill(5.5, claims));
    }

    /// <summary>A thousandth of the sum within a thousandth of the bounds is a thousandth for each, and so on downwards: only the proportion of the targets counts.</summary>
    [Theory]
    [InlineData(1e-12)]
    [InlineData(1e-3)]
    public void Fill_OfAnotherScale_IsTheSameOnThatScale(double scale) => Problems.Sample(problem =>
    {
        var scaled = problem.Claims.Select(c => new Claim(c.Target, scale * c.Lower, scale * c.Upper)).ToArray();
        foreach (var (units, other) in WaterFilling.Fill(problem.Sum, problem.Claims).Zip(WaterFilling.Fill(scale * problem.Sum, scaled))) Assert.Equal(units, other / scale, 1e-6);
    });

    /// <summary>Beside a target that is all there is, another is worth nothing; the sum is divided all the same.</summary>
    [Fact]
    public void Fill_OfTargetsOfAllMagnitudes_DividesTheWholeSum()
    {
        Assert.Equal(19, WaterFilling.Fill(19, [new(25.406159179290395, 0, 19), new(5.4342987691838874e17, 8, 19)]).Sum(), 1e-9);
        Gen.Select(Gen.Double[-12, 18], Gen.Int[0, 20], Gen.Int[0, 20], static (magnitude, lower, more) => new Claim(Math.Max(lower, Math.Pow(10, magnitude)), lower, lower + more)).Array[1, 6]
            .SelectMany(static claims => Gen.Double[0, 1].Select(part => (Claims: claims, Sum: claims.Sum(static c => c.Lower) + part * claims.Sum(static c => c.Upper - c.Lower))))
            .Sample(static problem => Assert.Equal(problem.Sum, WaterFilling.Fill(problem.Sum, problem.Claims).Sum(), 1e-6));
    }

    /// <summary>To the last bit: nobody is left a fraction short.</summary>
    [Fact]
    public void Fill_OfAllThatFits_GivesEachItsUpperBound() => Gen.Select(Gen.Double[0, 20], Gen.Double[0, 30], static (target, upper) => new Claim(target, 0, upper)).Array[1, 8].Sample(static claims =>
    {
        var uppers = 0.0;
        foreach (var claim in claims) uppers += claim.Upper;
        Assert.Equal(claims.Select(static c => c.Upper), WaterFilling.Fill(uppers, claims));
    });

    /// <summary>Each refusal names what is wrong and by how much; what adding up may change is no reason.</summary>
    [Fact]
    public void Fill_OfWhatCannotBe_SaysWhatIsWrong()
    {
        Refused(-1, [], "the sum must not be negative, and -1 is");
        Refused(5, [new(1, 0, 9), new(1, -0.5, 2)], "claim 1: the lower bound must not be negative, and -0.5 is");
        Refused(5, [new(1, 2, 9)], "claim 0: the target 1 is below the lower bound 2");
        Refused(5, [new(3, 3, 2.5)], "claim 0: the upper bound 2.5 is below the lower bound 3");
        Refused(5, [new(3, 3, 9), new(3, 3, 9)], "the lower bounds add up to 6, more than the sum of 5");
        Refused(5, [new(1, 1, 2), new(1, 1, 2.5)], "the upper bounds add up to 4.5, less than the sum of 5");
        // Relative to the sum, and to 1 below that.
        Refused(1e-3, [new(1, 1e-3 + 2e-10, 2)], "the lower bounds");
        Refused(1e-3, [new(1, 0, 1e-3 - 2e-10)], "the upper bounds");
        Refused(1e3, [new(1e3 + 1, 1e3 + 2e-7, 2e3)], "the lower bounds");
        Refused(1e3, [new(1, 0, 1e3 - 2e-7)], "the upper bounds");
        Assert.Equal([1e-3 + 5e-11], WaterFilling.Fill(1e-3, [new Claim(1, 1e-3 + 5e-11, 2)]));
        Assert.Equal([1e-3 - 5e-11], WaterFilling.Fill(1e-3, [new Claim(1, 0, 1e-3 - 5e-11)]));
        Assert.Equal([1e3 + 5e-8], WaterFilling.Fill(1e3, [new Claim(1e3 + 1, 1e3 + 5e-8, 2e3)]));
        Assert.Equal([1e3 - 5e-8], WaterFilling.Fill(1e3, [new Claim(1, 0, 1e3 - 5e-8)]));
        Assert.Equal([1e-10], WaterFilling.Fill(0, [new Claim(1, 1e-10, 2)]));
        Assert.Equal([0.0], WaterFilling.Fill(1e-10, [new Claim(1, 0, 0)]));
        Assert.Equal([0.0, 0], WaterFilling.Fill(0, [new Claim(0, 0, 0), new Claim(5, 0, 9)]));

        static void Refused(double sum, Claim[] claims, string why) => Assert.Contains(why, Assert.Throws<ArgumentException>(() => WaterFilling.Fill(sum, claims)).Message, StringComparison.Ordinal);
    }

    /// <summary>Without a shortage everybody has exactly what it asks for.</summary>
    [Fact]
    public void Divide_OfUnitsEnough_GivesTheDemands()
    {
        Assert.Equal([0.1, 0.2, 0.3], MaxMin.Divide(0.1 + 0.2 + 0.3, [0.1, 0.2, 0.3]));
        Assert.Equal([3.0, 0, 5], MaxMin.Divide(100, [3, 0, 5]));
        Assert.Equal([1.0, 2, 2], MaxMin.Divide(5, [1, 7, 9]));
    }

    [Fact]
    public void Fill_OfNumbersThatAreNone_IsRefused()
    {
        Assert.Throws<ArgumentException>(static () => WaterFilling.Fill(double.NaN, [new Claim(1, 0, 2)]));
        Assert.Throws<ArgumentException>(static () => WaterFilling.Fill(1, [new Claim(double.NaN, 0, 2)]));
        Assert.Throws<ArgumentException>(static () => WaterFilling.Fill(1, [new Claim(1, double.NaN, 2)]));
        Assert.Throws<ArgumentException>(static () => WaterFilling.Fill(1, [new Claim(1, 0, double.NaN)]));
        Assert.Equal([1.5, 1.5], WaterFilling.Fill(3, [new Claim(1, 0, double.PositiveInfinity), new Claim(1, 0, double.PositiveInfinity)]));
    }

    [Fact]
    public void Divide_AnyDemands_IsMaxMinFair() => Gen.Select(Gen.Double[0, 50], Gen.Double[0, 20].Array[1, 8]).Sample(static (units, demands) =>
    {
        var fair = MaxMin.Divide(units, demands);
        Assert.Equal(Math.Min(units, demands.Sum()), fair.Sum(), 1e-7);
        // Whoever does not have all it asks for has at least as much as anybody.
        Assert.All(fair.Zip(demands), p => Assert.True(p.First <= p.Second + 1e-9 && (p.First >= p.Second - 1e-7 || p.First >= fair.Max() - 1e-7)));
    });
}
