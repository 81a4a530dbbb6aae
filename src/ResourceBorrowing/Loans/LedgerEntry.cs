namespace ResourceBorrowing.Loans;

/// <summary>What the ledger tells whoever reads along.</summary>
internal enum LedgerEntryKind : byte
{
    /// <summary>Lent and borrowed rise by the units.</summary>
    Granted,

    /// <summary>Another term began.</summary>
    Renewed,

    /// <summary>The lender wants the units back.</summary>
    Recalled,

    /// <summary>A loan, or a part of one, has ended: debt rises by the units until they are paid.</summary>
    Ended,

    /// <summary>Units of a loan are paid and some are left: lent, borrowed and debt fall.</summary>
    PartRepaid,

    /// <summary>The last units of a loan are paid: lent, borrowed and debt fall.</summary>
    Repaid,

    /// <summary>Units whose owner has changed are paid: lent, borrowed and debt fall.</summary>
    DebtPaid,

    /// <summary>The grace period ended with these units missing.</summary>
    Overdue,

    /// <summary>Still missing at the default limit.</summary>
    Defaulted,

    /// <summary>Given up; the debt stays.</summary>
    WrittenOff,

    /// <summary>The lender now owns units that the borrower owned.</summary>
    Moved,

    /// <summary>They are owed until they are free: lent, borrowed and debt rise.</summary>
    DebtMade,

    /// <summary>Two opposite debts cancel each other: lent, borrowed and debt fall, no unit moves.</summary>
    SetOff,
}

/// <summary>One entry of the journal, written under the lock of the shard where it happened.</summary>
internal readonly record struct LedgerEntry(
    LedgerEntryKind Kind, int Shard, long Sequence, long At, Allocation Lender, Allocation Borrower, int Units, LoanHandle Loan);

/// <summary>A loan that people should know of: told outside all locks.</summary>
internal readonly record struct LoanNotice(LoanState State, Allocation Lender, Allocation Borrower, int Units);
