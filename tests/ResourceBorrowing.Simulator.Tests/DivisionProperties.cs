using CsCheck;
using ResourceBorrowing.Simulator.Quanta;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>Laws of every division of quanta, over random demands.</summary>
public class DivisionProperties
{
    private static readonly Gen<long> Demands = Gen.Frequency((3, Gen.Const(0L)), (8, Gen.Long[0, 30]), (1, Gen.Long[0, 1_000_000_000_000_000_000]));

    private static readonly Gen<Case> Cases = Gen.Select(
        Gen.Int[1, 7], Gen.Int[1, 60], Gen.Int[0, 4], Gen.Long[0, 200], Gen.Bool, Gen.Bool, Gen.Bool, Demands.Array[7].Array[1, 30],
        static (participants, capacity, alpha, credits, free, shares, conserves, demands) => new Case(
            new()
            {
                Names = [.. Enumerable.Range(0, participants).Select(static i => $"{(char)('a' + i * 3 % 7)}")],
                Quotas = QuantumTerms.EqualQuotas(capacity, participants),
                InitialCredits = credits,
                Alpha = alpha / 4m,
                HasFreeCredits = free,
                SharesRemainder = shares,
                HasLastPass = conserves,
            },
            [.. demands.Select(d => d[..participants])]));

    [Fact]
    public void Division_ByAnyPolicy_GivesNobodyMoreThanItAsksForAndAllTogetherNoMoreThanThereIs() => Cases.Sample(static c =>
    {
        foreach (var policy in QuantumPolicy.All)
        {
            var division = policy.Open(c.Terms);
            foreach (var demands in c.Demands)
            {
                var allocations = Divide(division, demands);
                Assert.All(allocations.Zip(demands), pair => Assert.InRange(pair.First, 0, pair.Second));
                Assert.True(allocations.Sum() <= c.Terms.Capacity, $"{policy.Name} gives {string.Join(' ', allocations)}");
                Assert.Equal(policy.HasCredits, division.Credits.Count > 0);
                Assert.All(division.Credits, static credit => Assert.True(credit >= 0));
            }
        }
    });

    [Fact]
    public void Division_ThatWastesNothing_GivesAllThatIsAskedForOrAllThereIs() => Cases.Sample(static c =>
    {
        var terms = c.Terms with { SharesRemainder = true, HasLastPass = true };
        foreach (var policy in QuantumPolicy.All.Where(static p => p.Name is QuantumPolicy.KarmaName or "max-min" or "shared"))
        {
            var division = policy.Open(terms);
            foreach (var demands in c.Demands) Assert.Equal(AllThatCanBeUsed(demands, terms.Capacity), Divide(division, demands).Sum());
        }
    });

    [Fact]
    public void Credits_OfConservedKarmaAndOfTheAuction_AddUpToWhatTheyBeganWith() => Cases.Sample(static c =>
    {
        var (participants, all) = (c.Terms.Quotas.Length, c.Terms.InitialCredits * c.Terms.Quotas.Length);
        var (karma, auction) = (new KarmaDivision(c.Terms with { HasFreeCredits = false }), new AuctionDivision(c.Terms));
        foreach (var demands in c.Demands)
        {
            Divide(karma, demands);
            Divide(auction, demands);
            Assert.Equal(all, karma.Credits.Sum() + karma.House);
            Assert.InRange(karma.House, 0, participants - 1);
            Assert.Equal(all, auction.ExactCredits.Sum());
        }
    });

    /// <summary>As if one unit were given after the other, always to whoever has least of those that want more, the earlier of equals.</summary>
    [Fact]
    public void MaxMin_IsWhatGivingUnitAfterUnitComesTo() => Cases.Sample(static c =>
    {
        var division = new MaxMinDivision(c.Terms.Capacity);
        foreach (var demands in c.Demands)
        {
            var given = new long[demands.Length];
            for (var unit = 0; unit < c.Terms.Capacity; unit++)
            {
                var wanting = Enumerable.Range(0, given.Length).Where(i => given[i] < demands[i]).ToList();
                if (wanting.Count > 0) given[wanting.MinBy(i => given[i])]++;
            }

            Assert.Equal(given, Divide(division, demands));
        }
    });

    [Fact]
    public void Shared_IsInProportionToDemand_WithinOneUnit() => Cases.Sample(static c =>
    {
        var division = new ProportionalDivision(c.Terms.Capacity);
        foreach (var demands in c.Demands)
        {
            var (allocations, total) = (Divide(division, demands), demands.Sum(static d => (decimal)d));
            var all = Math.Min(total, c.Terms.Capacity);
            for (var i = 0; i < demands.Length && total > 0; i++) Assert.InRange(allocations[i] - demands[i] / total * all, -1, 1);
        }
    });

    /// <summary>Among equals the names decide, and not where their columns stand.</summary>
    [Fact]
    public void Karma_OfColumnsInAnotherOrder_GivesEachTheSame() => Cases.Sample(static c =>
    {
        var order = Enumerable.Range(0, c.Terms.Names.Count).Reverse().ToArray();
        var (one, other) = (c.Terms with { Quotas = [.. order.Select(static _ => 5)] }, c.Terms with { Quotas = [.. order.Select(static _ => 5)], Names = [.. order.Select(i => c.Terms.Names[i])] });
        var (karma, turned) = (new KarmaDivision(one), new KarmaDivision(other));
        foreach (var demands in c.Demands)
        {
            var given = Divide(turned, [.. order.Select(i => demands[i])]);
            Assert.Equal(Divide(karma, demands), order.Select(i => given[i]));
            Assert.Equal(karma.Credits, order.Select(i => turned.Credits[i]));
        }
    });

    private static long AllThatCanBeUsed(long[] demands, int capacity) => demands.Aggregate(0L, (sum, demand) => Math.Min(capacity, sum + Math.Min(demand, capacity)));

    private static long[] Divide(Division division, long[] demands)
    {
        var allocations = new long[demands.Length];
        division.Divide(demands, allocations);
        return allocations;
    }

    private sealed record Case(QuantumTerms Terms, long[][] Demands)
    {
        public override string ToString() => $"{Terms}, {Terms.Capacity} units: {string.Join(" | ", Demands.Select(static d => string.Join(' ', d)))}";
    }
}
