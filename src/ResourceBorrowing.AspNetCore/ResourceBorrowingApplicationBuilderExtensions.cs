using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ResourceBorrowing;
using ResourceBorrowing.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the guard of endpoints to the pipeline.</summary>
public static class ResourceBorrowingApplicationBuilderExtensions
{
    /// <summary>
    /// Has requests hold the units that their endpoint is charged (<c>RequireResourceUnits</c>, <see cref="ResourceUnitsAttribute"/>) until they have ended, and refuses those for which there are
    /// none. Other requests pass.
    /// </summary>
    /// <param name="app">The application; it needs <c>services.AddResourceBorrowing()</c>.</param>
    /// <param name="configure">How to refuse, and what to tell the pool. Default: see <see cref="RequestGuardOptions"/>.</param>
    /// <remarks>
    /// Place it after routing (a <c>WebApplication</c> has it at the front) and, where requests choose their participant by a claim, after authentication. The host does not start when an endpoint is charged
    /// to a participant that does not exist, or more than it can ever have; the message names every one.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The services have no pool.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static IApplicationBuilder UseResourceBorrowing(this IApplicationBuilder app, Action<RequestGuardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options = new RequestGuardOptions();
        configure?.Invoke(options);
        options.ThrowIfWrong();

        var services = app.ApplicationServices;
        var pool = services.GetService<ResourcePool>() ?? throw new InvalidOperationException("There is no resource pool: call services.AddResourceBorrowing(...) before the host is built.");
        GuardedPools.Add(pool);
        // Made when the host starts, when all endpoints are mapped.
        return app.Use(next => new RequestGuard(
            next, pool, options, services.GetService<IProblemDetailsService>(), services.GetService<EndpointDataSource>(),
            services.GetRequiredService<ILoggerFactory>().CreateLogger<RequestGuard>()).InvokeAsync);
    }
}
