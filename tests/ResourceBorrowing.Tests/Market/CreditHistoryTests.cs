using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What a statement tells, and what it sums up.</summary>
public class CreditHistoryTests
{
    /// <summary>Against a list that grows: postings of one kind join the line among the last eight that is like them, and what is beyond the last 64 lines is one sum.</summary>
    [Property(MaxTest = 200)]
    public void Add_OfAnyPostings_KeepsTheLinesOfAListThatForgetsTheOldest(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (history, lines, names) = (new CreditHistory(), new List<CreditEntry>(), Enumerable.Range(0, random.Next(1, 40)).Select(static i => $"p{i}").ToArray());
        var carried = 0m;
        for (var at = 0; at < 200; at++)
        {
            var (reason, name, amount) = (random.Next(2) == 0 ? CreditReason.Loan : CreditReason.Divided, names[random.Next(names.Length)], random.NextInt64(-3, 4) * random.Next(1, 1000));
            history.Add(at, reason, name, amount);
            var credits = amount / 1_000_000m;
            var same = lines.FindLastIndex(line => line.Reason == reason && line.Counterparty == name && line.Credits < 0 == credits < 0);
            if (same >= 0 && same >= lines.Count - 8) lines[same] = new(TimeSpan.FromMilliseconds(at), reason, name, lines[same].Credits + credits, lines[same].Postings + 1);
            else lines.Add(new(TimeSpan.FromMilliseconds(at), reason, name, credits, 1));
            if (lines.Count > 64)
            {
                carried += lines[0].Credits;
                lines.RemoveAt(0);
            }

            Assert.Equal(lines, history.Entries);
            Assert.Equal(carried, (decimal)history.Carried / 1_000_000m);
        }
    }

    /// <summary>So that no line is ever beyond 64 bits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Add_ToALineOfTheMostThatCanBeOwed_JoinsIt_AndToOneOfMoreBeginsAnother(int sign)
    {
        var history = new CreditHistory();
        history.Add(0, CreditReason.Loan, "p", sign * CreditAmount.Most);
        history.Add(1, CreditReason.Loan, "p", sign);
        history.Add(2, CreditReason.Loan, "p", sign);
        Assert.Equal([(2, sign * CreditAmount.Credits(CreditAmount.Most + 1)), (1, sign * CreditAmount.Credits(1))], history.Entries.Select(static e => (e.Postings, e.Credits)));
    }

    [Fact]
    public void Statement_TellsWhatThereIs_AndEachLine()
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(12_345_678, 1_500_000);
        var (a, b) = (ledger.Join("a", 1250), ledger.Join("b", 1250));
        for (var i = 0; i < 2; i++) Assert.True(ledger.TryPay(a, b, 1_000_001, CreditReason.Loan, 2000 + i));
        Assert.True(a.TryHold(250_000));
        Assert.Equal(
            "a: 10.345676 credits, 0.25 of them held for loans; 11.595676 to spend\n" +
            "      1.250s         12.345678  Joined, (house)\n" +
            "      2.001s         -2.000002  Loan, b (2 postings)\n", a.Statement().ToString());
        for (var i = 0; i < CreditHistory.Length; i++) Assert.True(ledger.TryPay(a, ledger.Join($"c{i}", 3000), 1, CreditReason.Loan, 3000));
        Assert.Contains("\n                     10.345676  carried\n", a.Statement().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Posting_OfNothing_IsNoLine_AndIsAlwaysPossible()
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(0, 10);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        Assert.True(ledger.TryPay(a, b, 10, CreditReason.Loan, 0));
        ledger.Configure(0, 3);
        Assert.Equal((-10, 0, -7), (a.Balance, a.Held, a.Available));
        Assert.True(a.TryHold(0));
        Assert.False(a.TryHold(1));
        a.Release(0);
        a.PayHeld(b, 0, CreditReason.Divided, 5);
        a.Pay(b, 0, CreditReason.Divided, 5);
        Assert.Single(a.Statement().Entries);
        Assert.Single(b.Statement().Entries);
        Assert.Equal((-10, 10, 0), (a.Balance, b.Balance, ledger.Sum()));
    }

    [Fact]
    public void Hold_OfAllThereIsToSpend_IsPossible_AndOfOneMoreIsNot()
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(100, 10);
        var a = ledger.Join("a", 0);
        Assert.False(a.TryHold(111));
        Assert.False(a.TryHold(Int128.MaxValue));
        Assert.True(a.TryHold(60));
        Assert.False(a.TryHold(51));
        Assert.True(a.TryHold(50));
        Assert.Equal((100, 110, 0), (a.Balance, a.Held, a.Available));
        a.PayHeld(ledger.Reserve, 30, CreditReason.Loan, 0);
        a.Release(20);
        Assert.Equal((70, 60, 20, 30), (a.Balance, a.Held, a.Available, ledger.Reserve.Balance));
    }

    /// <summary>Parts of a loan cost together what the whole does, and nothing is lost of any amount that can be.</summary>
    [Property(MaxTest = 200)]
    public void Cost_OfParts_IsThatOfTheWhole(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (price, units, time) = (random.Next(), random.Next(), random.NextInt64());
        var (some, part) = (random.Next(units), random.NextInt64(time));
        Assert.Equal(CreditAmount.Cost(price, units, time), CreditAmount.Cost(price, some, time) + CreditAmount.Cost(price, units - some, time));
        Assert.Equal(CreditAmount.Cost(price, units, time), CreditAmount.Cost(price, units, part) + CreditAmount.Cost(price, units, time - part));
        Assert.Equal((Int128)price, CreditAmount.Cost(price, 1, 1));
    }

    [Fact]
    public void Amount_IsRoundedDown_ToWhatCanBeCounted()
    {
        Assert.Equal((1_234_567, -1_234_568), (CreditAmount.Of(1.2345678m), CreditAmount.Of(-1.2345678m)));
        Assert.Equal((1.234567m, -0.000001m), (CreditAmount.Credits(1_234_567), CreditAmount.Credits(-1)));
        Assert.Equal((1234, 1.234m), (CreditAmount.Price(1.2349m), CreditAmount.PriceInCredits(1234)));
        Assert.Equal(CreditAmount.Most / CreditAmount.PerCredit * CreditAmount.PerCredit, CreditAmount.Of(CreditAmount.MostCredits));
        // A price of one for a unit and a second is one credit.
        Assert.Equal(CreditAmount.PerCredit, CreditAmount.Cost(CreditAmount.Price(1), 1, 1000));
        Assert.True(CreditAmount.IsPrice(0) && CreditAmount.IsPrice(CreditAmount.HighestPrice));
        Assert.False(CreditAmount.IsPrice(-0.001m) || CreditAmount.IsPrice(CreditAmount.HighestPrice + 0.001m));
    }
}
