using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

public class WholeUnitsTests
{
    [Property(MaxTest = 500)]
    public void Round_OfAnyParts_KeepsTheSum_AndRoundsTheLargestRemaindersUp_TheEarlierOfEquals(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        // Few different remainders, so that many are equal, and others nearly so.
        var parts = Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(0, 20) + random.Next(0, 4) / 4.0 + random.Next(0, 3) / 1024.0).ToList();
        parts.Add(Math.Ceiling(parts.Sum()) - parts.Sum());
        var sum = (int)parts.Sum();
        var whole = new int[parts.Count];
        WholeUnits.Round(parts.ToArray(), sum, whole);
        Assert.Equal(sum, whole.Sum());
        var up = Enumerable.Range(0, parts.Count).OrderByDescending(i => parts[i] % 1).Take(sum - parts.Sum(static p => (int)p)).ToHashSet();
        for (var i = 0; i < parts.Count; i++) Assert.Equal((int)parts[i] + (up.Contains(i) ? 1 : 0), whole[i]);
    }

    [Fact]
    public void Round_OfWholeParts_LeavesThemAsTheyAre_WhateverAddingUpTookFromThem()
    {
        var whole = new int[3];
        WholeUnits.Round([3 - 1e-12, 4 + 1e-12, 0], 7, whole);
        Assert.Equal([3, 4, 0], whole);
        WholeUnits.Round([], 0, []);
    }
}
