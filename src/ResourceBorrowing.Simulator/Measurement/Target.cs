using System.Globalization;
using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>What borrowing must show, measured: with and without plans.</summary>
/// <param name="Policy">Which of ours.</param>
/// <param name="Name">What.</param>
/// <param name="Value">As measured.</param>
/// <param name="Bound">What it must be.</param>
/// <param name="IsMet">Whether it is.</param>
internal sealed record Target(string Policy, string Name, double Value, string Bound, bool IsMet)
{
    private const double LeastGain = 0.01;

    /// <summary>The targets that the policies compared allow to measure.</summary>
    internal static IReadOnlyList<Target> Of(Comparison comparison) => [.. Hosts.Policy.Targeted.SelectMany(policy => comparison[policy] is { } ours ? Of(policy, ours, comparison) : [])];

    private static List<Target> Of(string policy, PolicyResult ours, Comparison comparison)
    {
        var targets = new List<Target>();
        void AtLeast(string name, double value, double bound) => targets.Add(new(policy, name, value, Text($">= {bound:0.00}"), value >= bound));
        void Above(string name, double value, double bound) => targets.Add(new(policy, name, value, Text($"> {bound:0.00}"), value > bound));
        void AtMost(string name, double value, double bound) => targets.Add(new(policy, name, value, Text($"<= {bound:0}"), value <= bound));

        if (comparison[Hosts.Policy.StaticName] is { } split && comparison[Hosts.Policy.ClairvoyantName] is { } best && best.Goodput / split.Goodput - 1 >= LeastGain)
            AtLeast("share of the clairvoyant's gain in goodput over the static split", (ours.Goodput - split.Goodput) / (best.Goodput - split.Goodput), 0.90);
        if (comparison[Hosts.Policy.FixedStepName] is { } step) Above("goodput against fixed step", ours.Goodput / step.Goodput, 1);
        if (comparison[Hosts.Policy.MaxMinName] is { } fair)
        {
            AtLeast("goodput against max-min", ours.Goodput / fair.Goodput, 0.98);
            AtLeast("min/max welfare against max-min", fair.MinMax == 0 ? 1 : ours.MinMax / fair.MinMax, 0.95);
        }

        if (comparison[Hosts.Policy.ClairvoyantName] is { } clairvoyant) AtLeast("utilization against the clairvoyant", ours.Utilization / clairvoyant.Utilization, 0.97);
        if (comparison.Scenario.Model.Adversary == AdversaryKind.Hog && comparison[Hosts.Policy.SharedName] is { } shared)
            Above("honest participants' goodput against one shared pool", ours.HonestGoodput / shared.HonestGoodput, 1);
        if (ours.HonestLoss is { } loss) AtLeast("honest participants' goodput against the same run without the adversary", 1 - loss, 0.98);
        if (ours.HarmP99 is { } harm) AtMost("lender harm p99, in service times", harm, 1);
        AtMost("shortfall, in units", ours.Shortfall, 0);
        return targets;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
