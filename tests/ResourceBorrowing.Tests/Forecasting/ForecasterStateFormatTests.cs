using System.Buffers;
using System.Buffers.Binary;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

/// <summary>The saved state number by number: where each is, and between what it must be.</summary>
public class ForecasterStateFormatTests
{
    private const double Most = 1e300;

    /// <summary>A number of the state; the bounds of a tied one depend on others besides.</summary>
    private sealed record Number(int At, int Size, bool IsReal, double Least, double Most, bool IsTied = false);

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 4, 9 })]
    public void EachNumber_WithinItsRange_IsTaken_AndBeyondItRefused(int[] seasons)
    {
        var state = Learnt(seasons);
        var numbers = Numbers(seasons);
        Assert.Equal(state.Length, numbers[^1].At + numbers[^1].Size + 8);
        foreach (var number in numbers)
        {
            foreach (var bound in new[] { number.Least, number.Most }) Assert.True(number.IsTied || IsTaken(With(state, number, bound)), $"{number} may be {bound}");
            foreach (var wrong in Beyond(number)) Assert.False(IsTaken(With(state, number, wrong)), $"{number} must not be {wrong}");
        }

        bool IsTaken(byte[] changed)
        {
            var forecaster = new SeasonalForecaster(seasons);
            try
            {
                forecaster.Load(changed);
            }
            catch (InvalidDataException)
            {
                Assert.Equal(Saved(new SeasonalForecaster(seasons)), Saved(forecaster));
                return false;
            }

            Assert.Equal(changed, Saved(forecaster));
            return true;
        }
    }

    [Fact]
    public void Weights_AddUpToOne_AndQuantilesRiseToTwiceTheLargest()
    {
        var state = Learnt([]);
        var tied = Numbers([]).Where(static n => n.IsTied).ToArray();
        var (largest, weights, quantiles) = (tied[0], tied[1..4], tied[4..10]);
        Assert.True(IsTaken(Set(weights, [0.25, 0.5, 0.25])));
        Assert.True(IsTaken(Set(weights, [0, 0, 1 + 0.0])));
        Assert.True(IsTaken(Set(weights, [0.25, 0.5, 0.25 + 1e-10])));
        Assert.False(IsTaken(Set(weights, [0.25, 0.5, 0.25 + 1e-8])));
        Assert.False(IsTaken(Set(weights, [0.25, 0.5, 0.25 - 1e-8])));
        Assert.Contains("weights", Assert.Throws<InvalidDataException>(() => new SeasonalForecaster().Load(Set(weights, [0, 0, 0]))).Message, StringComparison.Ordinal);
        var most = BinaryPrimitives.ReadDoubleLittleEndian(state.AsSpan(largest.At));
        Assert.True(IsTaken(Set(quantiles, [0, 0, most, most, most, 2 * most])));
        Assert.False(IsTaken(Set(quantiles, [0, 0, most, most, most, Math.BitIncrement(2 * most)])));
        Assert.False(IsTaken(Set(quantiles, [0, 0, most, Math.BitDecrement(most), most, most])));

        byte[] Set(Number[] numbers, double[] values) => numbers.Zip(values).Aggregate(state, static (s, n) => With(s, n.First, n.Second));

        static bool IsTaken(byte[] changed)
        {
            try
            {
                new SeasonalForecaster().Load(changed);
                return true;
            }
            catch (InvalidDataException)
            {
                return false;
            }
        }
    }

    /// <summary>The checksum is that of Fowler, Noll and Vo: of nothing, and of the letter a.</summary>
    [Fact]
    public void Checksum_OfPublishedExamples_IsAsPublished()
    {
        Assert.Equal(0xCBF29CE484222325, StateCheck.Start);
        Assert.Equal(0xAF63DC4C8601EC8C, StateCheck.Add(StateCheck.Start, "a"u8));
        Assert.Equal(0x85944171F73967E8, StateCheck.Add(StateCheck.Start, "foobar"u8));
    }

    private static List<Number> Numbers(int[] seasons)
    {
        var (numbers, at) = (new List<Number>(), 1 + 8 + 8 * seasons.Length);
        var (day, features) = (seasons.FirstOrDefault(1), 6 + 2 * seasons.Length);
        Whole(0, long.MaxValue / 2);
        Real(-Most, Most);
        Real(0, Most, isTied: true);
        Real(0, Most);
        for (var i = 0; i < 6; i++) Real(0, Most);
        for (var i = 0; i < day; i++) Add(4, true, 0, float.MaxValue);
        for (var i = 0; i < seasons.LastOrDefault() + 6; i++) Add(2, false, 0, 0x7F7F);
        foreach (var lead in new[] { 1, 6 })
        {
            for (var i = 0; i < features; i++) Real(-Most, Most);
            for (var i = 0; i < features * features; i++) Real(i / features == i % features ? 0 : -2_000 * features, 2_000 * features);
            Real(0, Most);
            Whole(0, 30);
            for (var expert = 0; expert < 3; expert++)
            {
                for (var i = 0; i < 6; i++) Real(-30.5, 30.5);
                for (var i = 0; i < 2; i++) Real(0, Most);
                Whole(0, 625);
            }

            for (var i = 0; i < day; i++) Add(4, true, 0.1f, 10);
            for (var i = 0; i < 3; i++) Real(0, Most);
            for (var i = 0; i < 3; i++) Real(0, 1, isTied: true);
            for (var i = 0; i < 6; i++) Real(-2, 2);
            for (var i = 0; i < 6; i++) Real(0, Most, isTied: true);
            Whole(0, long.MaxValue / 2);
            for (var pending = 0; pending < lead; pending++)
            {
                for (var i = 0; i < features; i++) Real(0, 100);
                for (var i = 0; i < 3 + 6 + 2; i++) Real(0, Most);
                Real(0, 10);
                Whole(0, day - 1);
            }
        }

        return numbers;

        void Whole(long least, long most) => Add(8, false, least, most);
        void Real(double least, double most, bool isTied = false) => Add(8, true, least, most, isTied);
        void Add(int size, bool isReal, double least, double most, bool isTied = false)
        {
            numbers.Add(new Number(at, size, isReal, least, most, isTied));
            at += size;
        }
    }

    private static double[] Beyond(Number number) => number switch
    {
        { IsReal: true, Size: 4 } => [MathF.BitDecrement((float)number.Least), MathF.BitIncrement((float)number.Most), double.NaN, double.PositiveInfinity, double.NegativeInfinity],
        { IsReal: true } => [Math.BitDecrement(number.Least), Math.BitIncrement(number.Most), double.NaN, double.PositiveInfinity, double.NegativeInfinity],
        { Size: 2 } => [number.Most + 1, ushort.MaxValue],
        { Most: > int.MaxValue } => [number.Least - 1, long.MinValue, long.MaxValue],
        _ => [number.Least - 1, number.Most + 1, int.MinValue, long.MaxValue],
    };

    private static byte[] With(byte[] state, Number number, double value)
    {
        var changed = state.ToArray();
        var at = changed.AsSpan(number.At);
        if (number is { IsReal: true, Size: 4 }) BinaryPrimitives.WriteSingleLittleEndian(at, (float)value);
        else if (number.IsReal) BinaryPrimitives.WriteDoubleLittleEndian(at, value);
        else if (number.Size == 2) BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)value);
        else BinaryPrimitives.WriteInt64LittleEndian(at, value >= long.MaxValue ? long.MaxValue : value >= long.MaxValue / 2 ? long.MaxValue / 2 : (long)value);
        BinaryPrimitives.WriteUInt64LittleEndian(changed.AsSpan(changed.Length - 8), StateCheck.Add(StateCheck.Start, changed.AsSpan(0, changed.Length - 8)));
        return changed;
    }

    private static byte[] Learnt(int[] seasons)
    {
        var (forecaster, random) = (new SeasonalForecaster(seasons), new Random(1));
        for (var t = 0; t < 50; t++) forecaster.Observe(100 * random.NextDouble());
        return Saved(forecaster);
    }

    private static byte[] Saved(SeasonalForecaster forecaster)
    {
        var writer = new ArrayBufferWriter<byte>();
        forecaster.Save(writer);
        return writer.WrittenSpan.ToArray();
    }
}
