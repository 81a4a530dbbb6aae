using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests;

/// <summary>Units are there before a spike that can be foreseen, and nowhere else.</summary>
public class ForecastingTests
{
    private const int Season = 20;
    private const int Calm = 2;
    private const int High = 16;

    [Fact]
    public void Spike_ThatComesEachSeason_FindsItsUnitsThere()
    {
        using var with = Build(out var time, isForecasting: true);
        using var without = Build(out var otherTime, isForecasting: false);
        var (missing, missingWithout) = (new Shop(with, time), new Shop(without, otherTime));
        for (var season = 0; season < 25; season++)
        {
            missing.LiveSeason(season < 20 ? null : "a");
            missingWithout.LiveSeason(season < 20 ? null : "a");
        }

        Assert.Equal(0, missing.MissingAtOnset);
        Assert.Equal(5 * (High - 10), missingWithout.MissingAtOnset);
        var forecast = with.ReportBalance()!.Participants[0].Forecast!;
        Assert.True(forecast.IsTrusted, forecast.ToString());
        // Four seconds of six units in each season in which it was believed.
        Assert.True(forecast.UsedUnitSeconds >= 5 * 4 * (High - 10), $"used {forecast.UsedUnitSeconds}, idle {forecast.IdleUnitSeconds}");
        Assert.Null(without.ReportBalance()!.Participants[0].Forecast);
        TestPool.AssertLaws(with);
    }

    [Fact]
    public void Units_ForASpikeThatDoesNotCome_GoHomeAgain()
    {
        using var pool = Build(out var time, isForecasting: true);
        var shop = new Shop(pool, time);
        for (var season = 0; season < 20; season++) shop.LiveSeason(null);
        shop.Live(Season - 5, Calm);
        Assert.True(pool["a"].Borrowed > 0, pool.ReportBalance()!.ToString());
        var used = pool.ReportBalance()!.Participants[0].Forecast!;
        shop.Live(3 * Season, Calm);
        Assert.Equal(0, pool["a"].Borrowed);
        var later = pool.ReportBalance()!.Participants[0].Forecast!;
        Assert.True(later.IdleUnitSeconds > used.IdleUnitSeconds);
        Assert.Equal(used.UsedUnitSeconds, later.UsedUnitSeconds, 6);
    }

    [Fact]
    public void Forecaster_ThatIsMostlyWrong_MovesNothing()
    {
        // It cries wolf at every step, and nothing comes.
        using var pool = Build(out var time, isForecasting: true, options => options.Forecasting.UseForecaster(static _ => new Scripted(static _ => High)));
        new Shop(pool, time).Live(100, Calm);
        var forecast = pool.ReportBalance()!.Participants[0].Forecast!;
        Assert.False(forecast.IsTrusted);
        Assert.Equal((50, 0), (forecast.Alarms, forecast.Precision));
        Assert.Equal(0, pool.Balancer!.Moved);
    }

    [Fact]
    public void Forecaster_ThatWasRight_AndIsNoMore_IsSwitchedOffByItsRecord()
    {
        // Foretells each spike one step before, and from step 400 on one in each five steps that never comes.
        using var pool = Build(out var time, isForecasting: true, options => options.Forecasting.UseForecaster(
            static _ => new Scripted(static step => step < 400 ? step % Season == Season - 5 ? High : Calm : step % 5 == 0 ? High : Calm)));
        var shop = new Shop(pool, time);
        for (var season = 0; season < 20; season++) shop.LiveSeason(null);
        Assert.True(pool.ReportBalance()!.Participants[0].Forecast!.IsTrusted);
        shop.Live(160, Calm);
        var moved = pool.Balancer!.Moved;
        Assert.False(pool.ReportBalance()!.Participants[0].Forecast!.IsTrusted);
        shop.Live(100, Calm);
        Assert.Equal(moved, pool.Balancer!.Moved);
    }

    [Fact]
    public void Forecast_SavedAndLoaded_IsAsGoodAsBefore()
    {
        using var pool = Build(out var time, isForecasting: true);
        var shop = new Shop(pool, time);
        for (var season = 0; season < 20; season++) shop.LiveSeason(null);
        var saved = new MemoryStream();
        pool.SaveState(saved);
        saved.Position = 0;

        // The process sleeps for three seasons and a half.
        time.Advance(TimeSpan.FromSeconds(3.5 * Season));
        using var again = Build(time, isForecasting: true);
        again.LoadState(saved);
        var later = new Shop(again, time);
        later.Live(Season / 2, Season, onset: null);
        for (var season = 0; season < 2; season++) later.LiveSeason("a");
        Assert.Equal(0, later.MissingAtOnset);
        Assert.True(again.ReportBalance()!.Participants[0].Forecast!.IsTrusted);
    }

    [Fact]
    public void Forecast_OfAnotherStep_IsLeftOut_AndADamagedOneRefusesAll()
    {
        using var pool = Build(out var time, isForecasting: true);
        new Shop(pool, time).LiveSeason(null);
        var saved = new MemoryStream();
        pool.SaveState(saved);
        using var other = Build(time, isForecasting: true, static options => options.Forecasting.Step = TimeSpan.FromSeconds(2));
        saved.Position = 0;
        other.LoadState(saved);
        Assert.Null(other["a"].Demand.Forecast);

        saved.Position = 0;
        var state = State.StateFormat.Read(saved);
        state.Forecasts![0].State[0] ^= 0xff;
        using var third = Build(time, isForecasting: true);
        Assert.Contains("'a'", Assert.Throws<InvalidDataException>(() => third.LoadState(new MemoryStream(State.StateFormat.Write(state)))).Message, StringComparison.Ordinal);
        Assert.Null(third["a"].Demand.Forecast);
    }

    private static ResourcePool Build(out FakeTimeProvider time, bool isForecasting, Action<ResourcePoolOptions>? configure = null)
    {
        time = new FakeTimeProvider();
        return Build(time, isForecasting, configure);
    }

    private static ResourcePool Build(FakeTimeProvider time, bool isForecasting, Action<ResourcePoolOptions>? configure = null)
    {
        var options = new ResourcePoolOptions { Capacity = 30, Reputation = { NewcomerLoans = 0 } };
        options.AddParticipant("a", 10, static p => p.BorrowOnDemand = false).AddParticipant("b", 20, static p => p.LendingLimit = 20);
        options.Balancing.Mode = BalancingMode.On;
        options.Balancing.SamplePeriod = TimeSpan.FromSeconds(0.25);
        options.Balancing.OfferAfter = TimeSpan.FromSeconds(4);
        options.Balancing.DemandHalfLife = TimeSpan.FromSeconds(2);
        options.Balancing.MostMoved = 1;
        options.Forecasting.IsEnabled = isForecasting;
        options.Forecasting.Step = TimeSpan.FromSeconds(1);
        options.Forecasting.Seasons.Add(TimeSpan.FromSeconds(Season));
        configure?.Invoke(options);
        return new ResourcePool(options, time);
    }

    /// <summary>Callers of a who need so many units from one second to the next.</summary>
    private sealed class Shop(ResourcePool pool, FakeTimeProvider time)
    {
        private readonly List<ResourceLease> _leases = [];

        internal int MissingAtOnset { get; private set; }

        /// <summary>A season: calm, then four seconds of a spike.</summary>
        internal void LiveSeason(string? onset) => Live(0, Season, onset);

        internal void Live(int from, int to, string? onset)
        {
            Live(Math.Max(0, Math.Min(to, Season - 4) - from), Calm);
            for (var second = Math.Max(from, Season - 4); second < to; second++)
            {
                var missing = Need(High);
                if (onset is not null && second == Season - 4) MissingAtOnset += missing;
                Pass();
            }
        }

        internal void Live(int seconds, int units)
        {
            for (var second = 0; second < seconds; second++)
            {
                Need(units);
                Pass();
            }
        }

        private void Pass()
        {
            for (var part = 0; part < 4; part++) time.Advance(TimeSpan.FromSeconds(0.25));
        }

        /// <returns>Units that were not there.</returns>
        private int Need(int units)
        {
            for (; _leases.Count > units; _leases.RemoveAt(_leases.Count - 1)) _leases[^1].Dispose();
            var missing = 0;
            while (_leases.Count + missing < units)
            {
                var lease = pool["a"].TryAcquire();
                if (lease.IsAcquired) _leases.Add(lease); else missing++;
            }

            return missing;
        }
    }

    /// <summary>Says what it was told to say.</summary>
    private sealed class Scripted(Func<int, double> most) : IDemandForecaster
    {
        private int _step;

        public void Observe(double value) => _step++;

        public bool TryForecast(DemandTarget target, Span<double> quantiles)
        {
            quantiles.Fill(most(_step));
            return true;
        }
    }
}
