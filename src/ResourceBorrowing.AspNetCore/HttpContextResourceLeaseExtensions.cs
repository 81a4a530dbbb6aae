using ResourceBorrowing;
using ResourceBorrowing.AspNetCore;

namespace Microsoft.AspNetCore.Http;

/// <summary>Reaches the units of a request.</summary>
public static class HttpContextResourceLeaseExtensions
{
    /// <summary>
    /// The lease on the units that the request holds: for its <see cref="ResourceLease.RecallToken"/>, or to give them back before the request has ended. More is told by
    /// <see cref="RequestUnits"/>.
    /// </summary>
    /// <returns>A lease that was not acquired, whose token is cancelled, when the request holds none.</returns>
    public static ResourceLease GetResourceLease(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RequestUnits.Of(context)?.Lease ?? default;
    }
}
