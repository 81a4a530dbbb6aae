using System.Text.Json.Serialization;

namespace ResourceBorrowing.State;

/// <summary>What a pool remembers from one process to the next. Times are ages: how long before it was saved.</summary>
internal sealed record SavedState
{
    /// <summary>When it was saved, by the wall clock: what the process slept counts as time passed.</summary>
    public required DateTimeOffset SavedAt { get; init; }

    /// <summary>The type of the policy whose amounts these are.</summary>
    public required string ReputationPolicy { get; init; }

    public required SavedStanding[] Reputations { get; init; }

    /// <summary>Null in what was written before there were forecasts.</summary>
    public SavedForecast[]? Forecasts { get; init; }

    /// <summary>Null in what was written where there was no marketplace.</summary>
    public SavedCredits[]? Credits { get; init; }
}

/// <summary>All that is remembered of one name.</summary>
internal sealed record SavedStanding
{
    public required string Name { get; init; }

    /// <summary>By source, in the order of the enumeration.</summary>
    public required double[] For { get; init; }

    public required double[] Against { get; init; }

    public required double[] Turnover { get; init; }

    public double ReportsFor { get; init; }

    public double ReportsAgainst { get; init; }

    public TimeSpan Age { get; init; }

    /// <summary>Loans returned whole, and loans given and honoured.</summary>
    public long Completed { get; init; }

    public long Honoured { get; init; }

    public required SavedDealings[] Dealings { get; init; }

    public required SavedOpinion[] Opinions { get; init; }
}

internal sealed record SavedDealings(string With, double[] Counted, double[] Turnover, double Volume, TimeSpan Age);

internal sealed record SavedOpinion(string By, double For, double Against, TimeSpan Age);

/// <summary>What a participant's forecaster has learnt.</summary>
/// <param name="Name">The participant's.</param>
/// <param name="Kind">Of which forecaster, step and seasons it is.</param>
/// <param name="State">As the forecaster wrote it.</param>
/// <param name="Outcomes">Which of its last alarms were right, the oldest first.</param>
internal sealed record SavedForecast(string Name, string Kind, byte[] State, bool[] Outcomes);

/// <summary>What somebody has.</summary>
/// <param name="Name">Whose.</param>
/// <param name="Millionths">Its balance in millionths of a credit.</param>
internal sealed record SavedCredits(string Name, long Millionths);

[JsonSerializable(typeof(SavedState))]
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
internal sealed partial class SavedStateContext : JsonSerializerContext;
