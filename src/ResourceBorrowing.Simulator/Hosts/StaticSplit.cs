using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>A bulkhead for each participant: its quota, for ever.</summary>
internal sealed class StaticSplit(Scenario scenario) : LimitedHost(scenario, scenario.Quotas);
