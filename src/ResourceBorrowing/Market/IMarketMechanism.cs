namespace ResourceBorrowing.Market;

/// <summary>Decides a round of the marketplace: who lends how much to whom, and at what price.</summary>
/// <remarks>
/// Pure: the same round, the same outcome; it neither looks at a clock nor keeps what it was given. A pool asks for one round at a time, never under a lock; what it throws is contained, counted and
/// logged, and then nothing happens in that round. Its outcome is checked as a whole before any of it is carried out, and each transfer then becomes a loan only if the rules of all loans allow it.
/// </remarks>
public interface IMarketMechanism
{
    /// <summary>Decides a round.</summary>
    MarketOutcome Decide(MarketRound round);
}

/// <summary>What there is to decide about.</summary>
/// <param name="Period">The time from round to round.</param>
/// <param name="Price">What a loan costs that says nothing else, in credits for a unit and a second.</param>
/// <param name="Participants">All that take part, in the order of their names; the reserve, whose units belong to all, is the last. Everything else speaks of them by their places.</param>
/// <param name="Bids">What is asked for, the oldest first.</param>
/// <param name="Offers">What is put up, the oldest first.</param>
/// <param name="Standing">What earlier rounds have lent for as long as it is wanted, and is still lent.</param>
public sealed record MarketRound(
    TimeSpan Period, decimal Price, IReadOnlyList<MarketParticipant> Participants, IReadOnlyList<MarketBid> Bids, IReadOnlyList<MarketOffer> Offers, IReadOnlyList<MarketTransfer> Standing);

/// <summary>One that takes part.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NominalQuota">Units it owns.</param>
/// <param name="Demand">Units in use and asked for, by the last look; those of other loans that it has borrowed are taken off, and those that it has lent are added.</param>
/// <param name="Lendable">Units it could lend now, those of standing transfers included.</param>
/// <param name="Borrowable">Units it could borrow now by its limits and its reputation, those of standing transfers included.</param>
/// <param name="Credits">What it can spend, including what is held for standing transfers.</param>
/// <param name="Reputation">Its reputation, 0 to 100.</param>
/// <param name="GrantThreshold">The least reputation with which others may borrow from it.</param>
/// <param name="Floor">Units of its quota that it never lends: all but its lending limit.</param>
public readonly record struct MarketParticipant(
    string Name, int NominalQuota, int Demand, int Lendable, int Borrowable, decimal Credits, double Reputation = 50, double GrantThreshold = 40, int Floor = 0);

/// <summary>Units asked for.</summary>
/// <param name="Borrower">By whom.</param>
/// <param name="Units">How many, from 1.</param>
/// <param name="Term">For how long.</param>
/// <param name="HighestPrice">The most it pays, in credits for a unit and a second.</param>
/// <param name="Priority">Higher ones are served first.</param>
/// <param name="TakesPart">Whether fewer units are welcome too.</param>
public readonly record struct MarketBid(int Borrower, int Units, TimeSpan Term, decimal HighestPrice, int Priority = 0, bool TakesPart = true);

/// <summary>Units put up.</summary>
/// <param name="Lender">By whom.</param>
/// <param name="Units">How many, from 1.</param>
/// <param name="ReservePrice">The least it lends for, in credits for a unit and a second.</param>
/// <param name="LongestTerm">The longest term for which it lends, in this order or at all.</param>
public readonly record struct MarketOffer(int Lender, int Units, decimal ReservePrice, TimeSpan LongestTerm);

/// <summary>Units that shall go from one to another.</summary>
/// <param name="Lender">From whom.</param>
/// <param name="Borrower">To whom.</param>
/// <param name="Units">How many, from 1.</param>
/// <param name="Price">What the borrower pays, in credits for a unit and a second.</param>
public readonly record struct MarketTransfer(int Lender, int Borrower, int Units, decimal Price)
{
    /// <summary>The bid that it answers: its term and its priority count, and those that answer one bid that does not take part come together or not at all. -1 for none: it then goes on from round to round until one decides otherwise.</summary>
    public int Bid { get; init; } = -1;

    /// <summary>The offer that it takes units of, of a transfer that answers a bid; -1 for none.</summary>
    public int Offer { get; init; } = -1;

    /// <summary>Of a transfer that answers no bid: lower ones are recalled first.</summary>
    public int Priority { get; init; }

    /// <summary>Whether what it costs is divided among all, in place of going to the lender.</summary>
    public bool PaysAll { get; init; }
}

/// <summary>Credits that move without a loan.</summary>
/// <param name="From">Who pays; -1 for the house, which makes them.</param>
/// <param name="To">Who is paid; the reserve's place for all together.</param>
/// <param name="Credits">How many, from 0.</param>
/// <param name="Reason">Why: <see cref="CreditReason.Free"/>, the only one for the house, <see cref="CreditReason.Pledged"/> or <see cref="CreditReason.Divided"/>.</param>
public readonly record struct CreditTransfer(int From, int To, decimal Credits, CreditReason Reason);

/// <summary>What was decided.</summary>
/// <param name="Transfers">Who lends to whom. A standing transfer that is not among them ends; one that is keeps the price at which it began.</param>
/// <param name="ClearingPrice">The one price of the round; null when there is none.</param>
/// <param name="Credits">Credits that move without a loan.</param>
public sealed record MarketOutcome(IReadOnlyList<MarketTransfer> Transfers, decimal? ClearingPrice, IReadOnlyList<CreditTransfer> Credits)
{
    /// <summary>Nothing happens.</summary>
    public static MarketOutcome None { get; } = new([], null, []);
}
