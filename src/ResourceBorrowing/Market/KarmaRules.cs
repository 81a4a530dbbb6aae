namespace ResourceBorrowing.Market;

/// <summary>How Karma divides.</summary>
/// <param name="Alpha">The part of what it owns that each has for sure, 0 to 1.</param>
/// <param name="HasFreeCredits">Whether all get credits for what they do not have for sure, each round, and what is borrowed of it is paid to nobody; otherwise credits are conserved.</param>
/// <param name="SharesRemainder">Whether the units that rounding leaves over are lent as well.</param>
/// <param name="IsWorkConserving">Whether what is idle after that is handed out for nothing.</param>
internal sealed record KarmaRules(decimal Alpha, bool HasFreeCredits = false, bool SharesRemainder = true, bool IsWorkConserving = true);
