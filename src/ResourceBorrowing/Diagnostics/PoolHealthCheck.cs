using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ResourceBorrowing.Diagnostics;

/// <summary>Unhealthy while the host is overloaded, and while a participant owes units beyond their grace period; says why, names it, and the leases that have been out the longest where they are tracked.</summary>
internal sealed class PoolHealthCheck(ResourcePool pool) : IHealthCheck
{
    private const int LeasesNamed = 3;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check(context));

    private HealthCheckResult Check(HealthCheckContext context)
    {
        var late = pool.AllWithReserve.Select(static p => (Participant: p, Units: p.Overdue)).Where(static p => p.Units > 0).ToArray();
        var report = pool.Stability?.Report();
        var data = new Dictionary<string, object>();
        if (report is not null) data["health"] = report.Health;
        if (late.Length == 0)
        {
            return report is { IsOverloaded: true }
                ? new HealthCheckResult(context.Registration.FailureStatus, $"The host is overloaded, and nothing is lent: {report.Reason}.", data: data)
                : HealthCheckResult.Healthy("Nobody owes units beyond their grace period.", data);
        }

        foreach (var (participant, units) in late)
        {
            data[$"overdue.{participant.Name}"] = units;
            var oldest = pool.OldestLeases(LeasesNamed, participant);
            for (var i = 0; i < oldest.Count; i++) data[$"lease.{participant.Name}.{i + 1}"] = $"{oldest[i].Units} units for {oldest[i].Age}{Environment.NewLine}{oldest[i].StackTrace}";
        }

        var who = string.Join(", ", late.Select(static p => $"'{p.Participant.Name}' ({p.Units})"));
        return new HealthCheckResult(context.Registration.FailureStatus, $"Units are overdue at {who}: look for leases that are never disposed.", data: data);
    }
}
