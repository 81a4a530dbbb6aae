using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What a mechanism may decide, and the first thing beyond it on each side.</summary>
public class MarketRulesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Two participants and the reserve; a bid for five that takes no part and one for four that does, and an offer of five.
    private static readonly MarketRound Round = new(
        Second, 1, [.. Enumerable.Range(0, 3).Select(static i => new MarketParticipant($"p{i}", 10, 0, 10, 10, 100))], [new(0, 5, Second, 3, TakesPart: false), new(0, 4, Second, 3)], [new(1, 5, 1, Second)], []);

    private static MarketTransfer Transfer(int units, decimal price, int bid = -1, int offer = -1) => new(1, 0, units, price) { Bid = bid, Offer = offer };

    public static TheoryData<MarketTransfer[]> Possible => new()
    {
        Array.Empty<MarketTransfer>(),
        new MarketTransfer[] { new(2, 1, 1, 0), new(0, 1, 10, CreditAmount.HighestPrice) },
        new[] { Transfer(1, 3, 1), Transfer(3, 1, 1, 0) },
        new[] { Transfer(2, 2, 0), Transfer(3, 2, 0) },
        new[] { Transfer(5, 1, 0, 0) },
        // Prices may differ where it takes part.
        new[] { Transfer(2, 2, 1), Transfer(2, 1, 1) },
    };

    [Theory]
    [MemberData(nameof(Possible))]
    public void Check_OfWhatMayBe_Passes(MarketTransfer[] transfers) => MarketRules.Check(new(transfers, null, []), Round);

    public static TheoryData<string, MarketTransfer[]> Impossible => new()
    {
        { "participants that cannot be", new MarketTransfer[] { new(-1, 0, 1, 1) } },
        { "participants that cannot be", new MarketTransfer[] { new(3, 0, 1, 1) } },
        { "participants that cannot be", new MarketTransfer[] { new(1, -1, 1, 1) } },
        { "participants that cannot be", new MarketTransfer[] { new(1, 2, 1, 1) } },
        { "participants that cannot be", new MarketTransfer[] { new(1, 1, 1, 1) } },
        { "of no unit", new[] { Transfer(0, 1) } },
        { "of no unit", new[] { Transfer(1, 1), Transfer(-1, 1) } },
        { "a price that cannot be", new[] { Transfer(1, -0.001m) } },
        { "a price that cannot be", new[] { Transfer(1, CreditAmount.HighestPrice + 0.001m) } },
        { "an order that is not there", new[] { Transfer(1, 1, bid: 2) } },
        { "an order that is not there", new[] { Transfer(1, 1, offer: 1) } },
        { "an order that is not there", new[] { Transfer(1, 1, bid: 1, offer: 1) } },
        { "asks for", new[] { Transfer(1, 3.001m, 1) } },
        { "asks for", new[] { Transfer(5, 1, 1) } },
        { "asks for", new[] { Transfer(3, 1, 1), Transfer(2, 1, 1) } },
        { "asks for", new MarketTransfer[] { new(0, 1, 1, 1) { Bid = 1 } } },
        { "asks for", new[] { Transfer(6, 1, 0) } },
        { "asks for", new MarketTransfer[] { new(0, 1, 5, 1) { Bid = 0 } } },
        { "an order that is not there", new[] { Transfer(1, 1, offer: 0) } },
        { "more than its lender owns", new[] { Transfer(11, 1) } },
        { "more than its lender owns", new[] { Transfer(6, 1), Transfer(5, 1) } },
        { "more than its lender owns", new[] { Transfer(int.MaxValue, 1), Transfer(int.MaxValue, 1) } },
        { "puts up", new[] { Transfer(1, 0.999m, 1, 0) } },
        { "puts up", new[] { Transfer(5, 1, 0, 0), Transfer(1, 1, 1, 0) } },
        { "puts up", new MarketTransfer[] { new(2, 0, 1, 1) { Bid = 1, Offer = 0 } } },
        { "takes no part", new[] { Transfer(4, 2, 0) } },
        { "must have one price", new[] { Transfer(2, 2, 0), Transfer(3, 1, 0) } },
        { "must have one price", new[] { Transfer(2, 2, 0), Transfer(3, 2, 0) with { PaysAll = true } } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Check_OfWhatCannotBe_SaysWhatIsWrong(string what, MarketTransfer[] transfers)
    {
        var message = Assert.Throws<InvalidOperationException>(() => MarketRules.Check(new(transfers, null, []), Round)).Message;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.StartsWith("The market mechanism is wrong, and nothing was done: Market", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfCreditsThatMove_TellsWhatMayBeFromWhatCannot()
    {
        MarketRules.Check(new([], null, [new(-1, 0, 0, CreditReason.Free), new(2, 1, CreditAmount.MostCredits, CreditReason.Pledged), new(0, 2, 1, CreditReason.Divided), new(0, 1, 1, CreditReason.Free)]), Round);
        foreach (var wrong in new CreditTransfer[]
        {
            new(-2, 0, 1, CreditReason.Free), new(3, 0, 1, CreditReason.Free), new(0, -1, 1, CreditReason.Free), new(0, 3, 1, CreditReason.Free), new(1, 1, 1, CreditReason.Free),
            new(0, 1, -0.001m, CreditReason.Free), new(0, 1, CreditAmount.MostCredits + 0.001m, CreditReason.Free), new(0, 1, 1, (CreditReason)99),
            new(-1, 1, 1, CreditReason.Pledged), new(-1, 1, 1, CreditReason.Joined), new(0, 1, 1, CreditReason.Joined), new(0, 1, 1, CreditReason.Loan), new(0, 1, 1, CreditReason.Left),
            new(0, 1, 1, CreditReason.Restored), new(0, 1, 1, CreditReason.Loaded),
        }) Assert.EndsWith("cannot be.", Assert.Throws<InvalidOperationException>(() => MarketRules.Check(new([], null, [wrong]), Round)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1_000_000, true)]
    [InlineData(-0.001, false)]
    [InlineData(0.0001, false)]
    [InlineData(1_000_000.001, false)]
    public void Check_OfAClearingPrice_TakesOnlyPrices(double price, bool isPrice)
    {
        var outcome = new MarketOutcome([], (decimal)price, []);
        if (isPrice) MarketRules.Check(outcome, Round);
        else Assert.Contains("clearing price", Assert.Throws<InvalidOperationException>(() => MarketRules.Check(outcome, Round)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copy_OfWhatIsMissing_SaysWhat()
    {
        foreach (var wrong in new[] { null, new MarketOutcome(null!, null, []), new([], null, null!) })
            Assert.Contains("null", Assert.Throws<InvalidOperationException>(() => MarketRules.Copy(wrong)).Message, StringComparison.Ordinal);
    }
}
