using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ResourceBorrowing.AspNetCore;

/// <summary>Stands in for the endpoint of a request that had none when it passed the guard: a charged one that routing finds after that would be open to all.</summary>
internal sealed class LateRouting(HttpContext context) : IEndpointFeature
{
    private Endpoint? _endpoint;

    /// <exception cref="InvalidOperationException">The endpoint is charged, and no error page.</exception>
    public Endpoint? Endpoint
    {
        get => _endpoint;
        set
        {
            if (value?.Metadata.GetMetadata<ResourceUnitsAttribute>() is not null && !IsForErrorPage)
                throw new InvalidOperationException($"Endpoint '{value.DisplayName}' is charged resource units, but the guard does not see it, because routing comes later: call app.UseResourceBorrowing() after app.UseRouting().");
            _endpoint = value;
        }
    }

    private bool IsForErrorPage => context.Features.Get<IStatusCodeReExecuteFeature>() is not null || context.Features.Get<IExceptionHandlerFeature>() is not null;
}
