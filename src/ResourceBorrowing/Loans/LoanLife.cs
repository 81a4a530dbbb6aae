using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Loans;

/// <summary>Where a loan is in its life.</summary>
internal enum LoanState : byte
{
    /// <summary>The record is unused.</summary>
    Free,

    /// <summary>The lender has been debited, the borrower not yet credited.</summary>
    Granted,

    /// <summary>The borrower may use the units.</summary>
    Active,

    /// <summary>The borrower may use the units until the recall takes effect.</summary>
    Recalled,

    /// <summary>Ended by the borrower before its due time; units still in use are owed.</summary>
    Returning,

    /// <summary>Its due time has come; units still in use are owed and may yet come back within the grace period.</summary>
    Grace,

    /// <summary>Not all units came back within the grace period; the rest stays owed.</summary>
    Overdue,

    /// <summary>Overdue beyond the default limit.</summary>
    Defaulted,

    /// <summary>Nobody counts on the loan any more; its units stay owed.</summary>
    WrittenOff,

    /// <summary>All units are back: the end.</summary>
    Repaid,

    /// <summary>Not a loan: units whose owner changed while they were in use or lent.</summary>
    Ownership,
}

/// <summary>What can happen to a loan.</summary>
internal enum LoanEvent
{
    /// <summary>A request is granted; the lender is debited.</summary>
    Grant,

    /// <summary>The borrower is credited.</summary>
    Activate,

    /// <summary>Another term begins.</summary>
    Renew,

    /// <summary>The lender wants the units back before the term is over.</summary>
    Recall,

    /// <summary>The borrower gives some of the units back, or they are split off to go another way.</summary>
    Split,

    /// <summary>The borrower gives the units back early, or a party leaves the pool.</summary>
    Return,

    /// <summary>The due time has come: the term is over, or a recall takes effect.</summary>
    ComeDue,

    /// <summary>The grace period is over.</summary>
    GraceEnd,

    /// <summary>It has been overdue for as long as the pool's default limit.</summary>
    Default,

    /// <summary>The loan is given up; the debt is not.</summary>
    WriteOff,

    /// <summary>The last unit has come back.</summary>
    Repay,
}

/// <summary>The life of a loan as one pure function.</summary>
internal static class LoanLife
{
    /// <summary>The state that follows.</summary>
    /// <returns>False when that cannot happen to a loan in this state; then it stays where it is.</returns>
    internal static bool TryNext(LoanState state, LoanEvent happens, out LoanState next)
    {
        var after = After(happens, state);
        next = after == LoanState.Free ? state : after;
        return after != LoanState.Free;
    }

    /// <summary>The state that must follow; the mechanism asks for nothing that cannot happen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static LoanState Next(LoanState state, LoanEvent happens) =>
        After(happens, state) is var next and not LoanState.Free ? next : Impossible(state, happens);

    /// <summary>The borrower may use the units.</summary>
    internal static bool IsLive(LoanState state) => state is LoanState.Active or LoanState.Recalled;

    /// <summary>Somebody still counts on the loan.</summary>
    internal static bool IsOpen(LoanState state) => state is >= LoanState.Granted and <= LoanState.Defaulted;

    /// <returns><see cref="LoanState.Free"/>, to which nothing leads, for what cannot happen.</returns>
    /// <remarks>Inlined, and the event first: most callers name it, and then one comparison is left of it all.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LoanState After(LoanEvent happens, LoanState state) => (happens, state) switch
    {
        (LoanEvent.Grant, LoanState.Free) => LoanState.Granted,
        (LoanEvent.Activate, LoanState.Granted) => LoanState.Active,

        // Recall beats renewal: what is recalled is not renewed.
        (LoanEvent.Renew, LoanState.Active) => LoanState.Active,
        (LoanEvent.Recall, LoanState.Active) => LoanState.Recalled,
        (LoanEvent.Split, LoanState.Active or LoanState.Recalled) => state,
        (LoanEvent.Return, LoanState.Active or LoanState.Recalled) => LoanState.Returning,
        (LoanEvent.ComeDue, LoanState.Active or LoanState.Recalled or LoanState.Returning) => LoanState.Grace,

        (LoanEvent.GraceEnd, LoanState.Grace) => LoanState.Overdue,
        (LoanEvent.Default, LoanState.Overdue) => LoanState.Defaulted,
        (LoanEvent.WriteOff, LoanState.Overdue or LoanState.Defaulted) => LoanState.WrittenOff,

        // Whatever else became of it, the debt can be paid.
        (LoanEvent.Repay, LoanState.Returning or LoanState.Grace or LoanState.Overdue or LoanState.Defaulted or LoanState.WrittenOff or LoanState.Ownership)
            => LoanState.Repaid,
        _ => LoanState.Free,
    };

    private static LoanState Impossible(LoanState state, LoanEvent happens) => throw new InvalidOperationException($"A loan that is {state} cannot {happens}.");
}
