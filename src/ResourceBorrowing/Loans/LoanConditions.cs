namespace ResourceBorrowing.Loans;

/// <summary>What a loan is made on beside its units and its length: an interned value, compared by reference. Times in milliseconds.</summary>
/// <param name="IsRecallable">Whether the lender may have the units back before the term is over.</param>
/// <param name="MinimumHold">How long the borrower may keep them at the least, from the start.</param>
/// <param name="Notice">How long before it takes effect a recall is announced.</param>
/// <param name="Grace">How long after the end units may still come back as late rather than lost.</param>
/// <param name="AutoRenews">Whether another term follows, if a new request would be granted.</param>
/// <param name="Priority">Loans of lower priority are recalled first.</param>
/// <param name="IsOnDemand">Whether the pool made it of itself: units that lie idle go back when others need them.</param>
/// <param name="IsStanding">Whether it made it by a plan, and not for a caller that was short: until the plan ends it.</param>
internal sealed record LoanConditions(
    bool IsRecallable, long MinimumHold, long Notice, long Grace, bool AutoRenews, int Priority, bool IsOnDemand = false, bool IsStanding = false)
{
    /// <summary>Stands for debts that are no loans: units whose owner changed while they were in use or lent.</summary>
    internal static readonly LoanConditions Ownership = new(false, 0, 0, 0, false, 0);

    /// <summary>Whether its units are used at once, so that those a lender has just had back may serve it.</summary>
    internal bool IsForCallers => IsOnDemand && !IsStanding;

    /// <summary>When a recall made now takes effect: never before the minimum hold is over, and never after the term.</summary>
    internal long RecallAt(long now, long start, long due) => Math.Min(due, Math.Max(now, start + MinimumHold) + Notice);
}
