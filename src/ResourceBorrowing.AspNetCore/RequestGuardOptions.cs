using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>How <c>UseResourceBorrowing</c> answers requests for which there are no units, and what it tells the pool. Set before the host starts.</summary>
public sealed class RequestGuardOptions
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>The status of a refusal, 400 to 599. Default 503: the host is short of units.</summary>
    public int StatusCode { get; set; } = StatusCodes.Status503ServiceUnavailable;

    /// <summary>
    /// The status of a refusal where the request itself had chosen the participant, 400 to 599. Default 429: that tenant has too many requests. For the fallback it is
    /// <see cref="StatusCode"/>.
    /// </summary>
    public int ChosenStatusCode { get; set; } = StatusCodes.Status429TooManyRequests;

    /// <summary>What the header <c>Retry-After</c> says, in whole seconds rounded up, 1 s to 1 day. Default 1 s: units come back as requests end.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether latency and success of each request are told to the pool, as by <see cref="Participant.RecordOutcome"/>. Default false. The latency is that of the whole request, the wait for units
    /// included; it has failed when it threw or its status is 500 or more. Requests that were refused, that the client gave up, WebSockets and event streams do not count.
    /// </summary>
    public bool RecordOutcomes { get; set; }

    /// <summary>
    /// Answers a refused request instead of the problem details: true when it has, false to have them written. Status and <c>Retry-After</c> are set when it is called, and may be
    /// changed. What it throws is contained, and the problem details are written. Must be thread-safe.
    /// </summary>
    public Func<ResourceRefusal, ValueTask<bool>>? OnRefused { get; set; }

    /// <exception cref="ArgumentOutOfRangeException">Names what is wrong.</exception>
    internal void ThrowIfWrong()
    {
        ThrowIfNoRefusal(StatusCode, nameof(StatusCode));
        ThrowIfNoRefusal(ChosenStatusCode, nameof(ChosenStatusCode));
        if (RetryAfter < TimeSpan.FromSeconds(1) || RetryAfter > LongestRetryAfter) throw new ArgumentOutOfRangeException(nameof(RetryAfter), RetryAfter, "Retry-After is 1 second to 1 day.");
    }

    private static void ThrowIfNoRefusal(int status, string name)
    {
        if (status is < 400 or > 599) throw new ArgumentOutOfRangeException(name, status, "The status of a refusal is 400 to 599.");
    }
}
