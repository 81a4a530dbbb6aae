namespace ResourceBorrowing;

/// <summary>Why a lease or a loan was refused.</summary>
public enum RefusalReason
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>Not enough units of the participant are free, or others already wait for them.</summary>
    NotAvailable,

    /// <summary>The participant's queue has no room for the request, or a newer request took its place.</summary>
    QueueFull,

    /// <summary>
    /// More than the present allocation, and more than the nominal quota with all that could be borrowed on demand by everybody's limits, so waiting could
    /// never end without a loan by hand. Also given to waiting requests that a lowered quota or limit, or an ended loan, made impossible.
    /// </summary>
    ExceedsAllocation,

    /// <summary>The participant, or the lender, is leaving the pool or has left it.</summary>
    Removed,

    /// <summary>The limiter through which the request was made, or the pool behind it, was disposed.</summary>
    Disposed,

    /// <summary>The lender has fewer units free that it owns and may lend.</summary>
    LenderNotAvailable,

    /// <summary>The lender would have more units lent out than its lending limit.</summary>
    LendingLimit,

    /// <summary>Callers of the lender wait for its units.</summary>
    LenderHasWaiters,

    /// <summary>The lender itself owes units.</summary>
    LenderOwesDebt,

    /// <summary>The borrower's reputation is below the lender's grant threshold.</summary>
    Reputation,

    /// <summary>The borrower would have more units borrowed than its borrowing limit.</summary>
    BorrowingLimit,

    /// <summary>The borrower still owes units of an earlier loan.</summary>
    BorrowerOwesDebt,

    /// <summary>The lender never lends, or said no.</summary>
    ConsentRefused,

    /// <summary>The lender wants to be asked, which only <see cref="Participant.BorrowAsync"/> does.</summary>
    ConsentRequired,

    /// <summary>The lender keeps its free units: as headroom, because its callers were short of late, or because they were just recalled for it.</summary>
    LenderKeepsUnits,

    /// <summary>The lender's callers have waited too much for units it had lent, so it lends less.</summary>
    HarmBudget,

    /// <summary>The lender does not lend for so long.</summary>
    TermTooLong,

    /// <summary>All others together cannot lend as many.</summary>
    NotEnoughToLend,

    /// <summary>The borrower would have more open loans than it may; what several lend is a loan of each.</summary>
    OpenLoanLimit,

    /// <summary>The pool has as many open loans as it may.</summary>
    PoolLoanLimit,

    /// <summary>With its reputation the borrower may not have so many units borrowed: nothing at 30, its whole borrowing limit from 50 on.</summary>
    CreditLine,

    /// <summary>The borrower is a newcomer, which may have one loan at a time and no more than the reference loan.</summary>
    NewcomerLine,

    /// <summary>The borrower has asked for more loans in this second than it may.</summary>
    RequestRate,

    /// <summary>The host is overloaded: less is lent, or nothing.</summary>
    Overload,

    /// <summary>There is no such loan any more.</summary>
    LoanEnded,

    /// <summary>The loan has been recalled, and recall beats renewal.</summary>
    LoanRecalled,

    /// <summary>The borrower has not the credits that the loan would cost; only where there is a marketplace.</summary>
    InsufficientCredits,
}
