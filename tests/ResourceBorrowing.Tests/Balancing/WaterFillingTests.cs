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
