namespace ResourceBorrowing.Loans;

/// <summary>Where a loan is in its life.</summary>
internal enum LoanState : byte
{
    /// <summary>The record is unused.</summary>
    Free,

    /// <summary>The borrower may use the units.</summary>
    Active,

    /// <summary>Ended before its due time; units still in use are owed.</summary>
    Returning,

    /// <summary>Its due time has come; units still in use are owed and may yet come back within the grace period.</summary>
    Grace,

    /// <summary>Not all units came back within the grace period; the rest stays owed.</summary>
    Overdue,

    /// <summary>Not a loan: units whose owner changed while they were in use or lent.</summary>
    Ownership,
}

/// <summary>One loan, or one debt: small, without references, so a million of them cost the collector nothing.</summary>
/// <remarks>Times are ticks of the wheel: milliseconds since the pool began. All fields belong to the holder of the home shard's lock.</remarks>
internal struct LoanRecord
{
    internal const int None = -1;

    internal uint Generation;
    internal LoanState State;
    internal bool IsScheduled;

    /// <summary>The wheel's level on which the record stands while it is scheduled.</summary>
    internal byte Level;
    internal bool IsOwed;

    /// <summary>Units lent.</summary>
    internal int Units;

    /// <summary>Units not yet returned.</summary>
    internal int Left;

    /// <summary>Units not yet returned when the term ended.</summary>
    internal int LeftAtDue;

    internal int Lender;
    internal int Borrower;
    internal long Start;

    /// <summary>When the term ends; later, when the grace period ends.</summary>
    internal long Due;

    /// <summary>The length of the term.</summary>
    internal uint Term;

    // Links of the wheel's slot, or of the slab's free list (Next).
    internal int Next;
    internal int Previous;

    /// <summary>The borrower's next debt, younger than this one.</summary>
    internal int NextDebt;
}
