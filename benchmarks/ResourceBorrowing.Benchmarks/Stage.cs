using System.Diagnostics.Metrics;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Pools to measure on.</summary>
internal static class Stage
{
    internal const int Units = 1000;

    /// <summary>A pool whose participants are called p0, p1, ..., own <paramref name="units"/> each and would lend them all.</summary>
    internal static ResourcePool Pool(int participants = 1, int units = Units, IMeterFactory? meters = null, TimeProvider? time = null)
    {
        var options = new ResourcePoolOptions { Capacity = participants * units };
        for (var i = 0; i < participants; i++) options.AddParticipant($"p{i}", units, static participant => participant.LendingLimit = participant.NominalQuota);
        return new ResourcePool(options, time, meterFactory: meters);
    }
}
