using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

public class StepDemandTests
{
    /// <summary>A step ends with the first period that ends at or after its end; its value is the mean and deviation of all demand since the step before.</summary>
    [Property(MaxTest = 500)]
    public void Step_OfAnyPeriods_IsTheMeanAndDeviationOfAllInThem(DoNotSize<int> seed)
    {
        var (demand, random, moments) = (new StepDemand(), new Random(seed.Item), new List<double>());
        var (now, step) = ((long)random.Next(0, 100), random.Next(1, 60));
        var begun = now;
        for (var period = 0; period < 40; period++)
        {
            // Half of the time at either value: mean and deviation are known.
            var (low, high, half) = (random.Next(0, 20), random.Next(20, 40), random.Next(8) == 0 ? step : random.Next(0, 10));
            for (var i = 0; i < half; i++) moments.AddRange([low, high]);
            now += 2 * half;
            var over = demand.Add((low + high) / 2.0, (high - low) / 2.0, 2 * half, now, step, out var value);
            if (moments.Count == 0 || now < begun + step)
            {
                Assert.Equal((0, 0), (over, value));
                continue;
            }

            Assert.Equal((now - begun) / step, over);
            begun += over * step;
            var mean = moments.Average();
            Assert.Equal(mean + Math.Sqrt(moments.Average(m => (m - mean) * (m - mean))), value, 1e-5);
            moments.Clear();
        }
    }

    /// <summary>A period of no time, and one that a clock run backwards makes, tell nothing.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Period_OfNoTime_TellsNothing(long none)
    {
        var demand = new StepDemand();
        Assert.Equal(0, demand.Add(100, 10, none, 1_000, 50, out var value));
        // Nothing was demanded in the step: it is not over before there is something to tell.
        Assert.Equal(0, demand.Add(100, 10, none, 1_100, 50, out value));
        Assert.Equal(0, value);
        Assert.Equal(2, demand.Add(3, 0, 10, 1_110, 50, out value));
        Assert.Equal(3, value);
        Assert.Equal(0, demand.Add(3, 0, 10, 1_120, 50, out value));
        Assert.Equal(0, demand.Add(100, 10, none, 1_130, 50, out value));
        Assert.Equal(1, demand.Add(3, 0, 40, 1_160, 50, out value));
        Assert.Equal(3, value);
    }
}
