using System.Globalization;

namespace ResourceBorrowing.Mapping;

/// <summary>What the machine or container offers to this process. A value.</summary>
/// <param name="Cores">Processors: those that the process may run on, or the CPU quota of its container when that is less; a fraction then.</param>
/// <param name="MemoryBytes">Memory that the runtime may use: the container's limit, where there is one, less what the runtime keeps apart.</param>
internal readonly record struct HostCapacity(double Cores, double MemoryBytes)
{
    private const string Groups = "/sys/fs/cgroup";

    public static HostCapacity operator *(HostCapacity whole, double part) => new(whole.Cores * part, whole.MemoryBytes * part);

    internal static HostCapacity Read() => new(Math.Min(Environment.ProcessorCount, ReadQuota(Groups)), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The CPU quota in cores; infinite where there is none. The runtime knows it too, but only as whole processors, rounded up.</summary>
    internal static double ReadQuota(string root)
    {
        if (TryRead(Path.Combine(root, "cpu.max")) is { } second && second.Split(' ') is [var most, var within, ..]) return Quota(most, within);
        var first = Path.Combine(root, "cpu");
        return TryRead(Path.Combine(first, "cpu.cfs_quota_us")) is { } quota && TryRead(Path.Combine(first, "cpu.cfs_period_us")) is { } period
            ? Quota(quota, period)
            : double.PositiveInfinity;
    }

    private static double Quota(string most, string within) =>
        long.TryParse(most, CultureInfo.InvariantCulture, out var quota) && long.TryParse(within, CultureInfo.InvariantCulture, out var period) && quota > 0 && period > 0
            ? (double)quota / period
            : double.PositiveInfinity;

    private static string? TryRead(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
