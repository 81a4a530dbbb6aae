using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

public class LevelFillTests
{
    [Property(MaxTest = 2_000)]
    public void Fill_GivesWhatGivingOneUnitAfterTheOtherWould(int seed)
    {
        var random = new Random(seed);
        var count = random.Next(1, 20);
        var (levels, capacities) = (new long[count], new long[count]);
        // Few different levels and capacities, so that many are equal.
        var (apart, most) = (random.Next(1, 30), random.Next(1, 12));
        for (var i = 0; i < count; i++) (levels[i], capacities[i]) = (random.Next(apart) - apart / 2, random.Next(most));
        var total = capacities.Sum();
        if (total == 0) return;
        var units = random.NextInt64(total);
        var given = new long[count];
        LevelFill.Fill(units, levels, capacities, given, new int[given.Length]);
        Assert.Equal(OneByOne(units, levels, capacities), given);
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

    private static long[] OneByOne(long units, long[] levels, long[] capacities)
    {
        var given = new long[levels.Length];
        for (; units > 0; units--)
        {
            var next = Enumerable.Range(0, levels.Length).Where(i => given[i] < capacities[i])
                .OrderBy(i => levels[i] + given[i]).ThenBy(i => capacities[i] - given[i]).ThenBy(static i => i).First();
            given[next]++;
        }

        return given;
    }
}
