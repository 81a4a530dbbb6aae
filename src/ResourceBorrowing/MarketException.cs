namespace ResourceBorrowing;

/// <summary>What is wrong with an order.</summary>
public enum MarketError
{
    /// <summary>Units below 1, or more than the pool has.</summary>
    Units,

    /// <summary>A price below 0, above 1,000,000 or finer than a thousandth of a credit.</summary>
    Price,

    /// <summary>A term that no loan can have, or a time to expire that is not above 0.</summary>
    Time,

    /// <summary>A priority beyond -100 to 100.</summary>
    Priority,

    /// <summary>The participant belongs to another pool, is leaving, is the reserve, or offers although it never lends.</summary>
    Participant,

    /// <summary>The order would cost more than can be counted.</summary>
    Overflow,

    /// <summary>The bidder has not the credits it would cost.</summary>
    InsufficientCredits,

    /// <summary>As many orders stand as may.</summary>
    TooManyOrders,
}

/// <summary>A bid or an offer that cannot be right; nothing was changed.</summary>
public sealed class MarketException : Exception
{
    internal MarketException(MarketError error, string message) : base(message) => Error = error;

    /// <summary>What is wrong.</summary>
    public MarketError Error { get; }
}
