using System.Globalization;

namespace ResourceBorrowing;

/// <summary>What a round of the marketplace did.</summary>
/// <param name="At">When, in pool time.</param>
/// <param name="ClearingPrice">Its one price, in credits for a unit and a second; null when nothing was traded.</param>
/// <param name="Bids">Bids that took part.</param>
/// <param name="Offers">Offers that took part.</param>
/// <param name="Wanted">Units that the mechanism wanted lent.</param>
/// <param name="Lent">Units that were lent anew.</param>
/// <param name="Renewed">Units of earlier rounds that stay lent.</param>
/// <param name="Returned">Units of earlier rounds whose loans ended; those in use go back as they are released.</param>
/// <param name="Reason">Why not all that was wanted was lent; empty when it was.</param>
public sealed record MarketReport(TimeSpan At, decimal? ClearingPrice, int Bids, int Offers, long Wanted, long Lent, long Renewed, long Returned, string Reason)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At.TotalSeconds:0.000}s: {Bids} bids, {Offers} offers; {Wanted} units wanted, {Lent} lent{(ClearingPrice is { } price ? $" at {price} credits" : "")}, {Renewed} renewed, {Returned} given back{(Reason.Length > 0 ? $" ({Reason})" : "")}");
}
