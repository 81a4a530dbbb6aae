namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>What is deliberately wrong in a modelled pool, to show that the checker notices.</summary>
internal enum Flaw
{
    None,

    /// <summary>A compare-and-swap that does not compare.</summary>
    PlainStore,

    /// <summary>A lender that is debited after the borrower has been credited.</summary>
    CreditBeforeDebit,

    /// <summary>Waiters announced whatever has happened since the word was read.</summary>
    AnnounceBlindly,

    /// <summary>Waiters announced on a word that is older than the one that refused the front.</summary>
    AnnounceOnOlderWord,

    /// <summary>A server that goes home although somebody has asked for service meanwhile.</summary>
    ForgetfulServer,

    /// <summary>A server that gives back what a cancelled waiter was granted and does not look whether it is owed.</summary>
    GiveBackWithoutPaying,

    /// <summary>A server that does not tell of what it did for others.</summary>
    SilentServer,

    /// <summary>A lock that is left without looking for debtors.</summary>
    LeaveWithoutDraining,

    /// <summary>A wait whose end is decided by whoever writes last.</summary>
    DecideBlindly,

    /// <summary>A debt that is flagged a step after the free units have left.</summary>
    FlagDebtLater,

    /// <summary>A due time that ends its loan without looking whether it has ended.</summary>
    ExpireBlindly,

    /// <summary>A renewal that does not look whether the loan was recalled.</summary>
    RenewBlindly,

    /// <summary>A loan that can be recalled only once it is made altogether.</summary>
    RecallableTooLate,

    /// <summary>A repaid unit that is here and still counts as on its way.</summary>
    CountTwice,

    /// <summary>Lenders that are marked as wanted, and not tried again.</summary>
    MarkWithoutSecondTry,

    /// <summary>A release that looks at the mark before it changes the word.</summary>
    LookAtMarkFirst,

    /// <summary>A want that tries without marking anybody.</summary>
    NoMark,

    /// <summary>Marks that are left when their want is filled by the second try.</summary>
    MarkForEver,

    /// <summary>A loan that came too late for its want and is kept.</summary>
    KeepUnwantedLoan,

    /// <summary>A lender that has its units back and does not look at its mark.</summary>
    CreditQuietly,

    /// <summary>A lender that asks for service before it says that it has something to lend.</summary>
    TellTooLate,

    /// <summary>What a queue misses is written down after it was looked at, and not announced before.</summary>
    WriteMissedLate,

    /// <summary>A debtor that is looked at for waiters only before its debt counts as paid.</summary>
    LookForWaitersTooEarly,
}
