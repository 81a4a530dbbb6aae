using System.Globalization;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>What a result was measured under, in words.</summary>
internal static class Conditions
{
    internal static IEnumerable<string> Of(Scenario scenario)
    {
        var (model, traces) = (scenario.Model, scenario.Traces);
        var names = string.Join(", ", traces.Names.Take(12)) + (traces.Names.Count > 12 ? ", ..." : "");
        yield return Text($"{traces.Names.Count} participants ({names}), {traces.Steps} steps of {model.StepLength.TotalSeconds:0.###} s, seed {model.Seed}.");
        yield return Text($"{scenario.Capacity} units, quotas {Quotas(scenario)}; mean demand {MeanDemand(scenario):0.##} units. A participant may lend {model.LendingPart:P0} of its quota.");
        yield return Text($"Requests: in proportion to demand{(model.IsNormalized ? ", each participant scaled to the same mean" : "")}, {model.RequestsPerStep:0.##} a step and participant in the mean, at random within the step.");
        yield return Text($"A request uses one unit for {model.Service:0.###} step(s) = {TimeSpan.FromTicks(model.ServiceTicks).TotalSeconds:0.###} s, and is too late when it has waited {model.Patience:0.###} service time(s).");
        if (scenario.Adversary >= 0) yield return Text($"Adversary: '{scenario.Names[scenario.Adversary]}' is a {model.Adversary.ToString().ToLowerInvariant()}: {Of(model.Adversary)}");
    }

    internal static double MeanDemand(Scenario scenario) =>
        scenario.Traces.Totals.Select((t, i) => scenario.RequestsOf(i, t)).Sum() / scenario.Traces.Steps * scenario.Model.Service;

    private static string Quotas(Scenario scenario)
    {
        var (least, most) = (scenario.Quotas.Min(), scenario.Quotas.Max());
        return least == most ? Text($"{least} each") : Text($"{least} to {most}");
    }

    private static string Of(AdversaryKind kind) => kind switch
    {
        AdversaryKind.Hog => "it brings ten times its requests, of which only its own tenth counts.",
        AdversaryKind.OnOff => "it is honest for twenty steps and brings ten times its requests in the next twenty, and so on.",
        AdversaryKind.Liar => "for each request it asks for three units more that it does not need, each for four service times.",
        AdversaryKind.Badmouth => "after each step it reports everybody else for instability, as far as it has standing and is heard.",
        AdversaryKind.Leaker => "it never gives back one in a hundred of its units.",
        _ => "nothing.",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
