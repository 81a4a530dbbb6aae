using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>A policy that divides quanta.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Description">What it does, in a line.</param>
/// <param name="Open">Begins before the first quantum.</param>
internal sealed record QuantumPolicy(string Name, string Description, Func<QuantumTerms, Division> Open)
{
    internal const string KarmaName = "karma";
    internal const string AuctionName = "auction";

    internal static IReadOnlyList<QuantumPolicy> All { get; } =
    [
        new(KarmaName, "by credits that lending earns (OSDI'23)", static t => new KarmaDivision(t)),
        new(AuctionName, "what is idle is auctioned at one price for all, paid in credits", static t => new AuctionDivision(t)),
        new("max-min", "rising evenly for all, each up to its demand", static t => new MaxMinDivision(t.Capacity)),
        new("static", "each up to its quota", static t => new StaticDivision(t.Quotas)),
        new("fixed-step", "limits by the quantum before, a step up near saturation (US patent 9454407)", static t => new LimitedDivision(new FixedStepLimits(t.Quotas), t.Quotas)),
        new("shared", "one pool; as nobody comes first within a quantum, in proportion to demand", static t => new ProportionalDivision(t.Capacity)),
        new("water-filling", "limits by the quanta before, in proportion to demand", static t => new LimitedDivision(new WaterFillingLimits(t.Capacity, t.Quotas, new SimulationModel().LendingPart), t.Quotas)),
    ];

    /// <summary>Whether it divides by credits.</summary>
    internal bool HasCredits => Name is KarmaName or AuctionName;
}
