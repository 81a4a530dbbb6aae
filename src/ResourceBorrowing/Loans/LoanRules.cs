namespace ResourceBorrowing.Loans;

/// <summary>What a borrower asks for, apart from whom and how much of each.</summary>
/// <param name="Borrower">Who asks.</param>
/// <param name="Conditions">On what conditions.</param>
/// <param name="Elapsed">The time now.</param>
/// <param name="Term">For how long.</param>
/// <param name="Score">The borrower's reputation now.</param>
/// <param name="IsAgreed">Whether a lender that wants to be asked has said yes.</param>
/// <param name="Flags">What the record shall remember.</param>
/// <param name="Price">Where there is a marketplace: thousandths of a credit for a unit and a second; what all loans cost by default when it is below 0.</param>
internal readonly record struct LoanOrder(
    Allocation Borrower, LoanConditions Conditions, TimeSpan Elapsed, TimeSpan Term, double Score, bool IsAgreed = false, LoanFlags Flags = LoanFlags.None, int Price = -1)
{
    /// <summary><see cref="Elapsed"/> in ticks of the loan book.</summary>
    internal long Now { get; } = PoolClock.TickOf(Elapsed);
}

/// <summary>How much one lender is to give.</summary>
internal readonly record struct LoanShare(Allocation Lender, int Units);

/// <summary>Whether a loan may be made, as far as can be told without making it.</summary>
internal static class LoanRules
{
    private const double NoCredit = 30;
    private const double FullCredit = 50;

    /// <summary>The lender's availability first, then the borrower's reputation, then the borrower's own limits.</summary>
    internal static RefusalReason Evaluate(in LoanOrder order, in LoanShare share)
    {
        if (order.Borrower.IsDraining) return RefusalReason.Removed;
        var reason = OfLender(order, share);
        return reason != RefusalReason.None ? reason : OfBorrower(order, share.Units);
    }

    /// <summary>The most units that may be borrowed with a score: nothing at 30, the whole limit from 50 on.</summary>
    internal static int CreditLineOf(int borrowingLimit, double score) =>
        score >= FullCredit ? borrowingLimit : (int)Math.Ceiling(borrowingLimit * Math.Clamp((score - NoCredit) / (FullCredit - NoCredit), 0, 1));

    internal static RefusalReason OfLender(in LoanOrder order, in LoanShare share)
    {
        var (lender, now) = (share.Lender, order.Now);
        if (lender.IsDraining) return RefusalReason.Removed;
        var rules = lender.Rules;
        if (rules.Consent == LendingConsent.Never) return RefusalReason.ConsentRefused;

        var word = lender.Cell.Read();
        if (word.OwesDebt) return RefusalReason.LenderOwesDebt;
        if (word.HasWaiters) return RefusalReason.LenderHasWaiters;
        if (share.Units > lender.LendingLimit - lender.Lent) return RefusalReason.LendingLimit;
        if (share.Units > lender.SoundLendingLimit - lender.Lent) return RefusalReason.Overload;
        if (share.Units > lender.LendingLimitAt(now) - lender.Lent) return RefusalReason.HarmBudget;
        if (share.Units > word.Free - lender.Borrowed) return RefusalReason.LenderNotAvailable;
        if (share.Units > word.Free - lender.Borrowed - lender.KeptAt(now, order.Conditions.IsForCallers) || !lender.IsIdle(word, now)) return RefusalReason.LenderKeepsUnits;
        if (order.Term.Ticks > rules.LongestTerm * TimeSpan.TicksPerMillisecond) return RefusalReason.TermTooLong;
        if (order.Score < rules.GrantThreshold) return RefusalReason.Reputation;
        return rules.Consent == LendingConsent.Ask && !order.IsAgreed ? RefusalReason.ConsentRequired : RefusalReason.None;
    }

    internal static RefusalReason OfBorrower(in LoanOrder order, int units, int loans = 1)
    {
        var borrower = order.Borrower;
        if (borrower.IsDraining) return RefusalReason.Removed;
        if (borrower.Debt > 0) return RefusalReason.BorrowerOwesDebt;
        if (units > borrower.BorrowingLimit - borrower.Borrowed) return RefusalReason.BorrowingLimit;
        if (order.Score < FullCredit && units > CreditLineOf(borrower.BorrowingLimit, order.Score) - borrower.Borrowed) return RefusalReason.CreditLine;
        if (borrower.IsNewcomer && !FitsNewcomer(order, units)) return RefusalReason.NewcomerLine;
        return loans > borrower.Rules.OpenLoanLimit - borrower.OpenLoans ? RefusalReason.OpenLoanLimit : RefusalReason.None;
    }

    /// <summary>Whether the borrower's reputation would let it have so many units at one time, now and if all others could lend: or waiting for them would not end.</summary>
    internal static RefusalReason OfReach(Allocation borrower, int units, out int possible)
    {
        possible = CreditLineOf(borrower.BorrowingLimit, borrower.Score);
        if (borrower.Score < FullCredit && units > possible) return RefusalReason.CreditLine;
        return borrower.IsNewcomer && units > Math.Max(1, borrower.Nominal) ? RefusalReason.NewcomerLine : RefusalReason.None;
    }

    /// <summary>Whether another term may follow: as for a new request, except that the units are there already.</summary>
    internal static RefusalReason OfRenewal(Allocation borrower, Allocation lender, long term, long now)
    {
        if (borrower.IsDraining || lender.IsDraining) return RefusalReason.Removed;
        var rules = lender.Rules;
        if (rules.Consent == LendingConsent.Never) return RefusalReason.ConsentRefused;
        var word = lender.Cell.Read();
        if (word.OwesDebt) return RefusalReason.LenderOwesDebt;
        if (word.HasWaiters) return RefusalReason.LenderHasWaiters;
        if (lender.Lent > lender.LendingLimit) return RefusalReason.LendingLimit;
        if (lender.Lent > lender.SoundLendingLimit) return RefusalReason.Overload;
        if (lender.Lent > lender.LendingLimitAt(now)) return RefusalReason.HarmBudget;
        if (term > rules.LongestTerm) return RefusalReason.TermTooLong;
        if (borrower.Score < rules.GrantThreshold) return RefusalReason.Reputation;
        if (borrower.Debt > 0) return RefusalReason.BorrowerOwesDebt;
        if (borrower.Borrowed > borrower.BorrowingLimit) return RefusalReason.BorrowingLimit;
        return borrower.Borrowed > CreditLineOf(borrower.BorrowingLimit, borrower.Score) ? RefusalReason.CreditLine : RefusalReason.None;
    }

    /// <summary>
    /// One loan at a time, and never more than the reference loan. What is borrowed on demand comes in small parts and is one loan together.
    /// </summary>
    private static bool FitsNewcomer(in LoanOrder order, int units)
    {
        var borrower = order.Borrower;
        if (borrower.Borrowed > 0 && !order.Conditions.IsOnDemand) return false;
        // However long the term, what the lender can have back at once is at stake no longer than that.
        double standard = borrower.Home.Book.DefaultTerm;
        var isAtOnce = order.Conditions is { IsRecallable: true, MinimumHold: 0, Notice: 0 };
        var term = isAtOnce ? Math.Min(standard, order.Term.TotalMilliseconds) : order.Term.TotalMilliseconds;
        return (borrower.Borrowed + (double)units) * term <= Math.Max(1, borrower.Nominal) * standard;
    }
}
