namespace ResourceBorrowing.Loans;

/// <summary>The limits by which one participant lends and borrows, replaced as a whole. Times in milliseconds.</summary>
/// <param name="Consent">Whether it agrees beforehand.</param>
/// <param name="Headroom">Free units of its own that it keeps.</param>
/// <param name="IdleThreshold">The share of its nominal quota that must be free before it lends anything.</param>
/// <param name="MinimumIdle">For how long no caller of it must have been short of units.</param>
/// <param name="LongestTerm">The longest term for which it lends.</param>
/// <param name="GrantThreshold">The least reputation of a borrower.</param>
/// <param name="HarmBudget">Milliseconds of harm per second that it bears; above it lends less.</param>
/// <param name="OpenLoanLimit">The most open loans it may have as borrower.</param>
internal sealed record LendingRules(
    LendingConsent Consent, int Headroom, double IdleThreshold, long MinimumIdle, long LongestTerm, double GrantThreshold, double HarmBudget, int OpenLoanLimit)
{
    internal static readonly LendingRules None = new(LendingConsent.Never, 0, 0, 0, long.MaxValue, 0, double.PositiveInfinity, int.MaxValue);
}
