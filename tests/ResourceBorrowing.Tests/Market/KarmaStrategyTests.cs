using System.Globalization;
using ResourceBorrowing.Market;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Market;

/// <summary>What lying about one's demand brings: the units it really used, less those it would have used by telling the truth, over 100 seeded runs.</summary>
public class KarmaStrategyTests(ITestOutputHelper output)
{
    private const int Trials = 100;
    private const int Participants = 8;
    private const int FairShare = 10;
    private const int Quanta = 300;

    // Two-sided 95 % of Student's t with 99 degrees of freedom, so that one side is surer still.
    private const double Sure = 1.984;

    private delegate long Report(long demand, int liar, int quantum, Random random);

    private static readonly (string Name, Report Report)[] Lies =
    [
        ("over: half as much again", static (d, _, _, _) => d + d / 2),
        ("over: twice", static (d, _, _, _) => 2 * d),
        ("over: one more", static (d, _, _, _) => d + 1),
        ("over: always all there is", static (_, _, _, _) => Participants * FairShare),
        ("over: at random up to twice", static (d, _, _, r) => d + r.NextInt64(d + 1)),
        ("under: half", static (d, _, _, _) => d / 2),
        ("under: one less", static (d, _, _, _) => Math.Max(0, d - 1)),
        ("under: never more than the fair share", static (d, _, _, _) => Math.Min(d, FairShare)),
        ("under: nothing when much is needed", static (d, _, _, _) => d > 2 * FairShare ? 0 : d),
        ("under: at random down to nothing", static (d, _, _, r) => r.NextInt64(d + 1)),
    ];

    public static TheoryData<bool, bool, long> Ways
    {
        get
        {
            var ways = new TheoryData<bool, bool, long>();
            foreach (var hasFreeCredits in new[] { false, true })
                foreach (var isWorkConserving in new[] { false, true })
                    foreach (var credits in new[] { 200L, 1_000_000 }) ways.Add(hasFreeCredits, isWorkConserving, credits);
            return ways;
        }
    }

    /// <summary>Credits that are scarce, and credits that never end.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void LoneLiar_WithoutMemory_GainsNothing(bool hasFreeCredits, bool isWorkConserving, long credits)
    {
        foreach (var (name, report) in Lies) AssertNoGain(name, hasFreeCredits, isWorkConserving, credits, [0], report);
    }

    /// <summary>Two that lie in the same way gain nothing together; nor does one that goes without so that the other may borrow: what it lends, it lends to all.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void CoalitionOfTwo_GainsNothing(bool hasFreeCredits, bool isWorkConserving, long credits)
    {
        foreach (var (name, report) in Lies) AssertNoGain($"two, {name}", hasFreeCredits, isWorkConserving, credits, [0, 1], report);
        AssertNoGain("two, one goes without", hasFreeCredits, isWorkConserving, credits, [0, 1], static (d, i, _, _) => i == 1 ? 0 : d);
        AssertNoGain("two, they take turns to go without", hasFreeCredits, isWorkConserving, credits, [0, 1], static (d, i, quantum, _) => quantum / 10 % 2 == i ? Math.Min(d, FairShare / 2) : d);
    }

    /// <summary>Whoever borrows nothing for a while, to be rich afterwards, loses more than it gains then.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void Hoarder_OfCredits_GainsNothing(bool hasFreeCredits, bool isWorkConserving, long credits)
    {
        foreach (var until in new[] { 10, 50, Quanta / 2 })
            AssertNoGain($"hoards for {until} quanta", hasFreeCredits, isWorkConserving, credits, [0], (d, _, quantum, _) => quantum < until ? Math.Min(d, FairShare / 2) : d);
    }

    private void AssertNoGain(string name, bool hasFreeCredits, bool isWorkConserving, long credits, int[] liars, Report report)
    {
        var (mean, bound) = Gain(new(0.5m, hasFreeCredits, IsWorkConserving: isWorkConserving), credits, liars, report);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(hasFreeCredits ? "free" : "conserved")} credits from {credits}, last pass {(isWorkConserving ? "on" : "off")}, {name}: {mean:0.00} % (at most {bound:0.00} %)"));
        Assert.True(bound <= 0, $"{name} gains {mean:0.00} %, at most {bound:0.00} %");
    }

    /// <returns>The mean gain of the liars together, in per cent of what they would have used, and the upper bound of its 95 % interval.</returns>
    private static (double Mean, double Bound) Gain(KarmaRules rules, long credits, int[] liars, Report report)
    {
        var gains = new double[Trials];
        for (var trial = 0; trial < Trials; trial++)
        {
            var demands = Demands(new Random(trial));
            var honest = Used(rules, credits, demands, [], report, trial);
            var lying = Used(rules, credits, demands, liars, report, trial);
            gains[trial] = 100 * (liars.Sum(i => lying[i]) / (double)liars.Sum(i => honest[i]) - 1);
        }

        var mean = gains.Average();
        var deviation = Math.Sqrt(gains.Sum(g => (g - mean) * (g - mean)) / (Trials - 1));
        return (mean, mean + Sure * deviation / Math.Sqrt(Trials));
    }

    private static long[] Used(KarmaRules rules, long initial, long[][] demands, int[] liars, Report report, int seed)
    {
        var random = new Random(seed + 1_000_000);
        var karma = new KarmaQuantum(rules, [.. Enumerable.Repeat(FairShare, Participants)]);
        var (credits, allocations, house, used) = (new long[Participants], new long[Participants], 0L, new long[Participants]);
        Array.Fill(credits, initial);
        for (var quantum = 0; quantum < Quanta; quantum++)
        {
            var reported = demands[quantum].ToArray();
            foreach (var liar in liars) reported[liar] = report(reported[liar], liar, quantum, random);
            karma.Run(reported, credits, ref house, allocations);
            for (var i = 0; i < Participants; i++) used[i] += Math.Min(allocations[i], demands[quantum][i]);
        }

        return used;
    }

    /// <summary>Bursts of different length and height, on top of little: what is fair to whom changes all the time.</summary>
    private static long[][] Demands(Random random)
    {
        var (demands, left, height) = (new long[Quanta][], new int[Participants], new long[Participants]);
        for (var quantum = 0; quantum < Quanta; quantum++)
        {
            demands[quantum] = new long[Participants];
            for (var i = 0; i < Participants; i++)
            {
                if (left[i]-- <= 0) (left[i], height[i]) = (random.Next(1, 20), random.Next(3) == 0 ? random.NextInt64(FairShare, 4 * FairShare) : random.NextInt64(FairShare));
                demands[quantum][i] = Math.Max(0, height[i] + random.NextInt64(-2, 3));
            }
        }

        return demands;
    }
}
