namespace ResourceBorrowing.Reputation;

/// <summary>Which kind of behaviour a piece of evidence speaks of.</summary>
public enum EvidenceSource
{
    /// <summary>Returning loans: timeliness and completeness.</summary>
    Return,

    /// <summary>Impact on the stability of lenders during and after a loan.</summary>
    Impact,

    /// <summary>Borrowing behaviour: how often it asks and with what success.</summary>
    Borrowing,

    /// <summary>Good neighbourhood: honouring what was lent, and what others report.</summary>
    Neighbour,
}

/// <summary>One observed fact that moves a reputation.</summary>
/// <param name="Source">Which kind of behaviour it speaks of.</param>
/// <param name="Weight">
/// How much it matters, from 0. Of loans the RU-seconds divided by those of the reference loan (nominal quota x default term), at most 2 each; of
/// <see cref="EvidenceSource.Borrowing"/> the number of requests.
/// </param>
/// <param name="Completeness">
/// The share, 0 to 1, of what was promised that was kept: of the units that came back, of a term that a lender honoured; 0 for a refused request.
/// </param>
/// <param name="Timeliness">1 in time, falling to 0 at the end of the grace period.</param>
/// <param name="At">When it was observed, in pool time; evidence of other loans may have come a little before its turn.</param>
/// <param name="Reason">What happened, in words.</param>
public readonly record struct Evidence(
    EvidenceSource Source, double Weight, double Completeness, double Timeliness, TimeSpan At, string Reason)
{
    /// <summary>Of <see cref="EvidenceSource.Impact"/>: how much the loan hurt its lender, 0 not at all to 1; null when it is not known.</summary>
    public double? Impact { get; init; }
}

/// <summary>What one participant says of another, as a policy weighs it beside the opinions of all others.</summary>
/// <param name="For">What it has said in favour, 0 to 1.</param>
/// <param name="Against">What it has said against, 0 to 1.</param>
/// <param name="At">When it spoke last, in pool time.</param>
/// <param name="Credibility">How far it is believed, 0 to 1: its own reputation now / 100.</param>
/// <param name="IsVetted">Whether it is no newcomer.</param>
public readonly record struct Opinion(double For, double Against, TimeSpan At, double Credibility, bool IsVetted)
{
    /// <summary>The opinion after one more report. The same report again changes nothing: what counts is the worst, or the best, that was said of late.</summary>
    /// <param name="for">In favour, 0 to 1.</param>
    /// <param name="against">Against, 0 to 1; one of the two is 0.</param>
    /// <param name="at">When.</param>
    /// <param name="kept">The share of the old opinion that is left by then.</param>
    internal Opinion After(double @for, double against, TimeSpan at, double kept)
    {
        var (newFor, newAgainst) = (Math.Max(For * kept, @for), Math.Max(Against * kept, against));
        return against > 0
            ? this with { For = Math.Min(newFor, 1 - newAgainst), Against = newAgainst, At = at }
            : this with { For = newFor, Against = Math.Min(newAgainst, 1 - newFor), At = at };
    }
}
