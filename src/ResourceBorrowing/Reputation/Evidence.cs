namespace ResourceBorrowing.Reputation;

/// <summary>Which kind of behaviour a piece of evidence speaks of.</summary>
public enum EvidenceSource
{
    /// <summary>Returning loans: timeliness and completeness.</summary>
    Return,

    /// <summary>Impact on the stability of others during and after a loan.</summary>
    Impact,

    /// <summary>Borrowing behaviour: how often it asks and how often with success.</summary>
    Borrowing,

    /// <summary>Good neighbourhood: lending, and what others report.</summary>
    Neighbour,
}

/// <summary>One observed fact that moves a reputation.</summary>
/// <param name="Source">Which kind of behaviour it speaks of.</param>
/// <param name="Weight">
/// How much it matters, 0 to 2: RU-seconds of the loan divided by those of the reference loan (nominal quota x default term).
/// </param>
/// <param name="Completeness">The share, 0 to 1, of what was promised that was kept: for a loan, of the units that came back.</param>
/// <param name="Timeliness">1 in time, falling to 0 at the end of the grace period.</param>
/// <param name="At">When it was observed, in pool time; evidence of other loans may have come a little before its turn.</param>
/// <param name="Reason">What happened, in words.</param>
public readonly record struct Evidence(
    EvidenceSource Source, double Weight, double Completeness, double Timeliness, TimeSpan At, string Reason);
