namespace ResourceBorrowing.Reputation;

/// <summary>
/// The simplest policy: 50, plus points for what went well, minus points for what did not, both halved every half-life.
/// </summary>
/// <remarks>
/// With weight v, completeness c and timeliness t, evidence earns <c>2 v c t</c> points, and costs <c>8 v (1 - c)</c> for what was lost
/// and <c>4 v c (1 - t)</c> for what was late; losing costs four times what returning earns. The balance is kept within
/// 50 points each way, so no past, good or bad, outweighs the future for ever.
/// </remarks>
public sealed class AdditiveReputationPolicy : IReputationPolicy
{
    /// <summary>The reputation of a newcomer.</summary>
    public const double Neutral = 50;

    private const double Earned = 2;
    private const double Lost = 8;
    private const double Late = 4;

    /// <summary>After how long evidence counts half, above 0. Default 7 days.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence)
    {
        var faded = Fade(record, evidence.At);
        var source = evidence.Source;
        var kept = evidence.Completeness;
        var earns = Earned * evidence.Weight * kept * evidence.Timeliness;
        var costs = evidence.Weight * (Lost * (1 - kept) + Late * kept * (1 - evidence.Timeliness));

        // Whatever leads out of the range is not booked; rounding never turns a cost into a gain.
        var balance = Balance(faded);
        return earns >= costs
            ? faded.With(source, faded.For(source) + Math.Min(earns - costs, Math.Max(0, Neutral - balance)), faded.Against(source))
            : faded.With(source, faded.For(source), faded.Against(source) + Math.Min(costs - earns, Math.Max(0, Neutral + balance)));
    }

    /// <inheritdoc/>
    public double Score(in ReputationRecord record, TimeSpan now) =>
        Math.Clamp(Neutral + Balance(Fade(record, now)), 0, 2 * Neutral);

    private static double Balance(in ReputationRecord record)
    {
        double balance = 0;
        for (var source = EvidenceSource.Return; source <= EvidenceSource.Neighbour; source++)
            balance += record.For(source) - record.Against(source);
        return balance;
    }

    private ReputationRecord Fade(in ReputationRecord record, TimeSpan now)
    {
        // A clock that went backwards fades nothing, and above all restores nothing.
        var passed = now - record.AsOf;
        return passed <= TimeSpan.Zero ? record : record.Faded(double.Exp2(-passed / HalfLife), now);
    }
}
