using Storefront.Shop;

namespace Storefront.Demand;

/// <summary>
/// Demand that moves: a calm level for all, bursts that go round in pairs, and once a flood of reports that alone asks for more
/// than the whole shop has.
/// </summary>
internal static class SyntheticDemand
{
    private const double Calm = 0.35;
    private const double Swing = 0.1;
    private const double BurstLow = 1.8;
    private const double BurstHigh = 2.4;
    private const double Flood = 10;

    // A burst takes this part of its slot; in the rest all are calm.
    private const double BurstPart = 0.8;

    internal static DemandCurve Of(int seed, double seconds)
    {
        var random = new Random(seed);
        var order = Enumerable.Range(0, Subsystem.All.Count).ToArray();
        random.Shuffle(order);
        var phases = order.Select(_ => random.NextDouble()).ToArray();
        var heights = order.Select(_ => BurstLow + (BurstHigh - BurstLow) * random.NextDouble()).ToArray();
        var pairs = order.Length / 2;
        var flood = random.Next(1, pairs);

        return DemandCurve.Of(seconds, at =>
        {
            var place = at * (pairs + 1);
            var slot = (int)place;
            var isBurst = place - slot < BurstPart;
            var levels = phases.Select(phase => Calm + Swing * Math.Sin(2 * Math.PI * (2 * at + phase))).ToArray();
            if (isBurst && slot == flood)
            {
                levels[Subsystem.Reports] = Flood;
            }
            else if (isBurst)
            {
                var pair = slot < flood ? slot : slot - 1;
                foreach (var subsystem in order.AsSpan(2 * pair, 2)) levels[subsystem] = heights[subsystem];
            }

            return levels;
        });
    }
}
