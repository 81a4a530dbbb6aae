using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>From a round to who lends to whom: what Karma divides is lent, and paid for as Karma says.</summary>
public class KarmaTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static MarketParticipant One(int quota, int demand, decimal credits = 1000) => new("", quota, demand, quota, 1000, credits);

    /// <summary>The last is the reserve.</summary>
    private static MarketRound Round(decimal price, params MarketParticipant[] participants) => new(Second, price, participants, [], [], []);

    private static MarketRound Any(Random random)
    {
        var (count, isEven, isLimited) = (random.Next(1, 10), random.Next(2) == 0, random.Next(2) == 0);
        var participants = Enumerable.Range(0, count).Select(i =>
        {
            var quota = isEven ? 8 : random.Next(0, 16);
            var one = One(quota, random.Next(3) == 0 ? 0 : random.Next(3 * quota + 2), random.Next(0, 40000) / 1000m);
            return !isLimited ? one : one with { Lendable = random.Next(-1, quota + 3), Borrowable = random.Next(-1, 10), Reputation = random.Next(30, 60), GrantThreshold = random.Next(60), Demand = random.Next(-5, 40) };
        }).Append(One(random.Next(2) * random.Next(12), 0, 0)).ToArray();
        var bids = Enumerable.Range(0, random.Next(2) * random.Next(6)).Select(_ => new MarketBid(random.Next(count), random.Next(1, 9), Second, 1)).ToArray();
        return new(random.Next(1, 4) * TimeSpan.FromSeconds(0.5), random.Next(4) * 0.75m, participants, bids, [], []);
    }

    private static Karma Any(Random random, out KarmaRules rules)
    {
        rules = new(random.Next(5) / 4m, random.Next(2) == 0, random.Next(2) == 0, random.Next(2) == 0);
        return new(rules.Alpha, rules.HasFreeCredits, rules.SharesRemainder, rules.IsWorkConserving);
    }

    /// <summary>Where no limit stands in the way, all get what the division gives them, and their credits change by what they earned less what they used beyond what is theirs for sure.</summary>
    [Property(MaxTest = 500)]
    public void Decide_WithoutLimits_LendsAndPaysWhatTheDivisionSays(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (karma, any) = (Any(random, out var rules), Any(random));
        var round = any with { Participants = [.. any.Participants.Select(static p => p with { Lendable = p.NominalQuota, Borrowable = 1000, Reputation = 50, GrantThreshold = 50, Demand = Math.Max(0, p.Demand) })] };
        var (owners, each) = (round.Participants.SkipLast(1).ToArray(), round.Price * (decimal)round.Period.TotalSeconds);
        var division = new KarmaQuantum(rules, [.. owners.Select(static p => p.NominalQuota)], round.Participants[^1].NominalQuota, [.. owners.Select(static p => p.Floor)]);
        var bids = owners.Select((_, i) => round.Bids.Where(b => b.Borrower == i && b.HighestPrice >= round.Price).Sum(static b => b.Units)).ToArray();
        var demands = owners.Select((p, i) => (long)(bids[i] > 0 ? p.NominalQuota + bids[i] : p.Demand)).ToArray();
        var (credits, allocations, house) = (owners.Select(p => (long)decimal.Floor(p.Credits / (each > 0 ? each : 1))).ToArray(), new long[owners.Length], 0L);
        division.Run(demands, credits, ref house, allocations);
        var outcome = karma.Decide(round);
        MarketRules.Check(outcome, round);
        for (var i = 0; i < owners.Length; i++)
        {
            var (lent, borrowed) = (outcome.Transfers.Where(t => t.Lender == i).Sum(static t => t.Units), outcome.Transfers.Where(t => t.Borrower == i).Sum(static t => t.Units));
            Assert.Equal(Math.Max(0, allocations[i] - owners[i].NominalQuota), borrowed);
            Assert.InRange(lent, 0, Math.Max(0, owners[i].NominalQuota - allocations[i]));
            // What it did not need of what is its own for sure is paid to it, and of what it had pledged, to all.
            Assert.InRange(outcome.Transfers.Where(t => t.Lender == i && t is { PaysAll: false, Priority: 0 }).Sum(static t => t.Units), 0, division.Earned[i]);
            Assert.InRange(outcome.Transfers.Where(t => t.Lender == i && t.PaysAll).Sum(static t => t.Units), 0, Math.Max(0, owners[i].NominalQuota - Math.Max(allocations[i], division.Guaranteed[i])));
            Assert.Equal(division.Earned[i] * each, Income(outcome, round, i));
            Assert.Equal(division.Paid[i] * each, Spent(outcome, round, i));
            Assert.Equal(each == 0 ? 0 : division.Free[i] * each, outcome.Credits.Where(c => c.From == -1 && c.To == i).Sum(static c => c.Credits));
        }
    }

    private static decimal Income(MarketOutcome outcome, MarketRound round, int who) => outcome.Credits.Where(c => c.To == who && c.Reason == CreditReason.Pledged).Sum(static c => c.Credits)
        + (decimal)round.Period.TotalSeconds * outcome.Transfers.Where(t => t.Lender == who && !t.PaysAll).Sum(static t => t.Units * t.Price);

    private static decimal Spent(MarketOutcome outcome, MarketRound round, int who) => outcome.Credits.Where(c => c.From == who).Sum(static c => c.Credits)
        + (decimal)round.Period.TotalSeconds * outcome.Transfers.Where(t => t.Borrower == who).Sum(static t => t.Units * t.Price);

    /// <summary>Nobody lends, borrows or spends more than it can, or borrows from whom it is not trusted by; what is for nothing is marked to be recalled first.</summary>
    [Property(MaxTest = 500)]
    public void Decide_OfAnyRound_KeepsToAllLimits(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var (karma, round) = (Any(random, out var rules), Any(random));
        var outcome = karma.Decide(round);
        MarketRules.Check(outcome, round);
        for (var i = 0; i < round.Participants.Count; i++)
        {
            var one = round.Participants[i];
            Assert.InRange(outcome.Transfers.Where(t => t.Lender == i).Sum(static t => t.Units), 0, Math.Max(0, one.Lendable));
            Assert.InRange(outcome.Transfers.Where(t => t.Borrower == i).Sum(static t => t.Units), 0, Math.Max(0, one.Borrowable));
            var free = outcome.Credits.Where(c => c.From == -1 && c.To == i).Sum(static c => c.Credits);
            Assert.InRange(Spent(outcome, round, i), 0, one.Credits + free);
        }

        Assert.All(outcome.Transfers, t =>
        {
            Assert.True(round.Participants[t.Borrower].Reputation >= round.Participants[t.Lender].GrantThreshold);
            Assert.True(t.Priority == 0 ? t.Price == round.Price : t is { Priority: int.MinValue, Price: 0, PaysAll: false } && rules.IsWorkConserving);
            Assert.Equal((-1, -1), (t.Bid, t.Offer));
        });
        Assert.Equal(outcome.Transfers.Count > 0 ? round.Price : null, outcome.ClearingPrice);
        Assert.All(outcome.Credits, static c => Assert.Equal(c.From == -1 ? CreditReason.Free : CreditReason.Pledged, c.Reason));
        if (round.Price == 0) Assert.Empty(outcome.Credits);
    }

    /// <summary>What stands and is still right stays, and who was asked before does not change the answer.</summary>
    [Property(MaxTest = 300)]
    public void Decide_OfTheSameAgain_IsTheSame_AndMovesNothing(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var karma = Any(random, out var rules);
        for (var i = 0; i < 6; i++)
        {
            var round = Any(random);
            var outcome = karma.Decide(round);
            AssertSame(outcome, new Karma(rules.Alpha, rules.HasFreeCredits, rules.SharesRemainder, rules.IsWorkConserving).Decide(round));
            AssertSame(outcome, karma.Decide(round));
            AssertSame(outcome, karma.Decide(round with { Standing = outcome.Transfers }));
            // In whatever order they stand.
            var standing = outcome.Transfers.ToArray();
            random.Shuffle(standing);
            Assert.Equal(Sorted(outcome), Sorted(karma.Decide(round with { Standing = standing })));
        }
    }

    /// <summary>Of six units d earns for four but trusts nobody, and c for two: a lends the four, and goes on to do so.</summary>
    [Fact]
    public void Decide_WhereOneLendsForAnotherThatTrustsNobody_WhatStandsMovesNothing()
    {
        var round = Round(1, One(8, 3, credits: 100), One(8, 14), One(8, 4, credits: 50), One(8, 4, credits: 0) with { GrantThreshold = 100 }, One(0, 0));
        MarketTransfer[] transfers = [new(2, 1, 2, 1), new(0, 1, 4, 1)];
        Assert.Equal(transfers, new Karma(1m).Decide(round).Transfers);
        Assert.Equal(transfers, new Karma(1m).Decide(round with { Standing = transfers }).Transfers);
    }

    private static void AssertSame(MarketOutcome one, MarketOutcome other)
    {
        Assert.Equal(one.Transfers, other.Transfers);
        Assert.Equal(one.Credits, other.Credits);
        Assert.Equal(one.ClearingPrice, other.ClearingPrice);
    }

    /// <summary>Who lends how much to whom, however it is told.</summary>
    private static MarketTransfer[] Sorted(MarketOutcome outcome) =>
        [.. outcome.Transfers.GroupBy(static t => t with { Units = 0 }, static t => t.Units).Select(static g => g.Key with { Units = g.Sum() }).OrderBy(static t => (t.Lender, t.Borrower, t.PaysAll, t.Priority))];

    [Fact]
    public void Decide_OfAnotherQuotaOrReserve_DividesAnew()
    {
        var karma = new Karma(0m);
        Assert.Equal([(1, 5), (2, 3)], Lent(karma.Decide(Round(1, One(5, 20), One(5, 0), One(3, 0)))));
        Assert.Equal([(1, 5), (2, 4)], Lent(karma.Decide(Round(1, One(5, 20), One(5, 0), One(4, 0)))));
        Assert.Equal([(1, 6), (2, 4)], Lent(karma.Decide(Round(1, One(5, 20), One(6, 0), One(4, 0)))));
        Assert.Equal([(1, 6), (2, 7), (3, 4)], Lent(karma.Decide(Round(1, One(5, 30), One(6, 0), One(7, 0), One(4, 0)))));
        Assert.Equal([(1, 5)], Lent(karma.Decide(Round(1, One(5, 20), One(5, 0), One(0, 0)))));

        static IEnumerable<(int, int)> Lent(MarketOutcome outcome) => outcome.Transfers.GroupBy(static t => t.Lender).OrderBy(static g => g.Key).Select(static g => (g.Key, g.Sum(static t => t.Units)));
    }

    /// <summary>Who is poor keeps its floor, and of what it has beyond it nothing.</summary>
    [Fact]
    public void Decide_OfAnotherFloor_DividesAnew()
    {
        var karma = new Karma(0m);
        foreach (var floor in new[] { 0, 3, 5, 4, 0 })
        {
            var round = Round(1, One(6, 20), One(5, 5, credits: 0) with { Floor = floor }, One(0, 0));
            Assert.Equal(5 - floor, karma.Decide(round).Transfers.Sum(static t => t.Units));
            // That of the other changes nothing of it.
            Assert.Equal(5 - floor, karma.Decide(round with { Participants = [round.Participants[0] with { Floor = 2 }, .. round.Participants.Skip(1)] }).Transfers.Sum(static t => t.Units));
        }
    }

    [Fact]
    public void Decide_OfABidAtThePrice_IsAskedFor_AndBelowItIsNot()
    {
        var round = Round(2, One(10, 0), One(10, 0), One(0, 0));
        Assert.Equal([new(1, 0, 3, 2)], new Karma(1m).Decide(round with { Bids = [new(0, 3, Second, 2)] }).Transfers);
        Assert.Empty(new Karma(1m).Decide(round with { Bids = [new(0, 3, Second, 1.999m)] }).Transfers);
    }

    /// <summary>The first that stood lends on, though others come before it.</summary>
    [Fact]
    public void Decide_WhereOneLenderIsEnough_KeepsTheOneThatStands()
    {
        var round = Round(1, One(10, 14), One(10, 0), One(10, 0), One(0, 0));
        var karma = new Karma(1m);
        var outcome = karma.Decide(round with { Standing = [new(2, 0, 4, 1)] });
        // Each of the two that lend equally poor earns for two units.
        Assert.Equal([new(2, 0, 2, 1), new(1, 0, 2, 1)], outcome.Transfers);
        outcome = karma.Decide(Round(1, One(10, 14), One(10, 9), One(10, 0), One(10, 0), One(0, 0)) with { Standing = [new(3, 0, 1, 1), new(0, 4, 1, 1), new(1, 0, 9, 1)] });
        Assert.Equal([new(1, 0, 1, 1), new(3, 0, 1, 1)], outcome.Transfers.Take(2));
    }

    [Fact]
    public void Decide_WhatBelongsToAll_ComesFromTheReserveFirst_AndPaysAll()
    {
        Assert.Equal([new(2, 0, 3, 2) { PaysAll = true }, new(1, 0, 1, 2) { PaysAll = true }], new Karma(0.5m).Decide(Round(2, One(10, 14), One(10, 5), One(3, 0))).Transfers);
        var outcome = new Karma(0.5m).Decide(Round(2, One(10, 14), One(10, 10), One(3, 0)));
        Assert.Equal([new(2, 0, 3, 2) { PaysAll = true }], outcome.Transfers);
        // Five units of its own each, that it had pledged.
        Assert.Equal([new(0, 2, 10, CreditReason.Pledged), new(1, 2, 10, CreditReason.Pledged)], outcome.Credits);
        Assert.Equal(2, outcome.ClearingPrice);
    }

    /// <summary>Who earns for them lends to nobody; the other has pledged nothing, so that what it lends is not for all to earn.</summary>
    [Fact]
    public void Decide_OfUnitsThatAreOnesOwnForSure_PaysNotAll()
    {
        var round = Round(1, One(10, 12), One(10, 0, credits: 0) with { GrantThreshold = 100 }, One(10, 0), One(0, 0));
        Assert.DoesNotContain(new Karma(1m).Decide(round).Transfers, static t => t.PaysAll);
    }

    [Fact]
    public void Decide_OfOwnUnitsThatWerePledged_PaysThoseThatEarnMoreThanTheyLent()
    {
        // b could lend five for sure, and nobody needs more than it owns.
        var outcome = new Karma(0.5m).Decide(Round(2, One(10, 10), One(10, 0), One(10, 7), One(0, 0)));
        Assert.Empty(outcome.Transfers);
        Assert.Null(outcome.ClearingPrice);
        Assert.Equal([new(0, 1, 10, CreditReason.Pledged), new(2, 3, 4, CreditReason.Pledged)], outcome.Credits);
    }

    [Fact]
    public void Decide_OfWhoHasNoCredits_LendsForNothing_WhatWouldBeIdle()
    {
        var round = Round(1, One(10, 14, credits: 0), One(10, 2), One(0, 0));
        Assert.Equal([new(1, 0, 4, 0) { Priority = int.MinValue }], new Karma(1m).Decide(round).Transfers);
        Assert.Equal(MarketOutcome.None.Transfers, new Karma(1m, isWorkConserving: false).Decide(round).Transfers);
    }

    [Fact]
    public void Decide_OfFewerThanOneParticipantAndTheReserve_IsNothing()
    {
        Assert.Same(MarketOutcome.None, new Karma().Decide(Round(1, One(10, 0))));
        Assert.Same(MarketOutcome.None, new Karma().Decide(Round(1)));
        Assert.Equal([new(1, 0, 2, 1) { PaysAll = true }], new Karma(1m).Decide(Round(1, One(10, 12), One(10, 0))).Transfers);
        Assert.Throws<ArgumentNullException>(static () => new Karma().Decide(null!));
    }

    [Theory]
    [InlineData(-0.001)]
    [InlineData(1.001)]
    public void Karma_OfAnAlphaThatIsNoPart_IsRefused(double alpha)
    {
        Assert.Contains("0 to 1", Assert.Throws<ArgumentOutOfRangeException>(() => new Karma((decimal)alpha)).Message, StringComparison.Ordinal);
        Assert.NotNull(new Karma(0m));
        Assert.NotNull(new Karma(1m));
    }
}
