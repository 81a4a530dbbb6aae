namespace ResourceBorrowing.Loans;

/// <summary>Whether a loan may be made, as far as can be told without making it. The home lock of the borrower is held.</summary>
internal static class LoanRules
{
    /// <param name="borrower">Who asks.</param>
    /// <param name="lender">Who is asked.</param>
    /// <param name="units">For how many.</param>
    /// <param name="isTrusted">Whether the borrower's reputation reaches the lender's threshold.</param>
    internal static RefusalReason Evaluate(Allocation borrower, Allocation lender, int units, bool isTrusted)
    {
        if (borrower.IsDraining || lender.IsDraining) return RefusalReason.Removed;

        // Availability first, then reputation, then the borrower's own limits.
        var word = lender.Cell.Read();
        if (word.OwesDebt) return RefusalReason.LenderOwesDebt;
        if (word.HasWaiters) return RefusalReason.LenderHasWaiters;
        if (units > lender.LendingLimit - lender.Lent) return RefusalReason.LendingLimit;
        if (units > word.Free - lender.Borrowed) return RefusalReason.LenderNotAvailable;
        if (!isTrusted) return RefusalReason.Reputation;
        if (borrower.Debt > 0) return RefusalReason.BorrowerOwesDebt;
        return units > borrower.BorrowingLimit - borrower.Borrowed ? RefusalReason.BorrowingLimit : RefusalReason.None;
    }
}
