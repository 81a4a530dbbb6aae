using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

public class OperationCostsTests
{
    [Fact]
    public void Estimate_OfWhatIsUnknown_IsTheInitialOne() => Assert.Equal(3, new OperationCosts(initial: 3).Estimate("export"));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Estimate_OfCostsThatVary_ComesToTheirMean_AndFollowsAChange(int seed)
    {
        var random = new Random(seed);
        var costs = new OperationCosts();
        var (sum, estimates) = (0.0, 0.0);
        foreach (var mean in (double[])[5, 50, 2])
        {
            for (var i = 0; i < 100; i++) costs.Observe("export", mean * 2 * random.NextDouble());
            (sum, estimates) = (0, 0);
            for (var i = 0; i < 2_000; i++)
            {
                var cost = mean * 2 * random.NextDouble();
                estimates += costs.Estimate("export");
                costs.Observe("export", cost);
                sum += cost;
            }

            // Rounded up: at most one more each.
            Assert.InRange(estimates / 2_000, 0.98 * sum / 2_000, 1.02 * sum / 2_000 + 1);
        }
    }

    [Fact]
    public void Estimate_OfAnAmountThatNeverChanges_IsIt()
    {
        var costs = new OperationCosts(most: 40);
        for (var i = 0; i < 20; i++) costs.Observe("a", 7);
        for (var i = 0; i < 20; i++) costs.Observe("b", 1_000);
        Assert.Equal((7, 40), (costs.Estimate("a"), costs.Estimate("b")));
    }

    [Fact]
    public void Operations_OfAnyNumberOfNames_NeedBoundedMemory()
    {
        var costs = new OperationCosts();
        for (var i = 0; i < 1_024; i++) costs.Observe($"known {i}", 2);
        for (var i = 0; i < 5_000; i++) costs.Observe($"hostile {i}", 9);
        Assert.Equal((2, 9, 9), (costs.Estimate("known 7"), costs.Estimate("hostile 4"), costs.Estimate("never seen")));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Cost_ThatIsNone_IsRefused(double cost) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OperationCosts().Observe("a", cost));
}
