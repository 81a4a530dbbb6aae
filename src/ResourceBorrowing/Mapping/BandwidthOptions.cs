namespace ResourceBorrowing.Mapping;

/// <summary>How a <see cref="BandwidthBudget"/> turns units into bytes and operations per second.</summary>
public sealed class BandwidthOptions
{
    /// <summary>
    /// Bytes per second that one unit brings, above 0. Default null: the network bandwidth of the participant's units (<see cref="ResourceUnitOptions.NetworkBytesPerSecond"/> times its
    /// needs).
    /// </summary>
    public double? BytesPerUnit { get; set; }

    /// <summary>
    /// Operations per second, reads and writes, that one unit brings, above 0. Default null: the I/O operations of the participant's units
    /// (<see cref="ResourceUnitOptions.IoOperationsPerSecond"/> times its needs), and no limit where those are not defined.
    /// </summary>
    public double? OperationsPerUnit { get; set; }

    /// <summary>For how long idle bandwidth is saved up, 10 ms to 1 hour. Default 100 ms: longer than a late timer, shorter than anybody notices.</summary>
    public TimeSpan Burst { get; set; } = TimeSpan.FromMilliseconds(100);

    internal void ThrowIfWrong()
    {
        if (BytesPerUnit is { } bytes && !(bytes > 0 && double.IsFinite(bytes))) throw new ArgumentException($"{nameof(BytesPerUnit)} must be above 0, not {bytes}.");
        if (OperationsPerUnit is { } operations && !(operations > 0 && double.IsFinite(operations))) throw new ArgumentException($"{nameof(OperationsPerUnit)} must be above 0, not {operations}.");
        if (Burst < TimeSpan.FromMilliseconds(10) || Burst > TimeSpan.FromHours(1)) throw new ArgumentException($"{nameof(Burst)} must be 10 ms to 1 hour, not {Burst}.");
    }
}
