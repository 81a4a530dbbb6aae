using System.Globalization;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing;

/// <summary>How a pool that balances foresees demand.</summary>
/// <remarks>Each participant has a forecaster of its own, which learns from the first step on. Units move on its word only once its record shows that it is right. Forecasters that exist keep their seasons, counted in the steps of old: change steps and seasons by a restart.</remarks>
public sealed class ForecastingOptions
{
    internal const int MostSteps = 1_000_000;
    private static readonly TimeSpan[] DefaultSeasons = [TimeSpan.FromDays(1), TimeSpan.FromDays(7)];

    /// <summary>
    /// Whether demand is foreseen, and units are borrowed before a spike that a participant's forecaster has earned to be believed about. Default false. Needs
    /// <see cref="BalancingOptions.Mode"/>. Cannot change while the pool lives.
    /// </summary>
    public bool IsEnabled { get; set; }

    /// <summary>The length of a step: demand is foreseen for the next six. From the planning period to 1 day. Default 5 min.</summary>
    public TimeSpan Step { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After how long demand repeats itself, each 2 to 1,000,000 steps. Default a day and a week, which stands for none given here.</summary>
    public IList<TimeSpan> Seasons { get; } = [];

    internal Func<string, IDemandForecaster>? Forecaster { get; private set; }

    /// <summary>Foresees demand by a forecaster of yours in place of <see cref="SeasonalForecaster"/>.</summary>
    /// <param name="make">
    /// Makes the forecaster of a participant, by its name. Called once for each, and again for those of a saved state that is loaded; what it or its forecaster throws is contained, counted and logged, and then that
    /// participant is balanced by its demand alone.
    /// </param>
    public void UseForecaster(Func<string, IDemandForecaster> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        Forecaster = make;
    }

    internal IReadOnlyList<TimeSpan> SeasonsOrDefault => Seasons.Count == 0 ? DefaultSeasons : [.. Seasons];

    internal IDemandForecaster Make(string participant) => Forecaster is { } make
        ? make(participant) ?? throw new InvalidOperationException($"The forecaster of '{participant}' is null.")
        : new SeasonalForecaster([.. SeasonsOrDefault.Select(StepsOf)]);

    internal int StepsOf(TimeSpan season) => (int)Math.Min(int.MaxValue, Math.Round(season / Step));

    /// <summary>Says of which forecaster, step and seasons a saved forecast is: of another it is of no use.</summary>
    internal string KindOf(IDemandForecaster forecaster) =>
        string.Create(CultureInfo.InvariantCulture, $"{forecaster.GetType().FullName}; a step of {Step}; seasons of {string.Join(", ", SeasonsOrDefault)}");

    internal ForecastingOptions Copy()
    {
        var copy = new ForecastingOptions { IsEnabled = IsEnabled, Step = Step, Forecaster = Forecaster };
        foreach (var season in Seasons) copy.Seasons.Add(season);
        return copy;
    }
}
