using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

public class LevelFillTests
{
    // Beyond several vectors, with any rest.
    private const int Longest = 40;

    /// <summary>Of every length, as vectors take several places at a time and the rest one by one.</summary>
    [Property(MaxTest = 50)]
    public void Fill_OfEveryLength_GivesWhatGivingOneUnitAfterTheOtherWould(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        for (var count = 1; count <= Longest; count++)
        {
            var (levels, capacities) = (new long[count], new long[count]);
            // Few different levels and capacities, so that many are equal.
            var (apart, most) = (random.Next(1, 30), random.Next(2, 12));
            for (var i = 0; i < count; i++) (levels[i], capacities[i]) = (random.Next(apart) - apart / 2, random.Next(most));
            var total = capacities.Sum();
            if (total == 0) continue;
            var (units, given) = (random.NextInt64(total), new long[count]);
            Array.Fill(given, 7);
            var level = LevelFill.Fill(units, levels, capacities, given, new int[count], random.Next(2) * random.NextInt64(-40, 40));
            Assert.Equal(OneByOne(units, levels, capacities), given);
            AssertLevel(level, units, levels, capacities);
        }
    }

    /// <summary>From any guess, of numbers of any size: the level is the highest to which there are units, and the rest goes one each to those on it that have least capacity left.</summary>
    [Property(MaxTest = 200)]
    public void Fill_OfAnySizes_FromAnyGuess_IsExact(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        for (var count = 1; count <= Longest; count++)
        {
            // Some all alike, some of any size; 40 capacities add up within 64 bits.
            var (apart, most) = (random.Next(2) == 0 ? 60 : random.Next(60), random.Next(2) == 0 ? 56 : random.Next(56));
            var levels = Enumerable.Range(0, count).Select(_ => random.NextInt64(-Any(random, apart), Any(random, apart))).ToArray();
            var capacities = levels.Select(_ => random.Next(4) == 0 ? 0 : Any(random, most)).ToArray();
            var total = capacities.Sum();
            if (total == 0) continue;
            var units = random.Next(4) switch { 0 => 0, 1 => total - 1, 2 => Math.Min(total - 1, Any(random, most)), _ => random.NextInt64(total) };
            var (given, guess) = (new long[count], random.Next(3) * random.NextInt64(-Any(random, 60), Any(random, 60)));
            var level = LevelFill.Fill(units, levels, capacities, given, new int[count], guess);
            AssertLevel(level, units, levels, capacities);
            var expected = levels.Select((l, i) => Math.Clamp(level - l, 0, capacities[i])).ToArray();
            var rising = Enumerable.Range(0, count).Where(i => levels[i] <= level && expected[i] < capacities[i]).OrderBy(i => capacities[i] - expected[i]);
            foreach (var i in rising.Take((int)(units - expected.Sum()))) expected[i]++;
            Assert.Equal(expected, given);
        }
    }

    [Theory]
    [InlineData(long.MaxValue / 4)]
    [InlineData(-long.MaxValue / 4)]
    public void Fill_OfLevelsFarApart_IsExact(long far)
    {
        long[] levels = [0, far, 5, far + 1], capacities = [10, 10, 10, 10];
        var given = new long[4];
        LevelFill.Fill(25, levels, capacities, given, new int[given.Length]);
        Assert.Equal(OneByOne(25, levels, capacities), given);
    }

    [Fact]
    public void Fill_OfHugeCapacities_DoesNotCountThem()
    {
        var given = new long[3];
        LevelFill.Fill(3L << 40, [0, 1L << 40, 0], [1L << 41, 1L << 41, 1L << 41], given, new int[3]);
        Assert.Equal([(4L << 40) / 3 + 1, (4L << 40) / 3 - (1L << 40), (4L << 40) / 3], given);
    }

    [Fact]
    public void Fill_OfTooShortAPlace_ThrowsAtOnce_AndOfALongerOneLeavesTheRest()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => LevelFill.Fill(1, [0, 0], [9], new long[2], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(static () => LevelFill.Fill(1, [0, 0], [9, 9], new long[1], new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(static () => LevelFill.Fill(1, [0, 0], [9, 9], new long[2], new int[1]));
        long[] given = [7, 7, 7];
        LevelFill.Fill(3, [0, 0], [9, 9], given, new int[3]);
        Assert.Equal([2, 1, 7], given);
    }

    /// <summary>About as many of one size as of another.</summary>
    private static long Any(Random random, int bits) => random.NextInt64(1, (1L << random.Next(bits + 1)) + 1);

    private static void AssertLevel(long level, long units, long[] levels, long[] capacities)
    {
        long Filled(long to) => levels.Select((l, i) => Math.Clamp(to - l, 0, capacities[i])).Sum();
        Assert.True(Filled(level) <= units && units < Filled(level + 1), $"{level} is not the level of {units} in {string.Join(' ', levels)} with {string.Join(' ', capacities)}");
    }

    /// <summary>The lowest first, then who has least capacity left, then the earlier.</summary>
    internal static long[] OneByOne(long units, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities)
    {
        var given = new long[levels.Length];
        for (; units > 0; units--)
        {
            var (next, best) = (-1, (long.MaxValue, long.MaxValue));
            for (var i = 0; i < given.Length; i++)
            {
                var rank = (levels[i] + given[i], capacities[i] - given[i]);
                if (given[i] < capacities[i] && rank.CompareTo(best) < 0) (next, best) = (i, rank);
            }

            given[next]++;
        }

        return given;
    }
}
