namespace ResourceBorrowing.Loans;

/// <summary>What one loan came to, or several clean ones between the same two parties: the raw material of both parties' evidence.</summary>
/// <remarks>
/// A clean early return is not worth a look at the clock. It is timed by the next look somebody else takes, at the latest
/// when it is judged; until then its units are <i>open</i>. That makes a loan longer by as much as the borrower could
/// have held it anyway, and never shorter.
/// </remarks>
internal struct LoanOutcome
{
    internal Allocation Borrower;
    internal Allocation Lender;

    /// <summary>How many loans.</summary>
    internal int Loans;

    /// <summary>Units lent, of all these loans.</summary>
    internal long Units;

    /// <summary>Units not returned by the end of the grace period.</summary>
    internal int Lost;

    /// <summary>Units returned after the due time, within the grace period.</summary>
    internal int Late;

    /// <summary>How long after the due time the last of the late units came back.</summary>
    internal long LateMilliseconds;

    /// <summary>The length of the grace period.</summary>
    internal long GraceMilliseconds;

    /// <summary>Whether the lender had the units back before their time.</summary>
    internal bool WasRecalled;

    /// <summary>Whether the lender did not wait for the term, beyond what the terms allow.</summary>
    internal bool WasWithdrawn;

    /// <summary>Units times the time for which they were lent.</summary>
    internal long UnitMilliseconds;

    /// <summary>When it was settled, in milliseconds of pool time.</summary>
    internal long At;

    private long _openUnits;
    private long _openUnitStarts;

    internal readonly bool IsClean => Lost == 0 && Late == 0;

    /// <summary>Adds units that were lent at <paramref name="start"/> and are back, but not yet timed.</summary>
    internal void Open(int units, long start)
    {
        _openUnits += units;
        _openUnitStarts += units * start;
    }

    /// <summary>Times the open units: they came back by <paramref name="now"/>.</summary>
    internal void Time(long now)
    {
        if (_openUnits == 0) return;
        UnitMilliseconds += Math.Max(0, _openUnits * now - _openUnitStarts);
        At = Math.Max(At, now);
        _openUnits = _openUnitStarts = 0;
    }
}
