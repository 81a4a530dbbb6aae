namespace ResourceBorrowing;

/// <summary>Quantities of what a host has: what some units stand for. A value.</summary>
/// <param name="Cores">Processors, in cores; 0 when units are not measured in them.</param>
/// <param name="MemoryBytes">Memory, in bytes.</param>
/// <param name="NetworkBytesPerSecond">Network bandwidth, in bytes per second.</param>
/// <param name="IoOperationsPerSecond">I/O, in operations per second.</param>
public sealed record ResourceAmounts(double Cores, double MemoryBytes, double NetworkBytesPerSecond, double IoOperationsPerSecond)
{
    /// <summary>So many times as much of everything.</summary>
    public static ResourceAmounts operator *(ResourceAmounts amounts, double factor)
    {
        ArgumentNullException.ThrowIfNull(amounts);
        return new(amounts.Cores * factor, amounts.MemoryBytes * factor, amounts.NetworkBytesPerSecond * factor, amounts.IoOperationsPerSecond * factor);
    }

    internal static ResourceAmounts None { get; } = new(0, 0, 0, 0);

    internal ResourceAmounts Needed(ResourceNeeds needs) => new(
        Cores * needs.Cores, MemoryBytes * needs.Memory, NetworkBytesPerSecond * needs.Network, IoOperationsPerSecond * needs.Io);
}
