using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

public class SeasonalForecasterTests
{
    private const int Day = 288;
    private static readonly int Levels = DemandQuantiles.Levels.Length;

    /// <summary>What makes learners explode.</summary>
    [Theory]
    [InlineData("constant")]
    [InlineData("zero")]
    [InlineData("zeros, then a burst")]
    [InlineData("zeros with bursts")]
    [InlineData("a step of a million")]
    [InlineData("a step down")]
    [InlineData("tiny")]
    [InlineData("huge")]
    [InlineData("more than a float holds")]
    [InlineData("random walk")]
    [InlineData("one outlier")]
    public void Quantiles_OfAnySeries_RiseAndAreAtMostTwiceTheLargestValue(string kind)
    {
        var random = new Random(1);
        var walk = 100.0;
        double Value(int t) => kind switch
        {
            "constant" => 5,
            "zero" => 0,
            "zeros, then a burst" => t < 1_000 ? 0 : t < 1_010 ? 1e8 : 0,
            "zeros with bursts" => random.Next(200) == 0 ? 1e6 * random.NextDouble() : 0,
            "a step of a million" => t < 1_000 ? 1 + random.NextDouble() : 1e6 * (1 + random.NextDouble()),
            "a step down" => t < 1_000 ? 1e6 * (1 + random.NextDouble()) : 1 + random.NextDouble(),
            "tiny" => 1e-9 * random.NextDouble(),
            "huge" => 1e15 * random.NextDouble(),
            "more than a float holds" => 1e60 * random.NextDouble(),
            "random walk" => walk = Math.Max(0, walk + random.NextDouble() - 0.5),
            _ => t == 700 ? 1e9 : random.NextDouble(),
        };

        var (forecaster, largest, quantiles) = (new SeasonalForecaster(24, 168), 0.0, new double[Levels]);
        for (var t = 0; t < 3_000; t++)
        {
            var value = Value(t);
            largest = Math.Max(largest, value);
            forecaster.Observe(value);
            foreach (var target in Enum.GetValues<DemandTarget>())
            {
                if (!forecaster.TryForecast(target, quantiles)) continue;
                Assert.All(quantiles, q => Assert.InRange(q, 0, 2 * largest));
                Assert.Equal(quantiles.Order(), quantiles);
                if (kind == "constant") Assert.All(quantiles, static q => Assert.Equal(5, q, 1e-9));
            }
        }
    }

    /// <summary>Demand has no unit of its own: in another unit all is the same. The factor is a power of two, which changes no digit.</summary>
    [Fact]
    public void ScaledDemand_HasScaledQuantiles()
    {
        const double factor = 1.0 / (1 << 30);
        var (one, other, random) = (new SeasonalForecaster(24, 168), new SeasonalForecaster(24, 168), new Random(2));
        double[] quantiles = new double[Levels], scaled = new double[Levels];
        for (var t = 0; t < 2_000; t++)
        {
            var value = 10 + t % 24 + 5 * random.NextDouble();
            one.Observe(value);
            other.Observe(factor * value);
            foreach (var target in Enum.GetValues<DemandTarget>())
            {
                Assert.Equal(one.TryForecast(target, quantiles), other.TryForecast(target, scaled));
                for (var i = 0; i < Levels; i++) Assert.Equal(quantiles[i], scaled[i] / factor, 1e-6 * quantiles[i]);
            }
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void WhatIsNoDemand_IsRefused_AndChangesNothing(double wrong)
    {
        var (one, other, random) = (new SeasonalForecaster(24), new SeasonalForecaster(24), new Random(3));
        double[] quantiles = new double[Levels], same = new double[Levels];
        for (var t = 0; t < 200; t++)
        {
            var value = random.NextDouble();
            one.Observe(value);
            Assert.Contains("finite number from 0", Assert.Throws<ArgumentOutOfRangeException>("value", () => other.Observe(wrong)).Message, StringComparison.Ordinal);
            other.Observe(value);
            Assert.Equal(one.TryForecast(DemandTarget.NextWindow, quantiles), other.TryForecast(DemandTarget.NextWindow, same));
            Assert.Equal(quantiles, same);
        }
    }

    /// <summary>Five-minute steps: what a day and a week cost.</summary>
    [Fact]
    public void Forecaster_TakesAtMost16Kilobytes_AndNothingLater()
    {
        _ = new SeasonalForecaster(Day, 7 * Day);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var forecaster = new SeasonalForecaster(Day, 7 * Day);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 16_000);

        var quantiles = new double[Levels];
        for (var t = 0; t < 20; t++) Step(t);
        before = GC.GetAllocatedBytesForCurrentThread();
        for (var t = 20; t < 3_000; t++) Step(t);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step(int t)
        {
            forecaster.Observe(10 + t % 7);
            forecaster.TryForecast(DemandTarget.NextStep, quantiles);
            forecaster.TryForecast(DemandTarget.NextWindow, quantiles);
        }
    }

    /// <summary>A spike of half an hour at the same time each day: before it comes, the window knows of it, and after it is over nobody expects it.</summary>
    [Fact]
    public void DailySpike_IsForetold_AndIsOverWhenItIs()
    {
        var (forecaster, random, quantiles) = (new SeasonalForecaster(Day), new Random(4), new double[Levels]);
        var (early, late, quiet) = (0, 0, 0);
        for (var t = 0; t < 20 * Day; t++)
        {
            var slot = t % Day;
            forecaster.Observe((slot is >= 100 and < 106 ? 90 : 10) + 2 * random.NextDouble());
            if (t < 10 * Day) continue;
            forecaster.TryForecast(DemandTarget.NextWindow, quantiles);
            if (slot is >= 94 and < 99 && quantiles[2] > 80) early++;
            if (slot is >= 106 and < 120 && quantiles[2] > 20) late++;
            if (slot is >= 120 or < 90 && quantiles[2] > 20) quiet++;
        }

        Assert.Equal((50, 0), (early, quiet));
        Assert.InRange(late, 0, 10);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Levels_HoldOfWhatCannotBeForeseen(bool hasSeason)
    {
        var forecaster = hasSeason ? new SeasonalForecaster(50) : new SeasonalForecaster();
        var (random, quantiles, values) = (new Random(5), new double[Levels], new double[20_000]);
        for (var t = 0; t < values.Length; t++) values[t] = 100 * Math.Exp(random.NextDouble() + random.NextDouble());
        var covered = new int[2, Levels];
        var count = 0;
        for (var t = 0; t + DemandQuantiles.Window < values.Length; t++)
        {
            forecaster.Observe(values[t]);
            if (t < 2_000) continue;
            count++;
            foreach (var target in Enum.GetValues<DemandTarget>())
            {
                forecaster.TryForecast(target, quantiles);
                var outcome = target == DemandTarget.NextStep ? values[t + 1] : values.AsSpan(t + 1, DemandQuantiles.Window).ToArray().Max();
                for (var i = 0; i < Levels; i++) covered[(int)target, i] += outcome <= quantiles[i] ? 1 : 0;
            }
        }

        for (var target = 0; target < 2; target++)
            for (var i = 0; i < Levels; i++) Assert.Equal(DemandQuantiles.Levels[i], covered[target, i] / (double)count, 0.02);
    }

    /// <summary>A long time without any surprise teaches nothing about the next.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Levels_HoldAgain_SoonAfterALongCalm(double calm)
    {
        var (forecaster, random, quantiles) = (new SeasonalForecaster(24), new Random(6), new double[Levels]);
        for (var t = 0; t < 20_000; t++) forecaster.Observe(calm);
        var covered = 0;
        for (var t = 0; t < 1_200; t++)
        {
            var value = calm + 10 * random.NextDouble();
            if (t >= 200 && forecaster.TryForecast(DemandTarget.NextStep, quantiles) && value <= quantiles[^1]) covered++;
            forecaster.Observe(value);
        }

        Assert.InRange(covered / 1_000.0, 0.9, 1);
    }

    [Fact]
    public void Forecast_BeforeTwoValues_IsNone()
    {
        var (forecaster, quantiles) = (new SeasonalForecaster(24), new double[Levels]);
        Assert.False(forecaster.TryForecast(DemandTarget.NextStep, quantiles));
        forecaster.Observe(7);
        Assert.False(forecaster.TryForecast(DemandTarget.NextWindow, quantiles));
        forecaster.Observe(7);
        Assert.True(forecaster.TryForecast(DemandTarget.NextWindow, quantiles));
        Assert.All(quantiles, static q => Assert.Equal(7, q, 1e-9));
        Assert.Contains("6 quantiles, and room for 5", Assert.Throws<ArgumentException>("quantiles", () => forecaster.TryForecast(DemandTarget.NextStep, new double[Levels - 1])).Message, StringComparison.Ordinal);
        Assert.Contains("one of the two", Assert.Throws<ArgumentOutOfRangeException>("target", () => forecaster.TryForecast((DemandTarget)2, quantiles)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-5)]
    [InlineData(1_000_001)]
    public void Season_OutOfRange_IsRefused(int season) =>
        Assert.Contains("2 to 1,000,000", Assert.Throws<ArgumentOutOfRangeException>("seasons", () => new SeasonalForecaster(24, season)).Message, StringComparison.Ordinal);

    [Fact]
    public void Season_AtItsBounds_IsTaken() => new SeasonalForecaster(2, 1_000_000).Observe(1);
}
