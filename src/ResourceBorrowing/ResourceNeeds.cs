using System.ComponentModel.DataAnnotations;

namespace ResourceBorrowing;

/// <summary>
/// How much of what a unit stands for a participant makes use of: its units times its needs are its real amounts, which every adapter keeps. As no need is above 1, the real amounts
/// of all participants together never exceed what all units stand for, however units are lent.
/// </summary>
public sealed class ResourceNeeds
{
    /// <summary>The part of a unit's processors that it needs, 0 to 1. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double Cores { get; set; } = 1;

    /// <summary>The part of a unit's memory that it needs, 0 to 1. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double Memory { get; set; } = 1;

    /// <summary>The part of a unit's network bandwidth that it needs, 0 to 1. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double Network { get; set; } = 1;

    /// <summary>The part of a unit's I/O operations that it needs, 0 to 1. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double Io { get; set; } = 1;

    internal ResourceNeeds Copy() => (ResourceNeeds)MemberwiseClone();
}
