using Microsoft.Extensions.Logging;

namespace ResourceBorrowing.AspNetCore;

/// <summary>What the package logs. Nothing for each request.</summary>
internal static partial class GuardLog
{
    [LoggerMessage(1, LogLevel.Error, "Requests to '{Endpoint}' are refused: {Fault}.", EventName = "EndpointWithoutParticipant")]
    internal static partial void EndpointWithoutParticipant(ILogger logger, string? endpoint, string fault);
}
