namespace ResourceBorrowing;

/// <summary>What happened. In brackets: what it does to the ledger.</summary>
public enum PoolEventKind
{
    /// <summary>
    /// Where a reader begins: the state of one participant at that instant. The reserve is among them, and <c>(retired)</c>, which takes the units of a
    /// lowered capacity.
    /// </summary>
    Present,

    /// <summary>Events were dropped because the reader was slow: so many that the units say.</summary>
    Dropped,

    /// <summary>A participant joined. It owns nothing yet: units follow by <see cref="Moved"/>.</summary>
    Joined,

    /// <summary>A participant has left, with nothing owned, lent or borrowed.</summary>
    Removed,

    /// <summary>The capacity rose. [The reserve's nominal quota rises.]</summary>
    CapacityRaised,

    /// <summary>Units have another owner: the lender instead of the borrower. [Nominal quota: lender up, borrower down.]</summary>
    Moved,

    /// <summary>Such units are owed by the borrower until they are free. [Lent, borrowed and debt rise.]</summary>
    DebtMade,

    /// <summary>Two opposite debts cancel each other. [Lent, borrowed and debt fall.]</summary>
    SetOff,

    /// <summary>A loan was made. [Lent and borrowed rise.]</summary>
    Granted,

    /// <summary>Another term of a loan began.</summary>
    Renewed,

    /// <summary>The lender wants units of a loan back.</summary>
    Recalled,

    /// <summary>A loan, or a part of one, has ended: the borrower owes the units until they are free. [Debt rises.]</summary>
    Ended,

    /// <summary>Some units of a loan came back. [Lent, borrowed and debt fall.]</summary>
    PartRepaid,

    /// <summary>The last units of a loan came back. [Lent, borrowed and debt fall.]</summary>
    Repaid,

    /// <summary>Units came to their new owner. [Lent, borrowed and debt fall.]</summary>
    DebtPaid,

    /// <summary>Units of a loan are missing after the grace period.</summary>
    Overdue,

    /// <summary>Units of a loan are missing beyond the default limit.</summary>
    Defaulted,

    /// <summary>A loan was given up; its units stay owed.</summary>
    WrittenOff,

    /// <summary>A pool that only observes would have refused a caller.</summary>
    WouldRefuse,

    /// <summary>A pool that only observes would have queued a caller.</summary>
    WouldWait,

    /// <summary>A pool that only observes would have lent.</summary>
    WouldLend,

    /// <summary>A pool that only observes would have recalled.</summary>
    WouldRecall,
}

/// <summary>One thing that happened in a pool. With <c>allocation = nominal quota - lent + borrowed</c>, the events rebuild the ledger.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Shard">Which part of the loan book wrote it; -1 for what concerns no loan.</param>
/// <param name="Sequence">Its number within the shard, from 1 in each pool and without gaps while anybody reads; 0 for what is told to one reader only.</param>
/// <param name="At">When, in pool time: the latest the writer knew.</param>
/// <param name="Participant">Whom it concerns: the borrower of a loan or debt.</param>
/// <param name="Lender">The lender of a loan, the creditor of a debt; null otherwise.</param>
/// <param name="Units">How many units.</param>
/// <param name="Loan">Tells loans of one shard apart; 0 when it is none.</param>
/// <param name="State">The participant's state, of <see cref="PoolEventKind.Present"/> only.</param>
public readonly record struct PoolEvent(
    PoolEventKind Kind, int Shard, long Sequence, TimeSpan At, string Participant, string? Lender, int Units, long Loan, ParticipantSnapshot? State = null);
