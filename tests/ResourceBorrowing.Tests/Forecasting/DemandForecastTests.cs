using System.Buffers;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

/// <summary>What a forecaster says is told as it says it, while it says it soundly; and each of its alarms is judged.</summary>
public class DemandForecastTests
{
    private const double Line = 10;
    private const long Step = 100;

    [Fact]
    public void Quantiles_OfTheNextWindow_AreToldOncePerStep()
    {
        var teller = new Teller();
        var forecast = new DemandForecast(teller);
        Assert.Equal((double.NaN, double.NaN), (forecast.LikelyMost, forecast.SafeMost));
        forecast.Add(5, 2, Step / 2, Step / 2, Step, Line);
        Assert.Empty(teller.Calls);
        Assert.Equal((double.NaN, double.NaN), (forecast.LikelyMost, forecast.SafeMost));
        forecast.Add(5, 2, Step / 2, Step, Step, Line);
        Assert.Equal(["observe 7", "foretell NextWindow"], teller.Calls);
        Assert.Equal((3, 6), (forecast.LikelyMost, forecast.SafeMost));
        teller.Quantiles = null;
        forecast.Add(5, 2, Step / 2, Step + Step / 2, Step, Line);
        Assert.Equal((3, 6), (forecast.LikelyMost, forecast.SafeMost));
        forecast.Add(5, 2, Step / 2, 2 * Step, Step, Line);
        Assert.Equal((double.NaN, double.NaN), (forecast.LikelyMost, forecast.SafeMost));
    }

    [Theory]
    [InlineData(true, new double[] { 0, 0, 0, 0, 0, 0 })]
    [InlineData(true, new double[] { 1, 1, 2, 2, 2, 1e300 })]
    [InlineData(false, new double[] { -0.1, 1, 2, 3, 4, 5 })]
    [InlineData(false, new double[] { 1, 2, 1.9, 3, 4, 5 })]
    [InlineData(false, new double[] { 1, 2, 3, 4, 5, 4.9 })]
    [InlineData(false, new double[] { double.NaN, 2, 3, 4, 5, 6 })]
    [InlineData(false, new double[] { 1, 2, 3, 4, 5, double.NaN })]
    [InlineData(false, new double[] { 1, 2, 3, 4, 5, double.PositiveInfinity })]
    public void Quantiles_ThatFallOrAreNoNumbers_CountAsNone(bool isSound, double[] quantiles)
    {
        var forecast = new DemandForecast(new Teller { Quantiles = quantiles });
        forecast.Add(5, 0, Step, Step, Step, Line);
        Assert.Equal(isSound ? (quantiles[2], quantiles[5]) : (double.NaN, double.NaN), (forecast.LikelyMost, forecast.SafeMost));
    }

    /// <summary>To foresee more than the line is an alarm, and demand above it makes it right; as much as the line is neither.</summary>
    [Theory]
    [InlineData(10.5, 10.5, 1, 1)]
    [InlineData(10.5, 10, 1, 0)]
    [InlineData(10, 10.5, 0, 0)]
    public void Alarm_IsWhatIsAboveTheLine(double foretold, double demanded, int known, double precision)
    {
        var (teller, now) = (new Teller(), 0L);
        var forecast = new DemandForecast(teller);
        teller.Quantiles = [0, 0, foretold, foretold, foretold, foretold];
        Pass(5);
        teller.Quantiles = [0, 0, 0, 20, 20, 20];
        Pass(demanded);
        for (var i = 0; i < DemandQuantiles.Window; i++) Pass(5);
        Assert.Equal((known, precision), forecast.Alarms);

        void Pass(double demand) => forecast.Add(demand, 0, Step, now += Step, Step, Line);
    }

    [Fact]
    public void Forecaster_IsBelieved_OrRefuted_ByItsRecord()
    {
        var (teller, now) = (new Teller { Quantiles = [20, 20, 20, 20, 20, 20] }, 0L);
        var forecast = new DemandForecast(teller);
        for (var i = 0; i < 20; i++) Pass(i % 2 == 0 ? 5 : 15);
        Assert.Equal((10, 1.0), forecast.Alarms);
        Assert.Equal((true, false), (forecast.IsTrusted, forecast.IsRefuted));
        for (var i = 0; i < 60; i++) Pass(5);
        Assert.Equal((false, true), (forecast.IsTrusted, forecast.IsRefuted));

        void Pass(double demand) => forecast.Add(demand, 0, Step, now += Step, Step, Line);
    }

    /// <summary>What lies between is unknown: the forecaster learns so, and no alarm is judged by it.</summary>
    [Fact]
    public void Steps_ThatPassedUnseen_AreSkipped_AndLeaveAlarmsWithoutAnswer()
    {
        var teller = new Teller { Quantiles = [20, 20, 20, 20, 20, 20] };
        var forecast = new DemandForecast(teller);
        forecast.Add(5, 0, Step, Step, Step, Line);
        teller.Calls.Clear();
        teller.Quantiles = null;
        forecast.Add(15, 0, 3 * Step, 4 * Step, Step, Line);
        Assert.Equal(["observe 15", "skip 2", "foretell NextWindow"], teller.Calls);
        Assert.Equal((0, 0), forecast.Alarms);
        teller.Quantiles = [20, 20, 20, 20, 20, 20];
        forecast.Add(5, 0, Step, 5 * Step, Step, Line);
        forecast.Add(15, 0, Step, 6 * Step, Step, Line);
        Assert.Equal((1, 1), forecast.Alarms);
    }

    /// <summary>What the step brought is known all the same.</summary>
    [Theory]
    [InlineData("observe")]
    [InlineData("foretell")]
    public void Forecaster_ThatThrows_IsStillJudged_AndForeseesNothing(string what)
    {
        var teller = new Teller { Quantiles = [20, 20, 20, 20, 20, 20] };
        var forecast = new DemandForecast(teller);
        forecast.Add(5, 0, Step, Step, Step, Line);
        teller.Fails = what;
        Assert.Throws<InvalidOperationException>(() => forecast.Add(15, 0, Step, 2 * Step, Step, Line));
        Assert.Equal((1, 1), forecast.Alarms);
        Assert.Equal((double.NaN, double.NaN), (forecast.LikelyMost, forecast.SafeMost));
        // That was no alarm.
        Assert.Throws<InvalidOperationException>(() => forecast.Add(5, 0, Step, 3 * Step, Step, Line));
        Assert.Throws<InvalidOperationException>(() => forecast.Add(15, 0, Step, 4 * Step, Step, Line));
        Assert.Equal((1, 1), forecast.Alarms);
    }

    [Fact]
    public void State_AndRecord_GoOnInAnother()
    {
        var teller = new Teller { Quantiles = [20, 20, 20, 20, 20, 20] };
        var forecast = new DemandForecast(teller);
        for (var i = 1; i <= 20; i++) forecast.Add(i % 2 == 0 ? 5 : 15, 0, Step, i * Step, Step, Line);
        var (state, outcomes) = forecast.Save();
        Assert.Equal([1, 2, 3], state);
        Assert.Equal(Enumerable.Repeat(true, 9), outcomes);
        foreach (var skipped in new[] { 0L, 1, 5 })
        {
            var other = new Teller();
            var again = new DemandForecast(other);
            again.Load(state, outcomes, skipped);
            Assert.Equal(skipped == 0 ? ["load 1 2 3"] : ["load 1 2 3", $"skip {skipped}"], other.Calls);
            Assert.Equal((9, 1), again.Alarms);
        }
    }

    /// <summary>Says what it was told to say, and notes what it is told.</summary>
    private sealed class Teller : IDemandForecaster
    {
        internal List<string> Calls { get; } = [];

        /// <summary>What it says; null for nothing.</summary>
        internal double[]? Quantiles { get; set; } = [1, 2, 3, 4, 5, 6];

        internal string Fails { get; set; } = "";

        public void Observe(double value) => Note("observe", value);

        public bool TryForecast(DemandTarget target, Span<double> quantiles)
        {
            Note("foretell", target);
            Quantiles?.CopyTo(quantiles);
            return Quantiles is not null;
        }

        public void Save(IBufferWriter<byte> writer) => writer.Write<byte>([1, 2, 3]);

        public void Load(ReadOnlySpan<byte> state) => Note("load", string.Join(' ', state.ToArray()));

        public void Skip(long steps) => Note("skip", steps);

        private void Note(string what, object of)
        {
            Calls.Add(FormattableString.Invariant($"{what} {of}"));
            if (what == Fails) throw new InvalidOperationException(what);
        }
    }
}
