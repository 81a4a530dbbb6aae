using System.ComponentModel.DataAnnotations;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing;

/// <summary>What one resource unit stands for. Adapters that keep real amounts (memory, bandwidth, operations) need it; units alone do not.</summary>
public sealed class ResourceUnitOptions
{
    /// <summary>Cores of one unit, from 0; a fraction is usual. Default null: what <see cref="HostShare"/> gives, or none.</summary>
    [Range(0.0, double.MaxValue)]
    public double? Cores { get; set; }

    /// <summary>Bytes of memory of one unit, from 0. Default null: what <see cref="HostShare"/> gives, or none.</summary>
    [Range(0.0, double.MaxValue)]
    public double? MemoryBytes { get; set; }

    /// <summary>Network bandwidth of one unit in bytes per second, from 0. Default null: none. No host says what it has, so say it here.</summary>
    [Range(0.0, double.MaxValue)]
    public double? NetworkBytesPerSecond { get; set; }

    /// <summary>I/O operations per second of one unit, from 0. Default null: none. No host says what it has, so say it here.</summary>
    [Range(0.0, double.MaxValue)]
    public double? IoOperationsPerSecond { get; set; }

    /// <summary>
    /// The share of this machine or container, above 0 to 1, that the pool governs: its processors (a container's CPU quota counts) and its memory (a container's limit counts), divided by the
    /// capacity, are what a unit stands for where nothing else is said. Read whenever the pool is configured. Default null: the host is not asked.
    /// </summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double? HostShare { get; set; }

    /// <summary>Divides this machine or container among the units: sets <see cref="HostShare"/>.</summary>
    /// <param name="share">The share of it that the pool governs, above 0 to 1. Default 1.</param>
    /// <param name="networkBytesPerSecond">The host's network bandwidth, divided like the rest. Default unknown.</param>
    /// <param name="ioOperationsPerSecond">The host's I/O operations per second, divided like the rest. Default unknown.</param>
    /// <param name="capacity">By how many units to divide bandwidth and operations; the capacity of the pool.</param>
    public void FromHost(int capacity, double share = 1, double? networkBytesPerSecond = null, double? ioOperationsPerSecond = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        HostShare = share;
        NetworkBytesPerSecond = networkBytesPerSecond * share / capacity;
        IoOperationsPerSecond = ioOperationsPerSecond * share / capacity;
    }

    /// <summary>What one of so many units stands for.</summary>
    internal ResourceAmounts Divide(int capacity)
    {
        var host = HostShare is { } share ? HostCapacity.Read() * (share / capacity) : default;
        return new(Cores ?? host.Cores, MemoryBytes ?? host.MemoryBytes, NetworkBytesPerSecond ?? 0, IoOperationsPerSecond ?? 0);
    }

    internal ResourceUnitOptions Copy() => (ResourceUnitOptions)MemberwiseClone();
}
