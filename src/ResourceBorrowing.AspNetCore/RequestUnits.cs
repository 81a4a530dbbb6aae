using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>
/// The units that the current request holds. A handler of a minimal API may take it as a parameter; elsewhere it is a feature of the
/// request: <c>context.Features.Get&lt;RequestUnits&gt;()</c>.
/// </summary>
/// <remarks>
/// The units go back when the request has ended, streamed responses and WebSockets included; a handler that has done with the dear part of its work may give them back earlier, by disposing
/// <see cref="Lease"/>. Thread-safe.
/// </remarks>
public sealed class RequestUnits : IBindableFromHttpContext<RequestUnits>
{
    internal RequestUnits(Participant participant, int units, ResourceLease lease, TimeSpan began)
    {
        (Participant, Units, Lease, Began) = (participant, units, lease, began);
    }

    /// <summary>Whose units they are.</summary>
    public Participant Participant { get; }

    /// <summary>How many, from 1.</summary>
    public int Units { get; }

    /// <summary>The lease on them. Disposing it twice does no harm.</summary>
    public ResourceLease Lease { get; }

    /// <summary>
    /// Cancelled when units that the participant borrowed are wanted back: a request that can end early, or with less, helps the lender and the reputation of its
    /// participant. See <see cref="ResourceLease.RecallToken"/>.
    /// </summary>
    public CancellationToken RecallToken => Lease.RecallToken;

    /// <summary>Whether they have gone back with the end of the request; an error page may run after that.</summary>
    internal bool HasEnded { get; set; }

    /// <summary>The time at which the request came; zero where outcomes are not recorded.</summary>
    internal TimeSpan Began { get; }

    internal static RequestUnits? Of(HttpContext context) => context.Features.Get<RequestUnits>() is { HasEnded: false } units ? units : null;

    /// <summary>Binds a parameter of a handler: null for a request that holds no units, so for such an endpoint let the parameter be nullable.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">Not looked at.</param>
    public static ValueTask<RequestUnits?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(Of(context));
    }
}
