namespace ResourceBorrowing;

/// <summary>What a request for a loan would come to now, without making it.</summary>
/// <param name="IsGranted">Whether it would be granted.</param>
/// <param name="Lenders">Who would lend how much; when it would be refused, as much as they could.</param>
/// <param name="Constraint">The first limit that stands in the way; <see cref="RefusalReason.None"/> when it would be granted.</param>
/// <param name="Explanation">The same in words, with the numbers that decided.</param>
/// <param name="ExpectedWait">
/// For how long: until so many loans that are out come due that there would be room, as far as that can be told. Zero when it would be granted, null when
/// it depends on what callers do.
/// </param>
public sealed record LoanEvaluation(
    bool IsGranted, IReadOnlyList<LoanOffer> Lenders, RefusalReason Constraint, string Explanation, TimeSpan? ExpectedWait)
{
    /// <summary>The explanation.</summary>
    public override string ToString() => Explanation;
}

/// <summary>What one lender would give.</summary>
/// <param name="Lender">Who.</param>
/// <param name="Units">How much.</param>
public readonly record struct LoanOffer(Participant Lender, int Units);
