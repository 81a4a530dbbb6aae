using Microsoft.Extensions.Diagnostics.HealthChecks;
using ResourceBorrowing;
using ResourceBorrowing.Diagnostics;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the resource pool to a host's health checks.</summary>
public static class ResourceBorrowingHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that fails while the host is overloaded, with the signal that says so, and while a participant owes units beyond their grace period. Its description and data name the participants and, where
    /// <see cref="ResourcePoolOptions.TrackLeases"/> is on, the leases that have been out the longest.
    /// </summary>
    /// <param name="builder">The host's health checks; the pool is added by <c>AddResourceBorrowing</c> of the services.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">What the check reports when it fails. Default <see cref="HealthStatus.Degraded"/>: the pool itself goes on.</param>
    /// <param name="tags">Tags of the check. Default none.</param>
    public static IHealthChecksBuilder AddResourceBorrowing(
        this IHealthChecksBuilder builder, string name = "resource_borrowing", HealthStatus failureStatus = HealthStatus.Degraded, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name, static services => new PoolHealthCheck(services.GetRequiredService<ResourcePool>()), failureStatus, tags));
    }
}
