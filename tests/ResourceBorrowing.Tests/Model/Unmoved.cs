using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Model;

/// <summary>A reputation that nothing moves.</summary>
internal sealed class Unmoved(double score) : IReputationPolicy
{
    public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => record;

    public double Score(in ReputationRecord record, TimeSpan now) => score;
}
