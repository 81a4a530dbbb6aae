using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using ResourceBorrowing;
using ResourceBorrowing.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Charges endpoints to participants.</summary>
public static class ResourceUnitsEndpointConventionBuilderExtensions
{
    /// <summary>Each request holds one unit of a participant until it has ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">The participant's name. The host does not start when there is none of that name.</param>
    /// <exception cref="ArgumentException">The name is null or empty.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, string participant) where TBuilder : IEndpointConventionBuilder => builder.RequireResourceUnits(participant, units: 1);

    /// <summary>Requests hold units of a participant until they have ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">The participant's name. The host does not start when there is none of that name.</param>
    /// <param name="units">How many units each request holds, from 0, which takes none: for an endpoint within a group that is charged.</param>
    /// <exception cref="ArgumentException">The name is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0 units.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, string participant, int units) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrEmpty(participant);
        return Charge(builder, new ResourceUnitsAttribute(participant, choice: null, units, cost: null));
    }

    /// <summary>Requests hold as many units of a participant as they cost, until they have ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">The participant's name. The host does not start when there is none of that name.</param>
    /// <param name="cost">
    /// What a request costs, from 0 units. Must be thread-safe, and quick: it runs before each request. When it throws or says less than 0, which is contained and logged, the request costs 1. One that
    /// costs more than the participant can ever have is refused.
    /// </param>
    /// <exception cref="ArgumentException">The name is null or empty, or the delegate null.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, string participant, Func<HttpContext, int> cost) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrEmpty(participant);
        ArgumentNullException.ThrowIfNull(cost);
        return Charge(builder, new ResourceUnitsAttribute(participant, choice: null, units: 1, cost));
    }

    /// <summary>Each request holds one unit of the participant that it chooses, until it has ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">By what a request chooses. The host does not start without the fallback.</param>
    /// <exception cref="ArgumentNullException"><paramref name="participant"/> is null.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, ParticipantChoice participant) where TBuilder : IEndpointConventionBuilder => builder.RequireResourceUnits(participant, units: 1);

    /// <summary>Requests hold units of the participant that each of them chooses, until they have ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">By what a request chooses. The host does not start without the fallback.</param>
    /// <param name="units">How many units each request holds, from 0, which takes none.</param>
    /// <exception cref="ArgumentNullException"><paramref name="participant"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0 units.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, ParticipantChoice participant, int units) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(participant);
        return Charge(builder, new ResourceUnitsAttribute(participant: null, participant, units, cost: null));
    }

    /// <summary>Requests hold as many units as they cost of the participant that each of them chooses, until they have ended. Of several charges the innermost counts.</summary>
    /// <param name="builder">An endpoint, a group, or controllers.</param>
    /// <param name="participant">By what a request chooses. The host does not start without the fallback.</param>
    /// <param name="cost">As for the overload with a participant's name.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static TBuilder RequireResourceUnits<TBuilder>(this TBuilder builder, ParticipantChoice participant, Func<HttpContext, int> cost) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(participant);
        ArgumentNullException.ThrowIfNull(cost);
        return Charge(builder, new ResourceUnitsAttribute(participant: null, participant, units: 1, cost));
    }

    private static TBuilder Charge<TBuilder>(TBuilder builder, ResourceUnitsAttribute units) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint =>
        {
            // What is said of all controllers comes after their own attributes, which are nearer.
            if (!endpoint.Metadata.Any(static m => m is ActionDescriptor) || !endpoint.Metadata.Any(static m => m is ResourceUnitsAttribute)) endpoint.Metadata.Add(units);
        });
        builder.Finally(static endpoint =>
        {
            var pool = endpoint.ApplicationServices.GetService<ResourcePool>();
            if (pool is null || GuardedPools.CountOf(pool) == 0)
                throw new InvalidOperationException($"Endpoint '{endpoint.DisplayName}' is charged resource units, but nothing takes them: call app.UseResourceBorrowing().");
        });
        return builder;
    }
}
