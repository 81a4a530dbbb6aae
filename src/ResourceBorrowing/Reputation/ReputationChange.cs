using System.Globalization;

namespace ResourceBorrowing.Reputation;

/// <summary>One change of a reputation and its reason; like ones that follow each other closely are one.</summary>
/// <param name="At">When it happened, in pool time; of several the last.</param>
/// <param name="Source">Which kind of behaviour the evidence spoke of.</param>
/// <param name="Reason">What happened, in words.</param>
/// <param name="Counterparty">The other party's name; null when there is none.</param>
/// <param name="Count">How many pieces of evidence.</param>
/// <param name="Weight">The sum of their weights.</param>
/// <param name="SourceDelta">What it did to the expectation of the source, which is 0 to 1.</param>
/// <param name="ScoreDelta">What it did to the reputation, in points.</param>
public readonly record struct ReputationChange(
    TimeSpan At, EvidenceSource Source, string Reason, string? Counterparty, int Count, double Weight, double SourceDelta, double ScoreDelta)
{
    /// <summary>The change in one line.</summary>
    public override string ToString()
    {
        var count = Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({Count} times)");
        var who = Counterparty is null ? "" : $", '{Counterparty}'";
        return string.Create(CultureInfo.InvariantCulture, $"{ScoreDelta:+0.00;-0.00;0.00}  {Reason}{who}{count}");
    }

    internal bool IsLike(in ReputationChange other) =>
        Source == other.Source && ReferenceEquals(Reason, other.Reason) && ReferenceEquals(Counterparty, other.Counterparty);

    internal ReputationChange With(in ReputationChange next) => this with
    {
        At = next.At,
        Count = Count + next.Count,
        Weight = Weight + next.Weight,
        SourceDelta = SourceDelta + next.SourceDelta,
        ScoreDelta = ScoreDelta + next.ScoreDelta,
    };
}
