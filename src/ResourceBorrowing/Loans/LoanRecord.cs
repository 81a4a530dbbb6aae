namespace ResourceBorrowing.Loans;

/// <summary>One loan, or one debt: small, without references, so a million of them cost the collector nothing.</summary>
/// <remarks>
/// Times are ticks of the wheel: milliseconds since the pool began. All fields belong to the holder of the home shard's
/// lock. While the loan is live it stands in its group's list; once it is owed, in the borrower's list of debts.
/// </remarks>
internal struct LoanRecord
{
    internal const int None = -1;

    internal uint Generation;
    internal LoanState State;

    /// <summary>The wheel's level on which the record stands while it is scheduled.</summary>
    internal byte Level;
    internal LoanFlags Flags;

    /// <summary>Units lent.</summary>
    internal int Units;

    /// <summary>Units not yet returned.</summary>
    internal int Left;

    /// <summary>The place of its <see cref="LoanGroup"/> in the shard: who lends, who borrows, on what conditions.</summary>
    internal int Group;

    /// <summary>The length of the term: from the start to the due time that was agreed or that a recall set.</summary>
    internal uint Term;

    /// <summary>When the term ends; later, when the grace period or the default limit ends.</summary>
    internal long Due;

    // Links of the wheel's slot, or of the slab's free list (Next).
    internal int Next;
    internal int Previous;

    /// <summary>The next older loan of the group; the borrower's next younger debt.</summary>
    internal int NextPeer;

    /// <summary>The next younger loan of the group.</summary>
    internal int PreviousPeer;

    /// <summary>Units not yet returned when the due time came. Shares its place with a link that only live loans have.</summary>
    internal int LeftAtDue { readonly get => PreviousPeer; set => PreviousPeer = value; }

    internal bool IsScheduled { readonly get => Has(LoanFlags.Scheduled); set => Set(LoanFlags.Scheduled, value); }

    /// <summary>When a loan that has not outlived its grace period was made.</summary>
    internal readonly long StartOn(LoanConditions conditions) => Due - Term - (State == LoanState.Grace ? conditions.Grace : 0);

    internal readonly bool Has(LoanFlags flag) => (Flags & flag) != 0;

    internal void Set(LoanFlags flag, bool value) => Flags = value ? Flags | flag : Flags & ~flag;
}

/// <summary>What else there is to know of a record.</summary>
[Flags]
internal enum LoanFlags : ushort
{
    None = 0,

    /// <summary>It stands in the wheel.</summary>
    Scheduled = 1,

    /// <summary>Somebody asked for its recall token.</summary>
    HasToken = 2,

    /// <summary>The lender had it back before its time, which is neutral for the lender.</summary>
    WasRecalled = 4,

    /// <summary>Its lender counts on the units as on their way back.</summary>
    Expected = 8,

    /// <summary>It was recalled for callers of the lender that stood there.</summary>
    WasMissed = 16,

    /// <summary>Its lender left the pool, which the terms do not provide for.</summary>
    WasWithdrawn = 32,

    /// <summary>What it costs goes to the reserve, and from there to all, and not to its lender.</summary>
    PaysAll = 64,
}
