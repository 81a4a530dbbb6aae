using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>Answers refused requests: with the user's answer, else with that of the host's problem details service, else with problem details of its own.</summary>
/// <remarks>What one of them throws is contained, and the next one answers.</remarks>
internal sealed class RefusalAnswer(RequestGuardOptions options, ResourcePool pool, IProblemDetailsService? problems)
{
    private const string Title = "No resource units for this request";

    // As legible as it was meant: nobody takes this for HTML.
    private static readonly JsonWriterOptions Legible = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _retryAfter = Math.Ceiling(options.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    private readonly Func<ResourceRefusal, ValueTask<bool>>? _own = options.OnRefused;

    internal async Task WriteAsync(ResourceRefusal refusal)
    {
        if (refusal.HttpContext.Response.HasStarted) return;
        SetHead(refusal);
        if (_own is not null && await HasAnswered(refusal, _own, "answer to a refusal").ConfigureAwait(false)) return;
        if (problems is not null && await HasAnswered(refusal, WriteByServiceAsync, "problem details service").ConfigureAwait(false)) return;
        await WriteOwnAsync(refusal).ConfigureAwait(false);
    }

    /// <returns>Whether nothing more is to be written.</returns>
    private async ValueTask<bool> HasAnswered(ResourceRefusal refusal, Func<ResourceRefusal, ValueTask<bool>> answer, string source)
    {
        try
        {
            return await answer(refusal).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Nobody is there any more to be answered, which is no fault.
            if (!refusal.HttpContext.RequestAborted.IsCancellationRequested) pool.Contain(source, exception);
            if (refusal.HttpContext.Response.HasStarted) return true;
            SetHead(refusal);
            return false;
        }
    }

    private void SetHead(ResourceRefusal refusal)
    {
        var response = refusal.HttpContext.Response;
        response.StatusCode = refusal.StatusCode;
        response.Headers.RetryAfter = _retryAfter;
        response.ContentLength = null;
    }

    private ValueTask<bool> WriteByServiceAsync(ResourceRefusal refusal) => problems!.TryWriteAsync(new ProblemDetailsContext
    {
        HttpContext = refusal.HttpContext,
        ProblemDetails =
        {
            Title = Title,
            Status = refusal.StatusCode,
            Detail = refusal.Explanation,
            Extensions = { ["participant"] = refusal.Participant, ["reason"] = refusal.Reason.ToString(), ["units"] = refusal.Units },
        },
    });

    /// <summary>RFC 9457, written by hand: it needs no serializer that a trimmed host would have to keep.</summary>
    private static async Task WriteOwnAsync(ResourceRefusal refusal)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Legible))
        {
            json.WriteStartObject();
            json.WriteString("title", Title);
            json.WriteNumber("status", refusal.StatusCode);
            json.WriteString("detail", refusal.Explanation);
            json.WriteString("participant", refusal.Participant);
            json.WriteString("reason", refusal.Reason.ToString());
            json.WriteNumber("units", refusal.Units);
            json.WriteEndObject();
        }

        var response = refusal.HttpContext.Response;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory).ConfigureAwait(false);
    }
}
