using System.Globalization;
using System.Text;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing;

/// <summary>The last plan of a pool that balances: what everybody should have, what moved for it, and why.</summary>
/// <param name="At">When it was made, in pool time.</param>
/// <param name="UnitsPlanned">Units that it would have moved.</param>
/// <param name="UnitsLent">Units that were lent for it.</param>
/// <param name="UnitsReturned">Units of earlier plans' loans that went home for it.</param>
/// <param name="Reason">Why not all of them moved; empty when they did.</param>
/// <param name="Participants">All participants, in the order in which they joined, and the reserve.</param>
public sealed record BalanceReport(TimeSpan At, int UnitsPlanned, int UnitsLent, int UnitsReturned, string Reason, IReadOnlyList<ParticipantBalance> Participants)
{
    /// <summary>Units that moved.</summary>
    public int UnitsMoved => UnitsLent + UnitsReturned;

    /// <summary>A text for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var participant in Participants) text.AppendLine(participant.Explanation);
        return text.Append(CultureInfo.InvariantCulture, $"{UnitsMoved} of {UnitsPlanned} units moved{(Reason.Length > 0 ? ": " : "")}{Reason}").ToString();
    }
}

/// <summary>One participant in a <see cref="BalanceReport"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NominalQuota">Units it owns.</param>
/// <param name="Allocation">Units it could use when the plan was made.</param>
/// <param name="Planned">Units it should have: the capacity divided in proportion to all targets, within the bounds.</param>
/// <param name="Target">What it needs, at the least <paramref name="Lower"/>.</param>
/// <param name="Lower">The least it should have: its floor, or what it owns and needs.</param>
/// <param name="Ceiling">The most it may have, its reputation considered.</param>
/// <param name="Demand">Its demand in the last planning period.</param>
/// <param name="SmoothedDemand">The same, rising at once and falling slowly.</param>
/// <param name="Offered">Units that it puts up for others, those lent included.</param>
/// <param name="Gained">Units that this plan brought it.</param>
/// <param name="Lost">Units that this plan took from it.</param>
/// <param name="Forecast">What is foreseen; null without a forecast.</param>
public sealed record ParticipantBalance(
    string Name, int NominalQuota, int Allocation, int Planned, double Target, double Lower, int Ceiling, DemandPeriod Demand, double SmoothedDemand, int Offered, int Gained, int Lost,
    ParticipantForecast? Forecast)
{
    /// <summary>Why it has what it has, in a sentence for people.</summary>
    public string Explanation
    {
        get
        {
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture,
                $"'{Name}' owns {NominalQuota} and may use {Allocation}. It demanded {Demand.Mean:0.#} +- {Demand.Deviation:0.#}, {Demand.Most} at the most; smoothed {SmoothedDemand:0.#}.");
            if (Demand.Refused > 0) text.Append(CultureInfo.InvariantCulture, $" {Demand.Refused} units were refused.");
            if (Forecast is { } forecast) text.Append(' ').Append(forecast);
            text.Append(CultureInfo.InvariantCulture, $" It should have {Planned}, between {Lower:0.#} and {Ceiling}.");
            if (Offered > 0) text.Append(CultureInfo.InvariantCulture, $" It offers {Offered}.");
            if (Gained > 0) text.Append(CultureInfo.InvariantCulture, $" {Gained} came.");
            if (Lost > 0) text.Append(CultureInfo.InvariantCulture, $" {Lost} went.");
            return text.ToString();
        }
    }
}

/// <summary>What is foreseen for a participant, and what came of such forecasts.</summary>
/// <param name="LikelyMost">The 0.7 quantile of its highest demand within six steps; null while nothing is foreseen.</param>
/// <param name="SafeMost">The 0.95 quantile of the same: what it is to have when the other is above what it owns.</param>
/// <param name="IsTrusted">Whether units move on it: at least 10 alarms, of the last 50 at least 60 % right.</param>
/// <param name="Alarms">Alarms whose outcome is known, 50 at the most.</param>
/// <param name="Precision">The share of them that was right.</param>
/// <param name="UsedUnitSeconds">Unit-seconds of units that came because of a forecast and were used: the benefit.</param>
/// <param name="IdleUnitSeconds">Those that were not: the regret.</param>
public sealed record ParticipantForecast(double? LikelyMost, double? SafeMost, bool IsTrusted, int Alarms, double Precision, double UsedUnitSeconds, double IdleUnitSeconds)
{
    /// <summary>A text for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"Foreseen: {(LikelyMost is null ? "nothing yet" : $"likely {LikelyMost:G4}, safe {SafeMost:G4}")} ({(IsTrusted ? "believed" : "not believed")}: {Precision:P0} of {Alarms} alarms were right).");
}
