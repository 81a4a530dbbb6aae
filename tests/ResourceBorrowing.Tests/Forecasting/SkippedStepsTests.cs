using System.Buffers;
using CsCheck;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

/// <summary>What a forecaster makes of the time when the process was not running.</summary>
public class SkippedStepsTests
{
    private static readonly int Levels = DemandQuantiles.Levels.Length;

    private static readonly int[][] SeasonsOf = [[24], [24, 168], [10, 15], [7]];

    private static readonly int[][] Shapes = [[], [2], [7], [4, 12], [10, 15]];

    private static readonly Gen<(int[] Seasons, long Skipped, int Seed)> Gaps = Gen.Select(
        Gen.Int[0, SeasonsOf.Length - 1].Select(static i => SeasonsOf[i]), Gen.OneOf(Gen.Long[0, 30], Gen.Long[0, 1_000], Gen.Long[0, long.MaxValue]), Gen.Int[0, 1_000_000]);

    /// <summary>Demand that is the same every season is foretold at once, however long nothing was known.</summary>
    [Fact]
    public void PeriodicDemand_AfterSkippedSteps_IsForetoldAtTheRightTime() => Gaps.Sample(static gap =>
    {
        var (forecaster, random, season) = (new SeasonalForecaster(gap.Seasons), new Random(gap.Seed), gap.Seasons[0]);
        var course = Enumerable.Range(0, season).Select(_ => 100 * random.NextDouble()).ToArray();
        var step = 0;
        for (; step < 400 + random.Next(100); step++) forecaster.Observe(course[step % season]);
        forecaster.Skip(gap.Skipped);
        step = (int)((step + gap.Skipped % season) % season);
        var (quantiles, window) = (new double[Levels], new double[Levels]);
        for (var t = 0; t < 60; t++, step++)
        {
            Assert.True(forecaster.TryForecast(DemandTarget.NextStep, quantiles) && forecaster.TryForecast(DemandTarget.NextWindow, window));
            // Where the longest season is not one of the shortest, what is taken for the steps skipped is of another time of that.
            var isKnown = t > 20 || gap.Seasons[^1] % season == 0;
            var most = Enumerable.Range(step, DemandQuantiles.Window).Max(s => course[s % season]);
            if (isKnown) Assert.All(quantiles, q => Assert.InRange(q - course[step % season], -5, 5));
            if (isKnown) Assert.All(window, q => Assert.InRange(q - most, -5, 5));
            forecaster.Observe(course[step % season]);
        }
    }, iter: 100);

    /// <summary>Steps skipped while the first season is not over leave no time of it unlearnt.</summary>
    [Fact]
    public void FirstSeason_WithSkippedSteps_IsLearntAllTheSame() => Gen.Select(Gen.Int[1, 60], Gen.Long[0, 200], Gen.Int[0, 1_000]).Sample(static (seen, skipped, seed) =>
    {
        const int season = 48;
        var (forecaster, random, quantiles) = (new SeasonalForecaster(season), new Random(seed), new double[Levels]);
        var course = Enumerable.Range(0, season).Select(_ => 100 * random.NextDouble()).ToArray();
        for (var t = 0; t < seen; t++) forecaster.Observe(course[t % season]);
        forecaster.Skip(skipped);
        for (var t = seen + skipped; t < seen + skipped + 20 * season; t++)
        {
            if (t >= seen + skipped + 19 * season && forecaster.TryForecast(DemandTarget.NextStep, quantiles)) Assert.InRange(quantiles[0] - course[t % season], -5, 5);
            forecaster.Observe(course[t % season]);
        }
    }, iter: 40);

    /// <summary>What is remembered of the steps skipped: the longest season that has been seen whole once more, or else the last value.</summary>
    [Fact]
    public void SkippedSteps_AreRemembered_AsASeasonBefore() => Gen.Select(
        Gen.Int[0, Shapes.Length - 1].Select(static i => Shapes[i]), Gen.Int[1, 40], Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, 400]), Gen.Int[0, 1_000_000]).Sample(static (seasons, observed, skipped, seed) =>
        {
            var (forecaster, random, day) = (new SeasonalForecaster(seasons), new Random(seed), seasons.FirstOrDefault(1));
            for (var gap = 0; gap < 3; gap++)
            {
                // Whole numbers up to 256 are remembered as they are.
                for (var t = 0; t < observed; t++) forecaster.Observe(random.Next(257));
                var before = Memory.Of(forecaster, seasons);
                forecaster.Skip(skipped);
                var after = Memory.Of(forecaster, seasons);
                var period = seasons.LastOrDefault(s => s <= before.Seen, day);
                Assert.Equal(before.Level * Math.Pow(0.6, skipped), after.Level, 1e-9);
                Assert.Equal((before.Seen + skipped) % day, after.Seen % day);
                // While the first season is not seen whole, what comes after its end is a first season again.
                if (before.Seen < day) Assert.InRange(after.Seen, 0, day - 1);
                else Assert.Equal((before.Seen + skipped) % period, after.Seen % period);
                if (before.Seen >= day) Assert.Equal(before.Profile, after.Profile);
                if (before.Seen >= day) Assert.InRange(after.Seen, before.Seen, before.Seen + skipped);
                for (var i = 1; i <= Math.Min(period, after.Seen); i++)
                {
                    var then = i > skipped ? i - skipped : period - (skipped - i) % period;
                    var value = before.Back(then <= before.Seen ? then : 1);
                    Assert.Equal(value, after.Back(i));
                    if (i <= DemandQuantiles.Window) Assert.Equal(value, after.Recent[(after.Seen - i) % DemandQuantiles.Window]);
                    if (before.Seen < day) Assert.Equal(value, after.Profile[after.Seen - i]);
                }
            }
        }, iter: 500);

    /// <summary>The levels hold after any number of gaps, of noise around a course.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(1_000)]
    public void Levels_AfterSkippedSteps_Hold(int longest)
    {
        var (forecaster, random, count) = (new SeasonalForecaster(24, 168), new Random(longest), 0);
        var (quantiles, covered, from) = (new double[Levels], new int[2], 0);
        for (long t = 0; count < 8_000; t++)
        {
            // The noise of what is to come is drawn anew each time: it is of the same kind.
            var values = Enumerable.Range(0, DemandQuantiles.Window).Select(i => 100 + 50 * Math.Sin(2 * Math.PI * (t + i) / 24) + 20 * random.NextDouble()).ToArray();
            if (from++ == 20 + random.Next(40) || from > 60)
            {
                var skipped = 1 + random.Next(longest);
                forecaster.Skip(skipped);
                (from, t) = (0, t + skipped - 1);
                continue;
            }

            if (t > 400)
            {
                count++;
                forecaster.TryForecast(DemandTarget.NextStep, quantiles);
                if (values[0] <= quantiles[^1]) covered[0]++;
                forecaster.TryForecast(DemandTarget.NextWindow, quantiles);
                if (values.Max() <= quantiles[^1]) covered[1]++;
            }

            forecaster.Observe(values[0]);
        }

        Assert.All(covered, c => Assert.InRange(c / (double)count, 0.92, 0.98));
    }

    /// <summary>Without a season a skipped step was as the last value; nothing is known before the first.</summary>
    [Fact]
    public void SkippedSteps_WithoutASeason_AreAsTheLastValue()
    {
        var (forecaster, quantiles) = (new SeasonalForecaster(), new double[Levels]);
        forecaster.Skip(100);
        Assert.False(forecaster.TryForecast(DemandTarget.NextStep, quantiles));
        for (var t = 0; t < 100; t++) forecaster.Observe(7);
        forecaster.Skip(long.MaxValue);
        Assert.True(forecaster.TryForecast(DemandTarget.NextWindow, quantiles));
        Assert.All(quantiles, static q => Assert.Equal(7, q, 1e-9));
    }

    /// <summary>The first season begins again after the gap, with another demand: that was never foretold wrongly.</summary>
    [Fact]
    public void Forecasts_FromBeforeAGap_AreNotJudgedByWhatComesAfter()
    {
        var (forecaster, quantiles) = (new SeasonalForecaster(7), new double[Levels]);
        for (var t = 0; t < 3; t++) forecaster.Observe(5);
        forecaster.Skip(4);
        Assert.False(forecaster.TryForecast(DemandTarget.NextStep, quantiles));
        for (var t = 0; t < 2; t++) forecaster.Observe(1_000);
        Assert.True(forecaster.TryForecast(DemandTarget.NextStep, quantiles));
        Assert.All(quantiles, static q => Assert.Equal(1_000, q, 1e-9));
    }

    [Fact]
    public void SkippedSteps_BelowZero_AreRefused_AndNoneChangesNothing()
    {
        var forecaster = new SeasonalForecaster(24);
        for (var t = 0; t < 100; t++) forecaster.Observe(t % 24);
        var before = Saved();
        Assert.Throws<ArgumentOutOfRangeException>("steps", () => forecaster.Skip(-1));
        forecaster.Skip(0);
        Assert.Equal(before, Saved());

        byte[] Saved() => Memory.Saved(forecaster);
    }

    /// <summary>What a forecaster remembers, as its state says.</summary>
    private sealed record Memory(long Seen, double Level, double[] Recent, float[] Profile, ushort[] History)
    {
        /// <summary>The value so many steps ago, from 1.</summary>
        internal double Back(int steps) => BitConverter.UInt32BitsToSingle((uint)History[(Seen - steps) % History.Length] << 16);

        internal static Memory Of(SeasonalForecaster forecaster, int[] seasons)
        {
            using var reader = new BinaryReader(new MemoryStream(Saved(forecaster)));
            reader.ReadByte();
            for (var count = reader.ReadInt64(); count > 0; count--) reader.ReadInt64();
            var (seen, level, _, _) = (reader.ReadInt64(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
            return new Memory(
                seen, level, Each(DemandQuantiles.Window, reader.ReadDouble), Each(seasons.FirstOrDefault(1), reader.ReadSingle), Each(seasons.LastOrDefault() + DemandQuantiles.Window, reader.ReadUInt16));
        }

        internal static byte[] Saved(SeasonalForecaster forecaster)
        {
            var writer = new ArrayBufferWriter<byte>();
            forecaster.Save(writer);
            return writer.WrittenSpan.ToArray();
        }

        private static T[] Each<T>(int count, Func<T> read) => [.. Enumerable.Range(0, count).Select(_ => read())];
    }
}
