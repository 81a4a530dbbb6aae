namespace ResourceBorrowing.Loans;

/// <summary>What a loan came to, as plain numbers: the raw material of both parties' evidence.</summary>
/// <param name="Borrower">Who borrowed.</param>
/// <param name="Lender">Who lent.</param>
/// <param name="Units">Units lent.</param>
/// <param name="Lost">Units not returned by the end of the grace period.</param>
/// <param name="Late">Units returned after the due time, within the grace period.</param>
/// <param name="HeldMilliseconds">How long the loan lasted.</param>
/// <param name="LateMilliseconds">How long after the due time the last of the late units came back; the whole grace period when some were lost.</param>
/// <param name="At">When it was settled, in milliseconds of pool time.</param>
internal readonly record struct LoanOutcome(
    Allocation Borrower, Allocation Lender, int Units, int Lost, int Late, long HeldMilliseconds, long LateMilliseconds, long At);
