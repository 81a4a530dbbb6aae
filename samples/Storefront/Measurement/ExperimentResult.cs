namespace Storefront.Measurement;

/// <summary>All policies under the same demand.</summary>
internal sealed record ExperimentResult(
    int Seed, string? Trace, double RoundSeconds, int Rounds, Calibration Calibration, IReadOnlyList<PolicyResult> Policies);
