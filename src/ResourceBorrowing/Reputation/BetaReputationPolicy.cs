namespace ResourceBorrowing.Reputation;

/// <summary>
/// The default policy: four sources of evidence, each an expectation under a Beta distribution, joined by a weighted mean and by the weakest of what
/// loans are judged by, return and impact.
/// </summary>
/// <remarks>
/// <para>With r for and s against, <c>E = (2 + r) / (4 + r + s)</c> per source, and
/// <c>R = 100 (0.5 (0.45 E_return + 0.25 E_impact + 0.15 E_borrowing + 0.15 E_neighbour) + 0.5 min(E_return, E_impact))</c>.</para>
/// <para>A loan of weight v, of which the share c came back with timeliness t, brings return <c>r = v c t</c> and <c>s = v (phi_C (1 - c) + phi_L c (1 - t))</c>;
/// with q = c t and an impact of i on the lender, impact brings <c>r = v q (1 - i)</c> and <c>s = 4 v i</c>, or <c>r = v q / 2</c> where i is not known;
/// and each request <c>r = 0.2 q</c> and <c>s = 0.4 (1 - c)</c> for borrowing behaviour. A lender earns <c>r = 0.2 v</c> as a neighbour for a loan
/// honoured, and <c>s = 0.4 v</c> for one it did not honour. While <c>E_return</c> is below 0.5 a return earns <c>(2 E_return)^3</c> of that: trust that was lost
/// comes back more slowly than it came.</para>
/// <para>No past outweighs the future: a source holds 20 of evidence at the most, older evidence making room for new. No partner makes a reputation: of what
/// a source holds, one other participant has brought at most the favour of 3 reference loans; what has faded or made room it may bring again. Beyond that being
/// late costs less, <c>(3 / volume)^1.5</c> of it, so that who deals much with few is judged by its usual conduct, but losing units costs in full. So it hardly matters how
/// many loans there are in a half-life. Reports count for 6 together at the most: each reporter once, by its own
/// reputation; newcomers together a quarter of the others; and from 5 on those are left out whom the whole contradicts.</para>
/// <para>Sources: Josang and Ismail, The Beta Reputation System (2002); Whitby, Josang and Indulska, Filtering Out Unfair Ratings in Bayesian Reputation Systems (2004).</para>
/// </remarks>
public sealed class BetaReputationPolicy : IReputationPolicy
{
    private const double Prior = 2;
    private const double MostMass = 20;
    private const double MostReportMass = 6;
    private const double MostPerPartner = 3;
    private const double MostPerLoan = 2;
    private const double RequestShare = 0.2;
    private const double RefusalShare = 0.4;
    private const double HarmWeight = 4;
    private const double LatePenalty = 3;
    private const double UnvettedShare = 0.25;
    private const int LeastToFilter = 5;
    private const double FilterQuantile = 0.01;
    private const int MostOnStack = 256;
    private const double ShortPassed = 4e-4;

    // In place of nothing, which has no logarithm.
    private const double LeastKept = 1e-12;

    /// <summary>After how long evidence counts half, above 0. Default 7 days.</summary>
    public TimeSpan HalfLife { get; init => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(HalfLife), value, "A half-life is above 0."); } = TimeSpan.FromDays(7);

    /// <summary>phi_C: how much more losing a unit costs than returning it earns, 3 to 1000. Default 4; 8 is strict: one loss of a large loan ends borrowing.</summary>
    public double LossPenalty { get; init => field = value is >= LatePenalty and <= 1000 ? value : throw new ArgumentOutOfRangeException(nameof(LossPenalty), value, "A loss costs 3 to 1000 times what a return earns."); } = 4;

    /// <inheritdoc/>
    public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings)
    {
        var next = evidence.At > record.AsOf ? Fade(record, evidence.At) : record;
        // What is not a number says nothing.
        if (double.IsNaN(evidence.Weight + evidence.Completeness + evidence.Timeliness + (evidence.Impact ?? 0))) return next;
        if (evidence.At > dealings.AsOf) dealings = dealings.Faded(Fading(evidence.At - dealings.AsOf), evidence.At);
        var (c, t) = (Math.Clamp(evidence.Completeness, 0, 1), Math.Clamp(evidence.Timeliness, 0, 1));
        var weight = Math.Clamp(evidence.Weight, 0, MostMass);
        var v = Math.Min(weight, MostPerLoan);
        var q = c * t;
        var source = evidence.Source;
        var share = source is EvidenceSource.Borrowing or EvidenceSource.Neighbour ? RequestShare : 1;

        // What this partner brought that has since made room for newer evidence, or faded, may be brought again.
        var turned = next.Turnover(source) - dealings.Turnover(source);
        var counted = turned > 0 ? dealings.Counted(source) * Math.Exp(-turned) : dealings.Counted(source);
        var room = Math.Max(0, MostPerPartner * share - counted);
        var (@for, against) = (0.0, 0.0);
        switch (source)
        {
            case EvidenceSource.Return:
                @for = v * q * Regained(Expected(next, source));
                if (q < 1) against = LossPenalty * v * (1 - c) + LatePenalty * LateWeight(v, room, dealings.Volume) * c * (1 - t);
                dealings.CountVolume(v * q);
                break;
            case EvidenceSource.Impact when evidence.Impact is { } impact:
                var i = Math.Clamp(impact, 0, 1);
                (@for, against) = (v * q * (1 - i), HarmWeight * v * i);
                break;
            case EvidenceSource.Impact:
                @for = v * q / 2;
                break;
            case EvidenceSource.Borrowing:
                (@for, against) = (RequestShare * weight * q, RefusalShare * weight * (1 - c));
                break;
            default:
                (@for, against) = (RequestShare * v * c, RefusalShare * v * (1 - c));
                break;
        }

        @for = Math.Min(@for, room);
        var kept = Add(ref next, source, ref @for, against);
        dealings.Set(source, counted * kept + @for, next.Turnover(source));
        return next;
    }

    /// <inheritdoc/>
    public ReputationRecord ApplyReports(in ReputationRecord record, ReadOnlySpan<Opinion> opinions, TimeSpan now)
    {
        var isHeard = opinions.Length <= MostOnStack ? stackalloc bool[opinions.Length] : new bool[opinions.Length];
        isHeard.Fill(true);
        var (@for, against) = Sum(opinions, isHeard, now);
        for (var left = opinions.Length; left >= LeastToFilter;)
        {
            var whole = (1 + @for) / (2 + @for + against);
            var before = left;
            for (var i = 0; i < opinions.Length; i++)
            {
                if (!isHeard[i] || !IsContradicted(opinions[i], whole, now)) continue;
                isHeard[i] = false;
                left--;
            }

            if (left == before) break;
            (@for, against) = Sum(opinions, isHeard, now);
        }

        var scale = Math.Min(1, MostReportMass / (@for + against));
        return Fade(record, now).WithReports(@for * scale, against * scale);
    }

    /// <inheritdoc/>
    public double Score(in ReputationRecord record, TimeSpan now) => now <= record.AsOf ? Score(record) : Score(Fade(record, now));

    /// <inheritdoc/>
    public double ScoreOf(in ReputationRecord record, EvidenceSource source, TimeSpan now) =>
        now <= record.AsOf ? Expected(record, source) : Expected(Fade(record, now), source);

    /// <inheritdoc/>
    public double Fading(TimeSpan passed)
    {
        if (passed <= TimeSpan.Zero) return 1;
        // e^-x by its series where that is exact: most evidence follows other by less than minutes.
        var x = passed.Ticks * (Math.Log(2) / HalfLife.Ticks);
        return x < ShortPassed ? 1 - x * (1 - x * (0.5 - x / 6)) : Math.Exp(-x);
    }

    private static double Score(in ReputationRecord record)
    {
        var (returns, impact) = (Expected(record, EvidenceSource.Return), Expected(record, EvidenceSource.Impact));
        var mean = 0.45 * returns + 0.25 * impact + 0.15 * Expected(record, EvidenceSource.Borrowing) + 0.15 * Expected(record, EvidenceSource.Neighbour);
        return Math.Clamp(100 * (0.5 * mean + 0.5 * Math.Min(returns, impact)), 0, 100);
    }

    private static double Expected(in ReputationRecord record, EvidenceSource source)
    {
        var (@for, against) = (record.For(source), record.Against(source));
        if (source == EvidenceSource.Neighbour) (@for, against) = (@for + record.ReportsFor, against + record.ReportsAgainst);
        return (Prior + @for) / (2 * Prior + @for + against);
    }

    /// <summary>Whoever loses more than it brings back regains trust more slowly than it came, or losing every third loan would pay.</summary>
    private static double Regained(double expected) => expected >= 0.5 ? 1 : 8 * expected * expected * expected;

    /// <summary>
    /// The weight at which being late counts, where a partner's favour is exhausted: less, the more was dealt with it. Proportion alone would let it pile up
    /// while much is borrowed for the first time; the square would forgive lateness that comes in bursts.
    /// </summary>
    private static double LateWeight(double v, double room, double volume)
    {
        var beyond = Math.Max(0, v - room);
        return v - beyond + beyond * Math.Pow(Math.Min(1, MostPerPartner / volume), 1.5);
    }

    /// <summary>Old evidence makes room for new, in proportion, so that it keeps what it says.</summary>
    /// <param name="record">The record, changed.</param>
    /// <param name="source">What the evidence speaks of.</param>
    /// <param name="for">Evidence in favour; then as much of it as found room.</param>
    /// <param name="against">Evidence against.</param>
    /// <returns>The share of the old evidence that stays.</returns>
    private static double Add(ref ReputationRecord record, EvidenceSource source, ref double @for, double against)
    {
        var most = source == EvidenceSource.Neighbour ? MostMass - MostReportMass : MostMass;
        var mass = @for + against;
        if (mass > most) (@for, against, mass) = (@for * most / mass, against * most / mass, most);
        var (oldFor, oldAgainst) = (record.For(source), record.Against(source));
        var (old, room) = (oldFor + oldAgainst, most - mass);
        var kept = 1.0;
        if (old > room)
        {
            kept = Math.Max(room / old, LeastKept);
            record.Turn(source, -Math.Log(kept));
        }

        record.Set(source, oldFor * kept + @for, oldAgainst * kept + against);
        return kept;
    }

    private (double For, double Against) Sum(ReadOnlySpan<Opinion> opinions, ReadOnlySpan<bool> isHeard, TimeSpan now)
    {
        var (vettedFor, vettedAgainst, otherFor, otherAgainst) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < opinions.Length; i++)
        {
            if (!isHeard[i]) continue;
            var (@for, against) = Weigh(opinions[i], now);
            var weight = Math.Clamp(opinions[i].Credibility, 0, 1);
            if (!double.IsFinite(@for + against + weight)) continue;
            if (opinions[i].IsVetted) (vettedFor, vettedAgainst) = (vettedFor + weight * @for, vettedAgainst + weight * against);
            else (otherFor, otherAgainst) = (otherFor + weight * @for, otherAgainst + weight * against);
        }

        var others = otherFor + otherAgainst;
        var scale = others == 0 ? 0 : Math.Min(1, UnvettedShare * (vettedFor + vettedAgainst) / others);
        return (vettedFor + scale * otherFor, vettedAgainst + scale * otherAgainst);
    }

    private (double For, double Against) Weigh(in Opinion opinion, TimeSpan now)
    {
        var kept = opinion.At >= now ? 1 : Fading(now - opinion.At);
        var (@for, against) = (Math.Clamp(opinion.For, 0, 1) * kept, Math.Clamp(opinion.Against, 0, 1) * kept);
        // One reporter is one unit of evidence, whatever it sent.
        var most = Math.Max(1, @for + against);
        return (@for / most, against / most);
    }

    private bool IsContradicted(in Opinion opinion, double whole, TimeSpan now)
    {
        var (@for, against) = Weigh(opinion, now);
        if (!double.IsFinite(@for + against)) return true;
        var below = BetaDistribution.Below(whole, @for + 1, against + 1);
        return below < FilterQuantile || below > 1 - FilterQuantile;
    }

    // A clock that went backwards fades nothing, and above all restores nothing.
    private ReputationRecord Fade(in ReputationRecord record, TimeSpan now) =>
        now <= record.AsOf ? record : record.Faded(Fading(now - record.AsOf), now);
}
