using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Model;

/// <summary>Judges like the default, but nobody falls below 50: those who misbehave go on borrowing.</summary>
internal sealed class Forgiving : IReputationPolicy
{
    private readonly BetaReputationPolicy _policy = new();

    public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => _policy.Apply(record, evidence, ref dealings);

    public ReputationRecord ApplyReports(in ReputationRecord record, ReadOnlySpan<Opinion> opinions, TimeSpan now) => _policy.ApplyReports(record, opinions, now);

    public double Score(in ReputationRecord record, TimeSpan now) => Math.Max(50, _policy.Score(record, now));

    public double ScoreOf(in ReputationRecord record, EvidenceSource source, TimeSpan now) => _policy.ScoreOf(record, source, now);

    public double Fading(TimeSpan passed) => _policy.Fading(passed);
}
