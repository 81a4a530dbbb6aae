namespace ResourceBorrowing;

/// <summary>A refusal in one number, so that a refused lease or loan costs no memory: why, how much was asked, how much was possible.</summary>
/// <remarks>Layout: <c>[0..30] asked  [31..57] possible (saturated)  [58..62] reason  [63] set, so that it is never a stamp</c>.</remarks>
internal readonly record struct Refusal(RefusalReason Reason, int Asked, int Possible)
{
    internal const int AskedWidth = 31;
    internal const int PossibleShift = AskedWidth;
    internal const int PossibleWidth = 27;
    internal const int ReasonShift = PossibleShift + PossibleWidth;
    internal const int ReasonWidth = 5;

    private const int PossibleMask = (1 << PossibleWidth) - 1;

    internal long Packed =>
        long.MinValue | ((long)Reason << ReasonShift) | ((long)Math.Clamp(Possible, 0, PossibleMask) << PossibleShift) | (uint)Asked;

    internal static Refusal From(long packed) => packed >= 0
        ? default
        : new((RefusalReason)((packed >> ReasonShift) & ((1 << ReasonWidth) - 1)), (int)(packed & int.MaxValue), (int)(packed >> PossibleShift) & PossibleMask);

    /// <summary>The refusal in words a person understands.</summary>
    internal string Describe(string participant) => Reason switch
    {
        RefusalReason.None => "not refused",
        RefusalReason.NotAvailable when Possible < Asked => $"'{participant}' has {Possible} free, {Asked} asked for",
        RefusalReason.NotAvailable => $"'{participant}' has {Possible} free, but others wait for them",
        RefusalReason.QueueFull => $"the queue of '{participant}' has no room for {Asked}: all that wait may ask for {Possible} together",
        RefusalReason.ExceedsAllocation => $"'{participant}' can have at most {Possible}, loans on demand included; {Asked} would wait for ever",
        RefusalReason.Removed => $"'{participant}' is leaving the pool",
        RefusalReason.Disposed => $"'{participant}' was asked through a limiter that was disposed",
        RefusalReason.LenderNotAvailable => $"'{participant}' cannot lend {Asked}: {Possible} of its own are free to lend",
        RefusalReason.LendingLimit => $"'{participant}' cannot lend {Asked}: its lending limit leaves {Possible}",
        RefusalReason.LenderHasWaiters => $"'{participant}' does not lend while its own callers wait",
        RefusalReason.LenderOwesDebt => $"'{participant}' does not lend while it owes units itself",
        RefusalReason.Reputation => $"'{participant}' may not borrow: its reputation is {Possible}, below the lender's grant threshold",
        RefusalReason.BorrowingLimit => $"'{participant}' cannot borrow {Asked}: its borrowing limit leaves {Possible}",
        RefusalReason.BorrowerOwesDebt => $"'{participant}' cannot borrow {Asked}: it still owes {Possible}",
        RefusalReason.ConsentRefused => $"'{participant}' does not consent to lend",
        RefusalReason.ConsentRequired => $"'{participant}' wants to be asked before it lends: use BorrowAsync",
        RefusalReason.LenderKeepsUnits => $"'{participant}' cannot lend {Asked}: it keeps its free units for its own callers",
        RefusalReason.HarmBudget => $"'{participant}' cannot lend {Asked}: its callers have waited too long for units it had lent",
        RefusalReason.TermTooLong => $"'{participant}' does not lend for so long",
        RefusalReason.NotEnoughToLend => $"'{participant}' cannot borrow {Asked}: all others together would lend it {Possible} now",
        RefusalReason.OpenLoanLimit => $"'{participant}' cannot borrow {Asked}: beside its {Possible} open loans it would have more than it may",
        RefusalReason.PoolLoanLimit => $"'{participant}' cannot borrow: the pool has as many open loans as it may",
        RefusalReason.CreditLine => $"'{participant}' cannot borrow {Asked}: with its reputation its credit line leaves {Possible}",
        RefusalReason.NewcomerLine => $"'{participant}' cannot borrow {Asked}: as a newcomer it may have one loan at a time, of no more than the reference loan (its nominal quota for the default term)",
        RefusalReason.RequestRate => $"'{participant}' may not ask for a loan again in this second: it may {Possible} times",
        RefusalReason.Overload => $"'{participant}' does not lend {Asked} now: the host is overloaded",
        RefusalReason.LoanEnded => "the loan has ended",
        RefusalReason.LoanRecalled => "the loan has been recalled",
        RefusalReason.InsufficientCredits => $"'{participant}' cannot pay for {Asked}: it has {Possible} credits to spend",
        _ => Reason.ToString(),
    };
}
