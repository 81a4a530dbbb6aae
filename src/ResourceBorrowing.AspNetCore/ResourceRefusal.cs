using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>A request that got no units, and why.</summary>
/// <remarks>Immutable; its <see cref="HttpContext"/> is not thread-safe.</remarks>
public sealed class ResourceRefusal
{
    internal ResourceRefusal(HttpContext context, string participant, int units, RefusalReason reason, string explanation, int status)
    {
        (HttpContext, Participant, Units, Reason, Explanation, StatusCode) = (context, participant, units, reason, explanation, status);
    }

    /// <summary>The request.</summary>
    public HttpContext HttpContext { get; }

    /// <summary>The name of the participant whose units were asked for.</summary>
    public string Participant { get; }

    /// <summary>How many units were asked for, from 1.</summary>
    public int Units { get; }

    /// <summary>Why there were none.</summary>
    public RefusalReason Reason { get; }

    /// <summary>The same in words, with the numbers that decided.</summary>
    public string Explanation { get; }

    /// <summary>The status that the answer has, unless it is changed.</summary>
    public int StatusCode { get; }
}
