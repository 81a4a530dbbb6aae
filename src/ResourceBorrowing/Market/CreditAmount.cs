namespace ResourceBorrowing.Market;

/// <summary>Credits as whole numbers, so that they add up to the last one: amounts in millionths of a credit, prices in thousandths of a credit for a unit and a second.</summary>
/// <remarks>Units, milliseconds and a price then make an amount by multiplication alone, and parts of a loan cost together what the whole does.</remarks>
internal static class CreditAmount
{
    internal const long PerCredit = 1_000_000;
    internal const int PricePerCredit = 1000;

    /// <summary>The most that can be owed to or by anybody, and in circulation: two of them add up within 64 bits.</summary>
    internal const long Most = long.MaxValue / 4;

    internal const decimal MostCredits = Most / PerCredit;
    internal const decimal HighestPrice = 1_000_000;

    /// <summary>An amount of credits that is known to be within bounds, rounded down to what can be counted.</summary>
    internal static long Of(decimal credits) => (long)decimal.Floor(credits * PerCredit);

    internal static decimal Credits(long amount) => amount / (decimal)PerCredit;

    /// <summary>A price that is known to be within bounds, rounded down.</summary>
    internal static int Price(decimal creditsPerUnitSecond) => (int)(creditsPerUnitSecond * PricePerCredit);

    internal static decimal PriceInCredits(int price) => price / (decimal)PricePerCredit;

    /// <summary>Whether it is within bounds and no finer than can be counted.</summary>
    internal static bool IsPrice(decimal creditsPerUnitSecond) => creditsPerUnitSecond is >= 0 and <= HighestPrice && PriceInCredits(Price(creditsPerUnitSecond)) == creditsPerUnitSecond;

    /// <summary>A term as it is paid for.</summary>
    internal static long Milliseconds(TimeSpan term) => (long)Math.Ceiling(term.TotalMilliseconds);

    /// <summary>What units cost for a time; never more than 128 bits.</summary>
    internal static Int128 Cost(int price, int units, long milliseconds) => (Int128)((long)price * units) * milliseconds;
}
