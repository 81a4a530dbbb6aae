using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>A policy that can be compared.</summary>
/// <param name="Name">As on the command line and in every result.</param>
/// <param name="Description">What it does, in a line.</param>
/// <param name="Open">Builds a host under it.</param>
internal sealed record Policy(string Name, string Description, Func<Scenario, Host> Open)
{
    internal const string StaticName = "static";
    internal const string FixedStepName = "fixed-step";
    internal const string SharedName = "shared";
    internal const string MaxMinName = "max-min";
    internal const string WaterFillingName = "water-filling";
    internal const string KarmaName = "karma";
    internal const string BorrowingName = "borrowing";
    internal const string BalancingName = "balancing";
    internal const string ForecastingName = "forecasting";
    internal const string MarketName = "market";
    internal const string ClairvoyantName = "clairvoyant";

    /// <summary>The names of those of the library's own that have targets. Where loans have a price, whoever has spent its credits is served less, as it is meant to be.</summary>
    internal static readonly IReadOnlyList<string> Targeted = [BorrowingName, BalancingName, ForecastingName];

    /// <summary>Whether it is one of the library's.</summary>
    internal bool IsOurs => Name is BorrowingName or BalancingName or ForecastingName or MarketName;

    internal static IReadOnlyList<Policy> All { get; } =
    [
        new(StaticName, "each participant its quota, for ever", static s => new StaticSplit(s)),
        new(FixedStepName, "raise a limit by a fixed step near saturation, lower another (US patent 9454407)", static s => new PlannedHost(s, new FixedStepLimits(s.Quotas))),
        new(SharedName, "one pool and one queue for all", static s => new SharedPool(s)),
        new(MaxMinName, "max-min fair limits each step, by the demand of the step before", static s => new PlannedHost(s, new MaxMinLimits(s.Capacity))),
        new(WaterFillingName, "bounded water-filling each step, without loans", static s => new PlannedHost(s, new WaterFillingLimits(s.Capacity, s.Quotas, s.Model.LendingPart))),
        new(KarmaName, "limits each step by credits that lending earns (OSDI'23), by the demand of the step before", static s => new PlannedHost(s, new KarmaLimits(s.Capacity, s.Names, s.Quotas))),
        new(BorrowingName, "ours: quotas, and borrowing on demand", static s => new BorrowingHost(s)),
        new(BalancingName, "ours, and plans that move what is idle to where it is needed", static s => new BorrowingHost(s, balances: true)),
        new(ForecastingName, "ours, balancing, and units borrowed before a spike that is foreseen", static s => new BorrowingHost(s, balances: true, foresees: true)),
        new(MarketName, "ours, balancing, and loans that cost credits, made on demand, by plans and by rounds of Karma", static s => new BorrowingHost(s, balances: true, trades: true)),
        new(ClairvoyantName, "knows all demand beforehand: nothing serves more", static s => new Clairvoyant(s)),
    ];
}
