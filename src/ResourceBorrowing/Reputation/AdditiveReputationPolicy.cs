namespace ResourceBorrowing.Reputation;

/// <summary>
/// The simplest policy, an example of replacing the default: 50, plus points for what went well, minus points for what did not, both halved every half-life.
/// </summary>
/// <remarks>
/// With weight v, completeness c and timeliness t, evidence earns <c>2 v c t</c> points, and costs <c>8 v (1 - c)</c> for what was lost
/// and <c>4 v c (1 - t)</c> for what was late; losing costs four times what returning earns. Borrowing behaviour and good neighbourhood weigh a fifth of that. An impact on the lender costs up to 8 points, each reporter
/// moves one point at the most and all together 5. The balance is kept within 50 points each way, so no past, good or bad, outweighs the future for ever.
/// </remarks>
public sealed class AdditiveReputationPolicy : IReputationPolicy
{
    private const double Neutral = 50;
    private const double Earned = 2;
    private const double Lost = 8;
    private const double Late = 4;
    private const double MostByReports = 5;
    private const double MostWeight = 2;
    private const double SmallShare = 0.2;

    /// <summary>After how long evidence counts half, above 0. Default 7 days.</summary>
    public TimeSpan HalfLife { get; init => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(HalfLife), value, "A half-life is above 0."); } = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings)
    {
        var faded = Fade(record, evidence.At);
        var source = evidence.Source;
        var (kept, timely) = (Math.Clamp(evidence.Completeness, 0, 1), Math.Clamp(evidence.Timeliness, 0, 1));
        // Where the impact is not known, there is nothing to say.
        if (source == EvidenceSource.Impact) (kept, timely) = (1 - Math.Clamp(evidence.Impact ?? 1, 0, 1), 1);
        var weight = source == EvidenceSource.Impact && evidence.Impact is null ? 0 : Math.Clamp(evidence.Weight, 0, MostWeight);
        if (source is EvidenceSource.Borrowing or EvidenceSource.Neighbour) weight *= SmallShare;
        var earns = Earned * weight * kept * timely;
        var costs = weight * (Lost * (1 - kept) + Late * kept * (1 - timely));
        if (double.IsNaN(earns + costs)) return faded;

        // Whatever leads out of the range is not booked; rounding never turns a cost into a gain.
        var balance = Balance(faded);
        return earns >= costs
            ? faded.With(source, faded.For(source) + Math.Min(earns - costs, Math.Max(0, Neutral - balance)), faded.Against(source))
            : faded.With(source, faded.For(source), faded.Against(source) + Math.Min(costs - earns, Math.Max(0, Neutral + balance)));
    }

    /// <inheritdoc/>
    public ReputationRecord ApplyReports(in ReputationRecord record, ReadOnlySpan<Opinion> opinions, TimeSpan now)
    {
        var (@for, against) = (0.0, 0.0);
        foreach (var opinion in opinions)
        {
            var weight = Math.Clamp(opinion.Credibility, 0, 1) * Fading(now - opinion.At);
            (@for, against) = (@for + weight * opinion.For, against + weight * opinion.Against);
        }

        return Fade(record, now).WithReports(Math.Min(@for, MostByReports), Math.Min(against, MostByReports));
    }

    /// <inheritdoc/>
    public double Score(in ReputationRecord record, TimeSpan now)
    {
        var faded = Fade(record, now);
        return Math.Clamp(Neutral + Balance(faded) + faded.ReportsFor - faded.ReportsAgainst, 0, 2 * Neutral);
    }

    /// <inheritdoc/>
    public double ScoreOf(in ReputationRecord record, EvidenceSource source, TimeSpan now)
    {
        var faded = Fade(record, now);
        return Math.Clamp((Neutral + faded.For(source) - faded.Against(source)) / (2 * Neutral), 0, 1);
    }

    /// <inheritdoc/>
    public double Fading(TimeSpan passed) => passed <= TimeSpan.Zero ? 1 : double.Exp2(-passed / HalfLife);

    private static double Balance(in ReputationRecord record)
    {
        double balance = 0;
        for (var source = EvidenceSource.Return; source <= EvidenceSource.Neighbour; source++)
            balance += record.For(source) - record.Against(source);
        return balance;
    }

    // A clock that went backwards fades nothing, and above all restores nothing.
    private ReputationRecord Fade(in ReputationRecord record, TimeSpan now) =>
        now <= record.AsOf ? record : record.Faded(Fading(now - record.AsOf), now);
}
