using Storefront.Shop;

namespace Storefront.Demand;

/// <summary>
/// Demand that moves: all are calm, and one after another has a burst. The turn of the reports is a flood, which alone asks for
/// all the units of the shop.
/// </summary>
internal static class SyntheticDemand
{
    private const double Calm = 0.3;
    private const double Swing = 0.08;
    private const int Swings = 2;
    private const double BurstLow = 2.2;
    private const double BurstHigh = 3;
    // In the long flood it is to miss, now and then, what it has lent.
    private const double CheckoutInFlood = 0.5;
    private static readonly double Flood = (double)Subsystem.Capacity / Subsystem.All[Subsystem.Reports].Units;

    // A burst takes this part of its slot; in the rest all are calm.
    private const double BurstPart = 0.8;

    /// <summary>Reports flood the shop all the time, while checkout is busy and the others are calm: what isolation is worth.</summary>
    internal static DemandCurve FloodOf(double seconds) => DemandCurve.Of(
        seconds, static _ => [.. Subsystem.All.Select(static (_, i) => i == Subsystem.Reports ? Flood : i == Subsystem.Checkout ? CheckoutInFlood : Calm)]);

    internal static DemandCurve Of(int seed, double seconds)
    {
        var random = new Random(seed);
        var turns = Enumerable.Range(0, Subsystem.All.Count).ToArray();
        random.Shuffle(turns);
        var phases = turns.Select(_ => random.NextDouble()).ToArray();
        var heights = turns.Select(turn => turn == Subsystem.Reports ? Flood : BurstLow + (BurstHigh - BurstLow) * random.NextDouble()).ToArray();

        var curve = DemandCurve.Of(seconds, at =>
        {
            var place = at * turns.Length;
            var slot = (int)place;
            var levels = phases.Select(phase => Calm + Swing * Math.Sin(2 * Math.PI * (Swings * at + phase))).ToArray();
            if (place - slot < BurstPart) levels[turns[slot]] = heights[slot];
            return levels;
        });
        // Calm demand swings; a burst does not come again.
        return curve with { Season = TimeSpan.FromSeconds(seconds / Swings) };
    }
}
