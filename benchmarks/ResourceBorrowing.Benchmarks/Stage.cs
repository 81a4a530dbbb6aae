using System.Diagnostics.Metrics;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Pools to measure on.</summary>
internal static class Stage
{
    internal const int Units = 1000;

    /// <summary>A pool whose participants are called p0, p1, ... and own <paramref name="units"/> each.</summary>
    /// <param name="participants">How many.</param>
    /// <param name="units">What each owns.</param>
    /// <param name="meters">Where to measure.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="lendsAll">Whether each would lend all it owns, in as many loans as anybody likes.</param>
    internal static ResourcePool Pool(
        int participants = 1, int units = Units, IMeterFactory? meters = null, TimeProvider? time = null, bool lendsAll = false)
    {
        var options = new ResourcePoolOptions { Capacity = participants * units, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
        if (lendsAll) options.OpenLoanLimit = int.MaxValue;
        for (var i = 0; i < participants; i++)
        {
            options.AddParticipant($"p{i}", units, participant =>
            {
                if (lendsAll) (participant.LendingLimit, participant.OpenLoanLimit) = (units, int.MaxValue);
            });
        }

        return new ResourcePool(options, time, meterFactory: meters);
    }
}
