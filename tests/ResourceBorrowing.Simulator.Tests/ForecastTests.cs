using System.Globalization;
using ResourceBorrowing.Forecasting;
using ResourceBorrowing.Simulator.Studies;
using ResourceBorrowing.Simulator.Traces;
using ResourceBorrowing.Tests;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>Forecasts scored by the protocol, and the commands that show them.</summary>
public class ForecastTests
{
    /// <summary>On real series; the spikes' targets on those that are predictable by the protocol's rule.</summary>
    [SharedDataFact]
    public void Forecasts_OfRealSeries_MeetAllTargets()
    {
        var folder = Path.Combine(SharedDataFactAttribute.Folder, "traces");
        var scores = Directory.GetFiles(folder, "*.csv").Where(static f => !f.EndsWith("demand_tweets_8.csv", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .SelectMany(DemandSeries.Read).Select(static s => new ForecastTrial(s.Values, s.Day).Score(new SeasonalForecaster(s.Day, 7 * s.Day))).ToList();
        Assert.Equal(10, scores.Count);
        Assert.Equal(5, scores.Count(static s => s.IsPredictable));
        var targets = ForecastTarget.Of(scores);
        Assert.Equal(10, targets.Count);
        Assert.All(targets, static t => Assert.True(t.IsMet, t.ToString()));
    }

    /// <summary>The yardstick: whoever forecasts as a rival does is worth as much as it.</summary>
    [Fact]
    public void Rivals_AreWorthOne_AndForetellWhatComesAgain()
    {
        const int day = 48;
        var values = Enumerable.Range(0, 20 * day).Select(static t => t % day is 20 or 21 or 22 ? 50.0 + t % 7 : 10 + t % 5).ToArray();
        var trial = new ForecastTrial(values, day);
        var naive = trial.Score(new NaiveForecaster(day));
        Assert.Equal((1, 1, true), (naive.Step, naive.Window, naive.IsPredictable));
        Assert.Equal(1, trial.Score(new NaiveForecaster(1)).WindowByLast);
        Assert.Equal((1, 1, 1, 1), (naive.Spikes.Recall, naive.Spikes.EarlyRecall, naive.Spikes.Precision, naive.Spikes.NearPrecision));
        Assert.InRange(trial.Score(new SeasonalForecaster(day)).Spikes.Recall, 0.9, 1);
    }

    [Fact]
    public void RollingQuantiles_AreThoseOfTheLast512()
    {
        var (rolling, all, random) = (new RollingQuantiles(), new List<double>(), new Random(1));
        for (var i = 0; i < 2_000; i++)
        {
            all.Add(random.Next(100));
            rolling.Add(all[^1]);
            var last = all.TakeLast(512).Order().ToArray();
            Assert.Equal(last[(last.Length - 1) / 2] + (last.Length % 2 == 0 ? (last[last.Length / 2] - last[(last.Length - 1) / 2]) / 2 : 0), rolling.Of(0.5), 1e-9);
            Assert.Equal((last[0], last[^1]), (rolling.Of(0), rolling.Of(1)));
        }
    }

    [Fact]
    public async Task ForecastCommand_WritesInEachRow_WhatWasForetoldBeforeIt()
    {
        using var folder = new TemporaryFolder();
        var (trace, quantiles) = (Path.Combine(folder.Path, "demand.csv"), Path.Combine(folder.Path, "quantiles.csv"));
        var values = Enumerable.Range(0, 60).Select(static t => t % 12 == 5 ? 40.5 : 10 + t % 12).ToArray();
        await File.WriteAllLinesAsync(trace, ["t,value", .. values.Select(static (v, t) => string.Create(CultureInfo.InvariantCulture, $"{300 * t},{v}"))]);
        Assert.Equal((0, "", ""), await Tool.RunAsync($"forecast --trace {trace} --season 12 --season 24 --out {quantiles}"));

        var rows = await File.ReadAllLinesAsync(quantiles);
        Assert.Equal("t,value,t1_q50,t1_q60,t1_q70,t1_q80,t1_q90,t1_q95,t2_q50,t2_q60,t2_q70,t2_q80,t2_q90,t2_q95", rows[0]);
        Assert.Equal(values.Length + 1, rows.Length);
        Assert.Equal("0,10,,,,,,,,,,,,", rows[1]);
        var forecaster = new SeasonalForecaster(12, 24);
        foreach (var value in values[..^1]) forecaster.Observe(value);
        double[] step = new double[6], window = new double[6];
        Assert.True(forecaster.TryForecast(DemandTarget.NextStep, step) && forecaster.TryForecast(DemandTarget.NextWindow, window));
        Assert.Equal([300 * 59, values[^1], .. step, .. window], rows[^1].Split(',').Select(static v => double.Parse(v, CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("t,a,b\n0,1,2\n300,1,2\n", "one series expected, 2 found: a, b")]
    [InlineData("t,value\n0,1\n300,-2\n", "demand")]
    public async Task ForecastCommand_OfAWrongFile_SaysWhatIsWrong(string content, string message)
    {
        using var folder = new TemporaryFolder();
        var trace = Path.Combine(folder.Path, "demand.csv");
        await File.WriteAllTextAsync(trace, content);
        var (exit, _, errors) = await Tool.RunAsync($"forecast --trace {trace} --out {Path.Combine(folder.Path, "out.csv")}");
        Assert.Equal(2, exit);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.Path, "out.csv")));
    }

    [Theory]
    [InlineData("""{"requiredSum": 11, "classes": [{"target": 1, "lowerBound": 0, "upperBound": 2}, {"target": 2, "lowerBound": 1, "upperBound": 20}]}""", 0, "[2,9]\n")]
    [InlineData("""{"requiredSum": 30, "classes": [{"target": 1, "lowerBound": 0, "upperBound": 2}]}""", 1, "the upper bounds add up to 2, less than the sum of 30")]
    [InlineData("""{"requiredSum": 30}""", 2, "no problem to plan")]
    [InlineData("""{"requiredSum": 30, "classes": [{"target": "1"}]}""", 2, "'target' must be there, as a number")]
    [InlineData("nothing", 2, "no problem to plan")]
    public async Task PlanCommand_PrintsThePartsOrWhyThereAreNone(string problem, int exit, string text)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "problem.json");
        await File.WriteAllTextAsync(file, problem);
        var (code, output, errors) = await Tool.RunAsync($"plan {file}");
        Assert.Equal(exit, code);
        Assert.Contains(text, exit == 0 ? output : errors, StringComparison.Ordinal);
    }
}
