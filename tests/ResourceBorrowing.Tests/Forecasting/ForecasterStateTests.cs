using System.Buffers;
using System.Buffers.Binary;
using CsCheck;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

public class ForecasterStateTests
{
    private static readonly int Levels = DemandQuantiles.Levels.Length;
    private static readonly DemandTarget[] Targets = Enum.GetValues<DemandTarget>();
    private static readonly int[][] SeasonsOf = [[], [2], [7], [24, 168], [10, 15], [5, 5, 400]];

    /// <summary>A forecaster of some seasons, what kind of demand, how many steps before it is saved, and a seed.</summary>
    private static readonly Gen<(int[] Seasons, int Kind, int Steps, int Seed)> Moments =
        Gen.Select(Gen.Int[0, SeasonsOf.Length - 1].Select(static i => SeasonsOf[i]), Gen.Int[0, 5], Gen.OneOf(Gen.Int[0, 12], Gen.Int[0, 700]), Gen.Int[0, 1_000_000]);

    [Fact]
    public void Forecaster_SavedAndLoaded_GoesOnToTheLastBit() => Moments.Sample(static m =>
    {
        var (one, demand) = (Taught(m, out var random), m.Kind);
        var (other, state) = (new SeasonalForecaster(m.Seasons), Saved(one));
        for (var t = 0; t < m.Seed % 50; t++) other.Observe(t);
        other.Load(state);
        Assert.Equal(state, Saved(other));
        for (var t = m.Steps; t < m.Steps + 400; t++)
        {
            Assert.Equal(Forecasts(one), Forecasts(other));
            var value = Demand(demand, t, random);
            one.Observe(value);
            other.Observe(value);
        }

        Assert.Equal(Saved(one), Saved(other));
    }, iter: 60);

    [Fact]
    public void State_CutOffOrChanged_IsRefused_AndChangesNothing() => Moments.Sample(static m =>
    {
        var (one, random) = (Taught(m, out _), new Random(m.Seed));
        var (other, state) = (Taught(m with { Seed = m.Seed + 1, Steps = 700 - m.Steps }, out _), Saved(one));
        var (before, forecasts) = (Saved(other), Forecasts(other));
        for (var length = random.Next(50); length < state.Length; length += 1 + random.Next(50)) Refused(state[..length]);
        for (var i = 0; i < 100; i++)
        {
            var changed = state.ToArray();
            changed[random.Next(state.Length)] ^= (byte)(1 + random.Next(255));
            Refused(changed);
        }

        Refused([.. state, 0], $"it is {state.Length + 1} bytes long instead of {state.Length}");
        Refused([.. state, .. state], "bytes long");
        Refused([], "it ends after 0 bytes");
        Refused(state[..^1], $"it ends after {state.Length - 1} bytes");
        Refused([.. state[..^1], (byte)(state[^1] + 1)], "its checksum does not match");
        Assert.Equal(before, Saved(other));
        Assert.Equal(forecasts, Forecasts(other));

        void Refused(byte[] wrong, string why = "")
        {
            var message = Assert.Throws<InvalidDataException>(() => other.Load(wrong)).Message;
            Assert.Contains("nothing was changed", message, StringComparison.Ordinal);
            Assert.Contains(why, message, StringComparison.Ordinal);
        }
    }, iter: 30);

    [Fact]
    public void State_ChangedAndSealedAgain_IsRefused_OrForecastsWithinBounds() => Moments.Sample(static m =>
    {
        var (one, random, state) = (Taught(m, out _), new Random(m.Seed), Saved(Taught(m, out _)));
        for (var i = 0; i < 40; i++)
        {
            var changed = state.ToArray();
            for (var n = random.Next(3); n >= 0; n--) changed[random.Next(1 + 8 + 8 * m.Seasons.Length, state.Length - 8)] = (byte)random.Next(256);
            try
            {
                one.Load(Sealed(changed));
            }
            catch (InvalidDataException)
            {
                continue;
            }

            var largest = BinaryPrimitives.ReadDoubleLittleEndian(changed.AsSpan(MostAt(m.Seasons)));
            for (var t = 0; t < 60; t++)
            {
                if (t == 30) one.Skip(random.Next(100));
                foreach (var target in Targets)
                {
                    var quantiles = new double[Levels];
                    if (!one.TryForecast(target, quantiles)) continue;
                    Assert.All(quantiles, q => Assert.InRange(q, 0, 2 * largest));
                    Assert.Equal(quantiles.Order(), quantiles);
                }

                var value = Demand(m.Kind, t, random);
                largest = Math.Max(largest, value);
                one.Observe(value);
            }
        }
    }, iter: 60);

    [Fact]
    public void State_OfOtherSeasonsOrAnotherVersion_IsRefusedByName()
    {
        var state = Saved(new SeasonalForecaster(24, 168));
        Assert.Contains("it is of the seasons 24, 168, and this forecaster has the seasons 24", Refusal(new(24), state), StringComparison.Ordinal);
        Assert.Contains("it is of the seasons 24, 168, and this forecaster has no season", Refusal(new(), state), StringComparison.Ordinal);
        Assert.Contains("it is of no season, and this forecaster has the seasons 7", Refusal(new(7), Saved(new())), StringComparison.Ordinal);
        new SeasonalForecaster(168, 24).Load(state);
        state[0] = 2;
        Assert.Contains("its version is 2, and this library reads 1", Refusal(new(24, 168), Sealed(state)), StringComparison.Ordinal);

        static string Refusal(SeasonalForecaster forecaster, byte[] state) => Assert.Throws<InvalidDataException>(() => forecaster.Load(state)).Message;
    }

    [Fact]
    public void Save_ToNothing_IsRefused() => Assert.Throws<ArgumentNullException>("writer", static () => new SeasonalForecaster().Save(null!));

    /// <summary>A forecaster of one's own needs none of the three.</summary>
    [Fact]
    public void OwnForecaster_WithoutState_SavesNothing_AndTakesAnything()
    {
        IDemandForecaster own = new LastValue();
        own.Observe(5);
        var writer = new ArrayBufferWriter<byte>();
        own.Save(writer);
        Assert.Equal(0, writer.WrittenCount);
        own.Load([1, 2, 3]);
        own.Skip(1_000);
        var quantiles = new double[Levels];
        Assert.True(own.TryForecast(DemandTarget.NextStep, quantiles));
        Assert.All(quantiles, static q => Assert.Equal(5, q));
    }

    private static SeasonalForecaster Taught((int[] Seasons, int Kind, int Steps, int Seed) moment, out Random random)
    {
        var forecaster = new SeasonalForecaster(moment.Seasons);
        random = new Random(moment.Seed);
        for (var t = 0; t < moment.Steps; t++)
        {
            forecaster.Observe(Demand(moment.Kind, t, random));
            if (random.Next(300) == 0) forecaster.Skip(random.Next(60));
        }

        return forecaster;
    }

    private static double Demand(int kind, int t, Random random) => kind switch
    {
        0 => 0,
        1 => 5,
        2 => random.NextDouble(),
        3 => 10 + 10 * (t % 24) + random.NextDouble(),
        4 => random.Next(50) == 0 ? 1e8 * random.NextDouble() : 0,
        _ => 1e-9 * random.Next(3),
    };

    private static long[] Forecasts(SeasonalForecaster forecaster)
    {
        var quantiles = new double[Levels];
        return [.. Targets.SelectMany(t => forecaster.TryForecast(t, quantiles) ? quantiles.ToArray() : []).Select(BitConverter.DoubleToInt64Bits)];
    }

    private static byte[] Saved(SeasonalForecaster forecaster)
    {
        var writer = new ArrayBufferWriter<byte>();
        forecaster.Save(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] Sealed(byte[] state)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(state.Length - 8), StateCheck.Add(StateCheck.Start, state.AsSpan(0, state.Length - 8)));
        return state;
    }

    /// <summary>Behind the version, the seasons, how many values were seen, and the level.</summary>
    private static int MostAt(int[] seasons) => 1 + 8 + 8 * seasons.Length + 8 + 8;

    private sealed class LastValue : IDemandForecaster
    {
        private double _value;

        public void Observe(double value) => _value = value;

        public bool TryForecast(DemandTarget target, Span<double> quantiles)
        {
            quantiles.Fill(_value);
            return true;
        }
    }
}
