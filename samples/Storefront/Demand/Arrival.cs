namespace Storefront.Demand;

/// <summary>One request: how many seconds after the start, and of which subsystem.</summary>
internal readonly record struct Arrival(double At, int Subsystem);
