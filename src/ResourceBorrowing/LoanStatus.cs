using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Where a loan is in its life.</summary>
public enum LoanPhase
{
    /// <summary>The borrower may use the units.</summary>
    Active,

    /// <summary>The borrower may use the units until the recall takes effect.</summary>
    Recalled,

    /// <summary>Ended early by the borrower; units still in use are owed.</summary>
    Returning,

    /// <summary>Its time is over; units still in use are owed and late.</summary>
    Grace,

    /// <summary>Units are missing after the grace period.</summary>
    Overdue,

    /// <summary>Overdue for longer than the pool's default limit.</summary>
    Defaulted,

    /// <summary>Given up; the units stay owed.</summary>
    WrittenOff,

    /// <summary>All units are back.</summary>
    Repaid,
}

/// <summary>One loan at one instant. Times are pool time: since the pool was built.</summary>
/// <param name="Lender">Whose units they are.</param>
/// <param name="Borrower">Who may use them.</param>
/// <param name="Units">Units of the loan; units returned or recalled in part are loans of their own.</param>
/// <param name="Outstanding">Units not yet returned.</param>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="Due">When the present phase ends by itself: the term, the grace period, or the default limit. Says nothing once defaulted or written off.</param>
public sealed record LoanStatus(string Lender, string Borrower, int Units, int Outstanding, LoanPhase Phase, TimeSpan Due)
{
    internal static LoanPhase PhaseOf(LoanState state) => state switch
    {
        LoanState.Granted or LoanState.Active => LoanPhase.Active,
        LoanState.Recalled => LoanPhase.Recalled,
        LoanState.Returning => LoanPhase.Returning,
        LoanState.Grace => LoanPhase.Grace,
        LoanState.Overdue => LoanPhase.Overdue,
        LoanState.Defaulted => LoanPhase.Defaulted,
        LoanState.WrittenOff => LoanPhase.WrittenOff,
        _ => LoanPhase.Repaid,
    };
}
