using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

public class BetaDistributionTests
{
    private static IEnumerable<double> Points => Enumerable.Range(0, 1001).Select(static i => i / 1000.0);

    [Fact]
    public void Below_WhereThereIsAClosedForm_IsIt()
    {
        foreach (var x in Points)
        {
            Assert.Equal(x, BetaDistribution.Below(x, 1, 1), 1e-11);
            Assert.Equal(x * x, BetaDistribution.Below(x, 2, 1), 1e-11);
            Assert.Equal(1 - (1 - x) * (1 - x), BetaDistribution.Below(x, 1, 2), 1e-11);
            Assert.Equal(x * x * (3 - 2 * x), BetaDistribution.Below(x, 2, 2), 1e-11);
            Assert.Equal(Math.Pow(x, 1.3), BetaDistribution.Below(x, 1.3, 1), 1e-11);
            Assert.Equal(1 - Math.Pow(1 - x, 1.7), BetaDistribution.Below(x, 1, 1.7), 1e-11);
        }
    }

    [Theory]
    [InlineData(1, 1.5)]
    [InlineData(1.2, 1.9)]
    [InlineData(1.5, 1.5)]
    [InlineData(2, 1.01)]
    public void Below_IsSymmetricAndRises(double a, double b)
    {
        var last = 0.0;
        foreach (var x in Points)
        {
            var below = BetaDistribution.Below(x, a, b);
            Assert.Equal(1, below + BetaDistribution.Below(1 - x, b, a), 1e-12);
            Assert.InRange(below, last - 1e-13, 1);
            last = below;
        }

        Assert.Equal(1, last);
    }

    /// <summary>By Simpson's rule after substituting x = t^2 (3 - 2t), which makes the ends smooth.</summary>
    [Theory]
    [InlineData(1.2, 1.9)]
    [InlineData(1.5, 1.5)]
    [InlineData(1.99, 1.01)]
    [InlineData(1.75, 1)]
    public void Below_IsTheIntegralOfTheDensity(double a, double b)
    {
        double Density(double t)
        {
            var x = t * t * (3 - 2 * t);
            return Math.Pow(x, a - 1) * Math.Pow(1 - x, b - 1) * 6 * t * (1 - t);
        }

        double Integral(double to)
        {
            const int Steps = 4_000;
            var (sum, h) = (Density(0) + Density(to), to / Steps);
            for (var i = 1; i < Steps; i++) sum += Density(i * h) * (i % 2 == 0 ? 2 : 4);
            return sum * h / 3;
        }

        var whole = Integral(1);
        foreach (var t in new[] { 0.05, 0.2, 0.5, 0.77, 0.95 })
            Assert.Equal(Integral(t) / whole, BetaDistribution.Below(t * t * (3 - 2 * t), a, b), 1e-8);
    }

    [Fact]
    public void Below_OutsideTheUnitInterval_IsNothingOrAll()
    {
        Assert.Equal(0, BetaDistribution.Below(-1, 1.5, 1.5));
        Assert.Equal(0, BetaDistribution.Below(0, 1.5, 1.5));
        Assert.Equal(1, BetaDistribution.Below(1, 1.5, 1.5));
        Assert.Equal(1, BetaDistribution.Below(7, 1.5, 1.5));
    }
}
