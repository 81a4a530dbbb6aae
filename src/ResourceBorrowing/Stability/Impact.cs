namespace ResourceBorrowing.Stability;

/// <summary>What a borrower's loans did to their lender; where that cannot be told there is none (null).</summary>
/// <param name="Score">i of the reputation: 0 for no harm that could be shown, 1 for latency raised by half or more and no doubt about it.</param>
/// <param name="Effect">The change of the natural logarithm of the lender's latency while units were lent; 0.41 is half as much again.</param>
/// <param name="Z">The effect by its standard error, as a normal deviate; above 2.33, and an effect above 5 %, make a score above 0.</param>
/// <param name="Confidence">The weight of the evidence, above 0 up to 1: fewer controls, less.</param>
internal readonly record struct Impact(double Score, double Effect, double Z, double Confidence);
