using System.ComponentModel.DataAnnotations;

namespace ResourceBorrowing;

/// <summary>Whether a pool moves units by itself.</summary>
public enum BalancingMode
{
    /// <summary>Units move when callers need them: borrowed on demand, recalled when missed. Demand is not watched.</summary>
    Off,

    /// <summary>Demand is watched and plans are made and published; no unit moves for them.</summary>
    Observe,

    /// <summary>Plans move idle units to whoever needs them, as recallable loans that go on until they are no longer needed.</summary>
    On,
}

/// <summary>How a pool watches demand and what it does with idle units. See <see cref="ResourcePool.ReportBalance"/> for what it did, and why.</summary>
public sealed class BalancingOptions
{
    /// <summary>Whether units move by themselves. Default off. Cannot change while the pool lives.</summary>
    [EnumDataType(typeof(BalancingMode))]
    public BalancingMode Mode { get; set; }

    /// <summary>How often demand is looked at, 1 ms to the planning period. Default 10 ms. While nobody demands anything it is looked at once in a planning period.</summary>
    public TimeSpan SamplePeriod { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>After how long half of a peak in demand is forgotten, from 1 ms. Default 5 min. Rising demand counts at once.</summary>
    public TimeSpan DemandHalfLife { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long units must not have been needed before they are offered, 0 to 30 days. Default 10 s. What callers wait for is not kept from them so long.</summary>
    public TimeSpan OfferAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The part of its allocation by which a participant must be off what is planned before units move for it, 0 to 1. Default 0.1.</summary>
    [Range(0.0, 1.0)]
    public double DeadBand { get; set; } = 0.1;

    /// <summary>The part of the capacity that moves in one planning period at the most, 0 to 1; what callers wait for comes on top. Default 0.1.</summary>
    [Range(0.0, 1.0)]
    public double MostMoved { get; set; } = 0.1;

    internal BalancingOptions Copy() => (BalancingOptions)MemberwiseClone();
}
