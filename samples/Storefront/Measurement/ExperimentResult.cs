namespace Storefront.Measurement;

/// <summary>All policies under the same demand.</summary>
internal sealed record ExperimentResult(
    int Seed, string? Trace, double RoundSeconds, int Rounds, Calibration Calibration, IReadOnlyList<PolicyResult> Policies)
{
    /// <summary>After how long demand repeats itself; null when that is not known.</summary>
    internal TimeSpan? Season { get; init; }

    /// <summary>The static split and borrowing while one subsystem asks for all the units of the shop; empty when the run was too short for it.</summary>
    internal IReadOnlyList<PolicyResult> Flood { get; init; } = [];

    /// <summary>The adapters that are rates.</summary>
    internal required IReadOnlyList<RateResult> Rates { get; init; }

    /// <summary>Null when the run was too short for it.</summary>
    internal ActTwoResult? ActTwo { get; init; }

    /// <summary>Events of the pools that were not seen: the counts of loans are too low by up to that.</summary>
    internal long DroppedEvents => Policies.SelectMany(static p => p.Rounds).Sum(static r => r.Loans?.Dropped ?? 0);
}
