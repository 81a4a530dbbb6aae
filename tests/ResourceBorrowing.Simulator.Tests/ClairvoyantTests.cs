using CsCheck;
using ResourceBorrowing.Simulator.Hosts;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>What it says of itself, against all there is to choose on small instances.</summary>
public class ClairvoyantTests
{
    private const int Service = 6;

    private static readonly Gen<Instance> Instances = Gen.Select(
        Gen.Int[1, 3], Gen.Int[0, 9], Gen.Int[0, 40].Array[1, 9], Gen.Int[0, 2].Array[9],
        static (units, patience, at, who) => new Instance(units, patience, [.. at.Select(static a => (long)a).Order()], who[..at.Length]));

    [Fact]
    public void FirstComeFirstServed_OnSmallInstances_IsBeatenByNoScheduleAndBeginsNoRequestLater() => Instances.Sample(
        static instance =>
        {
            var (starts, _) = FirstComeFirstServed(instance);
            foreach (var set in Subsets(instance.At.Length))
            {
                if (BestStarts(instance, set) is not { } other) continue;
                Assert.True(set.Count <= starts.Count, $"{set.Count} of {instance} can be served, not {starts.Count}");
                if (set.Count == starts.Count) Assert.All(starts.Zip(other.Order()), static pair => Assert.True(pair.First <= pair.Second));
            }
        },
        iter: 300);

    [Fact]
    public void Choice_OnSmallInstances_IsTheFairestAtItsInstants() => Instances.Sample(
        static instance =>
        {
            var (starts, served) = FirstComeFirstServed(instance);
            var asked = CountsOf(instance, Enumerable.Range(0, instance.At.Length));
            var choice = new FairChoice(instance.At, instance.Who, starts, served, asked, instance.Patience);
            choice.Improve();
            Assert.True(CanBegin(instance, served, starts), "the choice cannot begin at its instants");
            Assert.Equal(CountsOf(instance, served), choice.Count);
            var mine = Welfare(choice.Count, asked);
            foreach (var set in Subsets(instance.At.Length).Where(s => s.Count == starts.Count && CanBegin(instance, [.. s], starts)))
            {
                var theirs = Welfare(CountsOf(instance, set), asked);
                Assert.True(Compare(mine, theirs) >= 0, $"{instance}: {string.Join(' ', theirs)} is fairer than {string.Join(' ', mine)}");
            }
        },
        iter: 3_000);

    private static (List<long> Starts, int[] Served) FirstComeFirstServed(Instance instance) =>
        Clairvoyant.FirstComeFirstServed([.. instance.At], instance.Units, Service, instance.Patience);

    private static IEnumerable<List<int>> Subsets(int count) =>
        Enumerable.Range(0, 1 << count).Select(mask => Enumerable.Range(0, count).Where(i => (mask >> i & 1) != 0).ToList());

    /// <summary>
    /// The earliest instants at which a set can begin in time, in any order whatever; null when it cannot. Any schedule can be moved to the left until each
    /// request begins when it comes or when a unit becomes free, so these are all there are.
    /// </summary>
    private static long[]? BestStarts(Instance instance, List<int> set)
    {
        long[]? best = null;
        void Place(List<int> left, long[] free, List<long> starts)
        {
            if (left.Count == 0)
            {
                var sorted = starts.Order().ToArray();
                if (best is null || Compare([.. sorted.Select(static s => -(double)s)], [.. best.Select(static s => -(double)s)]) > 0) best = sorted;
                return;
            }

            foreach (var request in left)
            {
                var unit = Array.IndexOf(free, free.Min());
                var start = Math.Max(instance.At[request], free[unit]);
                if (start > instance.At[request] + instance.Patience) continue;
                var next = (long[])free.Clone();
                next[unit] = start + Service;
                Place([.. left.Where(r => r != request)], next, [.. starts, start]);
            }
        }

        // All orders of more than a few are too many; then first come, first served stands for them, which the small ones show to be enough.
        if (set.Count <= 5) Place(set, [.. Enumerable.Repeat(long.MinValue, instance.Units)], []);
        else best = InOrder(instance, set);
        return best;
    }

    private static long[]? InOrder(Instance instance, List<int> set)
    {
        var free = Enumerable.Repeat(long.MinValue, instance.Units).ToArray();
        var starts = new List<long>();
        foreach (var request in set)
        {
            var unit = Array.IndexOf(free, free.Min());
            var start = Math.Max(instance.At[request], free[unit]);
            if (start > instance.At[request] + instance.Patience) return null;
            free[unit] = start + Service;
            starts.Add(start);
        }

        return [.. starts];
    }

    private static bool CanBegin(Instance instance, int[] set, List<long> starts) =>
        set.Zip(starts).All(pair => instance.At[pair.First] <= pair.Second && pair.Second <= instance.At[pair.First] + instance.Patience);

    private static long[] CountsOf(Instance instance, IEnumerable<int> requests)
    {
        var counts = new long[3];
        foreach (var request in requests) counts[instance.Who[request]]++;
        return counts;
    }

    private static double[] Welfare(long[] counts, long[] asked) => [.. counts.Zip(asked).Where(static p => p.Second > 0).Select(static p => (double)p.First / p.Second).Order()];

    private static int Compare(double[] one, double[] other)
    {
        for (var i = 0; i < one.Length; i++)
            if (Math.Abs(one[i] - other[i]) > 1e-12) return one[i].CompareTo(other[i]);
        return 0;
    }

    private sealed record Instance(int Units, int Patience, long[] At, int[] Who)
    {
        public override string ToString() => $"{Units} units, patience {Patience}, at {string.Join(' ', At)} of {string.Join(' ', Who)}";
    }
}
