using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Model;

/// <summary>A host and what is asked of it: the trace, scaled by the model.</summary>
internal sealed class Scenario
{
    /// <summary>Requests for a unit of demand, per participant.</summary>
    private readonly double[] _scale;

    /// <exception cref="TraceFormatException">The adversary is none of the trace's participants, or the trace asks for more than a host can have.</exception>
    internal Scenario(TraceSet traces, SimulationModel model)
    {
        Traces = traces;
        Model = model;
        var participants = traces.Names.Count;
        var total = traces.Totals.Sum();
        var requests = model.RequestsPerStep * traces.Steps;
        _scale = [.. traces.Totals.Select(t => !model.IsNormalized ? requests * participants / total : t > 0 ? requests / t : 0)];
        // Participants that ask for nothing at all need nothing either.
        var asking = model.IsNormalized ? traces.Totals.Count(static t => t > 0) : participants;
        var mean = model.RequestsPerStep * asking * model.Service;
        var capacity = model.Capacity ?? (model.FairShare is { } share ? (double)share * participants : Math.Ceiling(model.CapacityFactor * mean));
        if (!(capacity <= int.MaxValue)) throw new TraceFormatException("The capacity would be above 2^31-1 units; give a smaller one.");
        Capacity = (int)Math.Max(1, capacity);
        Quotas = QuotaPlan.LargestRemainder(Capacity, [.. Enumerable.Repeat(1, participants)]);
        if (model.Adversary == AdversaryKind.None) return;
        Adversary = model.AdversaryName is null ? 0 : traces.Names.ToList().IndexOf(model.AdversaryName);
        if (Adversary < 0)
            throw new TraceFormatException($"The adversary '{model.AdversaryName}' is no participant; these are: {string.Join(", ", traces.Names.Take(20))}{(participants > 20 ? ", ..." : "")}.");
    }

    internal TraceSet Traces { get; }

    internal SimulationModel Model { get; }

    internal int Capacity { get; }

    /// <summary>Units that each participant owns.</summary>
    internal int[] Quotas { get; }

    internal IReadOnlyList<string> Names => Traces.Names;

    /// <summary>The place of the adversary; -1 when there is none.</summary>
    internal int Adversary { get; } = -1;

    /// <summary>The same with nobody but honest participants.</summary>
    internal Scenario Honest() => new(Traces, Model with { Adversary = AdversaryKind.None });

    /// <summary>Requests that a step's demand brings, not yet whole.</summary>
    internal double RequestsOf(int participant, double demand) => demand * _scale[participant];
}
