using System.Globalization;
using Storefront.Guards;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>What the figures say about borrowing against the static split, in words.</summary>
/// <param name="BeatsOnGoodput">More answers in time, by more than noise.</param>
/// <param name="HurtsCheckout">Checkout's 99th percentile is worse, by more than noise.</param>
/// <param name="CheckoutInFlood">Checkout's 99th percentile while one neighbour floods the shop, against the static split's; null when that was not measured.</param>
/// <param name="Lines">The same for people.</param>
internal sealed record Verdict(bool BeatsOnGoodput, bool HurtsCheckout, double? CheckoutInFlood, IReadOnlyList<string> Lines)
{
    // Nothing is told apart below these, even by rounds that happen to agree.
    private const double LeastTailNoise = 0.05;
    private const double LeastGoodputNoise = 0.01;

    /// <summary>By what a neighbour that misbehaves may slow checkout, against isolation.</summary>
    private const double MostInFlood = 1.1;

    internal static Verdict Of(ExperimentResult result)
    {
        var split = result.Policies.Single(static p => p.Policy == Policy.StaticSplit);
        var shared = result.Policies.Single(static p => p.Policy == Policy.SharedPool);
        var borrowing = result.Policies.Single(static p => p.Policy == Policy.Borrowing);

        var (own, others) = (borrowing.Total.Goodput, split.Total.Goodput);
        var goodputNoise = Math.Max(
            LeastGoodputNoise, result.Rounds > 1 ? Noise(split, borrowing, static (p, round) => p.Rounds[round].Load.Subsystems.Sum(static s => s.Good)) : 0);
        var beats = own > others * (1 + goodputNoise);
        var goodput = Text($"Goodput: borrowing {own:F1}/s, static split {others:F1}/s ({Change(own, others)}).");
        goodput += beats ? " Borrowing beats the static split."
            : own > others ? Text($" Borrowing does NOT beat the static split: the difference is within the noise of {goodputNoise:P0}.")
            : " Borrowing does NOT beat the static split.";

        var (ownTail, othersTail) = (borrowing[Subsystem.Checkout].P99, split[Subsystem.Checkout].P99);
        var tailNoise = Math.Max(LeastTailNoise, result.Rounds > 1 ? Noise(split, borrowing, static (p, round) => p.P99(round, Subsystem.Checkout)) : 0);
        var hurts = ownTail > othersTail * (1 + tailNoise);
        var tail = Text($"Checkout's p99: borrowing {ownTail:F1} ms, static split {othersTail:F1} ms, shared pool {shared[Subsystem.Checkout].P99:F1} ms ({Ratio(ownTail, othersTail)} the static split's).");
        tail += hurts ? " Borrowing HURTS checkout's p99." : " Borrowing does not hurt checkout.";

        var pool = Text($"The shared pool answers {shared.Total.Goodput:F1}/s in time ({Change(shared.Total.Goodput, own)} against borrowing), with nothing kept for anybody.");
        var noise = result.Rounds > 1
            ? Text($"Noise: between two rounds of one policy under the same arrivals, goodput differs by up to {goodputNoise:P1} and checkout's p99 by up to {tailNoise:P0}.")
            : Text($"Noise: unknown, because so short a run has one round; take it as a smoke test.");
        if (tailNoise > LeastTailNoise) noise += " Differences of p99 below that are inconclusive.";
        var (inFlood, flood) = InFlood(result);
        return new Verdict(beats, hurts, inFlood, [goodput, tail, flood, pool, noise]);
    }

    private static (double? Ratio, string Line) InFlood(ExperimentResult result)
    {
        if (result.Flood is not [var split, var borrowing])
            return (null, Text($"What a neighbour that floods the shop does to checkout was left out: that goes with runs of {Experiment.SecondsForActTwo} s or more."));
        var (own, others) = (borrowing[Subsystem.Checkout], split[Subsystem.Checkout]);
        if (own.P99 <= 0 || others.P99 <= 0) return (null, "While reports flood the shop, checkout was not answered: nothing can be said.");
        var ratio = own.P99 / others.P99;
        var noise = Math.Max(LeastTailNoise, Noise(split, borrowing, static (p, round) => p.P99(round, Subsystem.Checkout)));
        var line = Text($"While reports flood the shop, checkout's p99: borrowing {own.P99:F1} ms, static split {others.P99:F1} ms ({ratio:F2}x, in time {InTime(own)} and {InTime(others)}).");
        line += ratio <= MostInFlood ? Text($" It stays within {MostInFlood:F1}x.")
            : ratio <= MostInFlood * (1 + noise) ? Text($" That is above {MostInFlood:F1}x, but within the noise.")
            : Text($" It does NOT stay within {MostInFlood:F1}x.");
        return (ratio, line + Text($" Noise here: {noise:P0}."));

        static string InTime(SubsystemResult service) => Text($"{service.Goodput / Math.Max(service.Asked, 1e-9):P1}");
    }

    /// <summary>By how much two rounds of the same policy differ, for the worse of both policies.</summary>
    private static double Noise(PolicyResult a, PolicyResult b, Func<PolicyResult, int, double> value)
    {
        return Math.Max(Of(a), Of(b));

        double Of(PolicyResult policy)
        {
            var (first, second) = (value(policy, 0), value(policy, 1));
            return first <= 0 || second <= 0 ? 1 : Math.Max(first, second) / Math.Min(first, second) - 1;
        }
    }

    private static string Change(double value, double against) =>
        against <= 0 ? "no base" : Text($"{(value / against - 1) * 100:+0.0;-0.0;0.0} %");

    private static string Ratio(double value, double against) => against <= 0 ? "no base" : Text($"{value / against:F2}x");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
