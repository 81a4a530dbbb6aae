using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>Karma in vectors against Karma one unit after the other, for every number of participants: vectors take several at a time, and the rest one by one.</summary>
public class KarmaModelTests
{
    private const int Most = 40;

    private static readonly KarmaRules[] Rules =
    [
        .. from alpha in new[] { 0m, 0.3m, 0.5m, 1m }
           from free in new[] { false, true }
           from remainder in new[] { false, true }
           from conserving in new[] { false, true }
           select new KarmaRules(alpha, free, remainder, conserving),
    ];

    [Property(MaxTest = 30)]
    public void Run_OfAnyNumberOfParticipants_IsThatOfOneUnitAfterTheOther(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        for (var count = 1; count <= Most; count++)
        {
            var (rules, reserve, isEven) = (Rules[random.Next(Rules.Length)], random.Next(2) * random.Next(20), random.Next(2) == 0);
            var quotas = Enumerable.Range(0, count).Select(_ => isEven ? 7 : random.Next(0, 15)).ToArray();
            int[] floors = random.Next(2) == 0 ? [] : [.. quotas.Select(quota => random.Next(3) == 0 ? random.Next(quota + 1) : 0)];
            var (karma, model) = (new KarmaQuantum(rules, quotas, reserve, floors), new Model(rules, quotas, reserve, floors));
            Assert.Equal(model.Guaranteed, karma.Guaranteed.ToArray());
            Assert.Equal(model.Free, karma.Free.ToArray());
            var (credits, house) = (quotas.Select(_ => random.NextInt64(random.Next(1, 40))).ToArray(), random.NextInt64(9));
            (model.Credits, model.House) = (credits.ToArray(), house);
            var (hunger, allocations) = (random.Next(1, 5), new long[count]);
            for (var quantum = 0; quantum < 6; quantum++)
            {
                var demands = quotas.Select(quota => random.Next(40) == 0 ? long.MaxValue : random.Next(3) == 0 ? 0 : random.NextInt64(hunger * quota + 2)).ToArray();
                karma.Run(demands, credits, ref house, allocations);
                model.Run(demands);
                Assert.Equal(model.Allocations, allocations);
                Assert.Equal(model.Earned, karma.Earned.ToArray());
                Assert.Equal(model.Paid, karma.Paid.ToArray());
                Assert.Equal(model.Credits, credits);
                Assert.Equal(model.House, house);
            }
        }
    }

    /// <summary>Whoever comes after it in the order of names has no more for sure than whoever comes before it.</summary>
    [Fact]
    public void Guaranteed_WhereAllOwnAsMuch_DoesNotDependOnTheFloorsOfOthers()
    {
        var rules = new KarmaRules(0.5m);
        Assert.Equal([5, 5, 10, 10], new KarmaQuantum(rules, [10, 10, 10, 10], floors: [0, 0, 10, 10]).Guaranteed.ToArray());
        Assert.Equal([10, 10, 5, 5], new KarmaQuantum(rules, [10, 10, 10, 10], floors: [10, 10, 0, 0]).Guaranteed.ToArray());
    }

    [Fact]
    public void Run_WithAFloor_GivesNoMoreThanThereIs()
    {
        var (karma, house, allocations) = (new KarmaQuantum(new KarmaRules(0m, SharesRemainder: false), [10, 10], floors: [10, 0]), 0L, new long[2]);
        karma.Run([20, 20], [100, 100], ref house, allocations);
        Assert.InRange(allocations.Sum(), 0, 20);
    }

    [Fact]
    public void Run_OfNobody_DividesNothing()
    {
        var house = 5L;
        new KarmaQuantum(new KarmaRules(0.5m), [], reserve: 10).Run([], [], ref house, []);
        Assert.Equal(5, house);
    }

    [Fact]
    public void Run_OfTooFewOrTooMany_ThrowsAtOnce()
    {
        var (karma, house) = (new KarmaQuantum(new KarmaRules(0.5m), [5, 5, 5]), 0L);
        foreach (var wrong in new[] { 2, 4 })
        {
            Assert.Contains("3 participants", Assert.Throws<ArgumentException>(() => karma.Run(new long[wrong], new long[3], ref house, new long[3])).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => karma.Run(new long[3], new long[wrong], ref house, new long[3]));
            Assert.Throws<ArgumentException>(() => karma.Run(new long[3], new long[3], ref house, new long[wrong]));
        }
    }

    [Fact]
    public void Run_OfCreditsThatCannotBeCounted_ThrowsAndChangesNone_WhereverTheyAre()
    {
        for (var count = 1; count <= 12; count++)
        {
            var karma = new KarmaQuantum(new KarmaRules(0.5m), [.. Enumerable.Repeat(4, count)]);
            var (demands, house) = (Enumerable.Repeat(9L, count).ToArray(), 3L);
            for (var place = 0; place < count; place++)
            {
                foreach (var wrong in new[] { -1, CreditAmount.Most + 1, long.MaxValue })
                {
                    var credits = new long[count];
                    credits[place] = wrong;
                    Assert.Contains("Credits", Assert.Throws<OverflowException>(() => karma.Run(demands, credits, ref house, new long[count])).Message, StringComparison.Ordinal);
                    Assert.Equal((3, wrong, wrong), (house, credits[place], credits.Sum()));
                }

                // Two that are alike do not hide each other.
                for (var other = 0; other < place; other++)
                {
                    var credits = new long[count];
                    credits[place] = credits[other] = -1;
                    Assert.Throws<OverflowException>(() => karma.Run(demands, credits, ref house, new long[count]));
                }

                var most = new long[count];
                most[place] = CreditAmount.Most;
                var (free, none) = (new KarmaQuantum(new KarmaRules(1m), [.. Enumerable.Repeat(4, count)]), 0L);
                free.Run(demands, most, ref none, new long[count]);
                Assert.Equal(CreditAmount.Most, most[place]);
            }
        }
    }

    [Fact]
    public void Run_WithMoreInTheHouseThanCanBeCounted_Throws()
    {
        var (karma, house) = (new KarmaQuantum(new KarmaRules(0m), [4]), long.MaxValue);
        Assert.Throws<OverflowException>(() => karma.Run([1], [1], ref house, new long[1]));
        house = long.MaxValue;
        Assert.Throws<OverflowException>(() => karma.Run([0], [1], ref house, new long[1]));
    }

    /// <summary>As in the paper, a unit at a time.</summary>
    private sealed class Model
    {
        private readonly KarmaRules _rules;
        private readonly long _all;
        private readonly long _shared;

        internal Model(KarmaRules rules, int[] quotas, int reserve, int[] floors)
        {
            _rules = rules;
            var (owned, count, isEven) = (quotas.Sum(), quotas.Length, quotas.Distinct().Count() == 1);
            var shared = (long)decimal.Floor((1 - rules.Alpha) * owned);
            long[] parts = [.. quotas.Select(q => isEven ? (owned - shared) / count : (long)decimal.Floor(rules.Alpha * q))];
            // What a floor is above the part that is for sure is taken from what all share.
            Guaranteed = [.. parts.Select((part, i) => floors.Length == 0 ? part : Math.Max(part, floors[i]))];
            Free = [.. quotas.Select((q, i) => !rules.HasFreeCredits ? 0 : isEven && Guaranteed.SequenceEqual(parts) ? shared / count : q - Guaranteed[i])];
            _shared = reserve + (rules.SharesRemainder ? owned : shared + parts.Sum()) - Guaranteed.Sum();
            _all = owned + reserve;
            (Allocations, Earned, Paid, Credits) = ([], [], [], []);
        }

        internal long[] Guaranteed { get; }

        internal long[] Free { get; }

        internal long[] Allocations { get; private set; }

        internal long[] Earned { get; private set; }

        internal long[] Paid { get; private set; }

        internal long[] Credits { get; set; }

        internal long House { get; set; }

        internal void Run(long[] demands)
        {
            var rich = Credits.Zip(Free, static (c, f) => c + f).ToArray();
            Allocations = [.. demands.Zip(Guaranteed, Math.Min)];
            var offers = Guaranteed.Zip(Allocations, static (g, a) => g - a).ToArray();
            // Nobody can get more than there is.
            var missing = demands.Zip(Allocations, (d, a) => Math.Min(d - a, _all)).ToArray();
            var wants = missing.Zip(rich, Math.Min).ToArray();
            var idle = Guaranteed.Sum() + _shared - Allocations.Sum();
            var lent = Math.Max(0, Math.Min(offers.Sum() + _shared, wants.Sum()));
            Earned = LevelFillTests.OneByOne(Math.Min(lent, offers.Sum()), rich, offers);
            Paid = LevelFillTests.OneByOne(lent, [.. rich.Select(static r => -r)], wants);
            for (var i = 0; i < demands.Length; i++) (Allocations[i], Credits[i]) = (Allocations[i] + Paid[i], rich[i] + Earned[i] - Paid[i]);
            if (!_rules.HasFreeCredits)
            {
                House += lent - Earned.Sum();
                var each = House / demands.Length;
                for (var i = 0; i < demands.Length; i++) Credits[i] += each;
                House -= each * demands.Length;
            }

            if (!_rules.IsWorkConserving) return;
            missing = [.. demands.Zip(Allocations, (d, a) => Math.Min(d - a, _all))];
            var handedOut = LevelFillTests.OneByOne(Math.Min(idle - lent, missing.Sum()), Allocations, missing);
            for (var i = 0; i < demands.Length; i++) Allocations[i] += handedOut[i];
        }
    }
}
