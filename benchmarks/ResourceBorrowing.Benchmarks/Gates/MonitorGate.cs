using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>What it takes to look at everybody's demand a hundred times a second, in percent of one processor.</summary>
internal sealed class MonitorGate(int participants, double most) : Gate($"monitor/participants={participants}", Bound.AtMostPercent(most))
{
    private const double SamplesPerSecond = 100;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants);
        var leases = pool.Participants.Select(static p => p.TryAcquire(3)).ToArray();
        var monitor = new UsageMonitor();
        monitor.Follow([.. pool.Participants.Select(static p => (p.Account.Cell, p.Waiters, p.Demand.Notes))]);
        var (now, isAny) = (0L, false);
        var nanoseconds = Slices.Best(new Workload(() => isAny = monitor.Look(now += 10), operations: 1));
        foreach (var lease in leases) lease.Dispose();
        return isAny ? new Reading(nanoseconds * SamplesPerSecond / 1e9 * 100, $"{nanoseconds / 1000:F2} us a look") : Reading.Wrong("no demand was seen");
    }
}
