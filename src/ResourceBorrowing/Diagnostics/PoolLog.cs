using Microsoft.Extensions.Logging;

namespace ResourceBorrowing.Diagnostics;

/// <summary>What the library logs. Nothing on a hot path.</summary>
internal static partial class PoolLog
{
    [LoggerMessage(1, LogLevel.Information, "Resource pool of {Capacity} units with {Participants} participants is up.", EventName = "PoolStarted")]
    internal static partial void PoolStarted(ILogger logger, int capacity, int participants);

    [LoggerMessage(2, LogLevel.Information, "Participant '{Participant}' joined with {NominalQuota} units.", EventName = "ParticipantJoined")]
    internal static partial void ParticipantJoined(ILogger logger, string participant, int nominalQuota);

    [LoggerMessage(3, LogLevel.Information, "Participant '{Participant}' has left.", EventName = "ParticipantLeft")]
    internal static partial void ParticipantLeft(ILogger logger, string participant);

    [LoggerMessage(4, LogLevel.Information, "Resource pool was reconfigured: {Capacity} units, {Participants} participants.", EventName = "PoolReconfigured")]
    internal static partial void PoolReconfigured(ILogger logger, int capacity, int participants);

    [LoggerMessage(5, LogLevel.Error, "A changed configuration was refused; the pool goes on as it was. {Faults}", EventName = "ReconfigurationRefused")]
    internal static partial void ReconfigurationRefused(ILogger logger, string faults);

    [LoggerMessage(6, LogLevel.Error, "An exception of the {Source} was contained; no unit is lost.", EventName = "ExceptionContained")]
    internal static partial void ExceptionContained(ILogger logger, string source, Exception exception);

    [LoggerMessage(7, LogLevel.Warning, "Participant '{Borrower}' has not returned {Units} units of a loan from '{Lender}' within the grace period; it borrows nothing until they are back. {OldestLeases}", EventName = "LoanOverdue")]
    internal static partial void LoanOverdue(ILogger logger, string borrower, int units, string lender, string oldestLeases);

    [LoggerMessage(8, LogLevel.Error, "Participant '{Borrower}' has defaulted on {Units} units of a loan from '{Lender}': look for leases that are never disposed. {OldestLeases}", EventName = "LoanDefaulted")]
    internal static partial void LoanDefaulted(ILogger logger, string borrower, int units, string lender, string oldestLeases);

    [LoggerMessage(9, LogLevel.Information, "The state of the resource pool was loaded from {Path}.", EventName = "StateLoaded")]
    internal static partial void StateLoaded(ILogger logger, string path);

    [LoggerMessage(10, LogLevel.Error, "The state of the resource pool in {Path} was refused; it is kept as {KeptAs}, and all reputations begin at 50, and credits, where there are any, anew. {Fault}", EventName = "StateRefused")]
    internal static partial void StateRefused(ILogger logger, string path, string keptAs, string fault);

    [LoggerMessage(11, LogLevel.Warning, "The host is overloaded: nothing is lent until it recovers, and what is lent is recalled. {Reason}", EventName = "HostOverloaded")]
    internal static partial void HostOverloaded(ILogger logger, string reason);

    [LoggerMessage(12, LogLevel.Warning, "A plan is not ready after a planning period, and no other is made until it is: look for a forecaster that takes long.", EventName = "PlanIsLate")]
    internal static partial void PlanIsLate(ILogger logger);

    [LoggerMessage(13, LogLevel.Warning, "A round of the marketplace is not ready after its period, and no other begins until it is: look for a market mechanism that takes long.", EventName = "RoundIsLate")]
    internal static partial void RoundIsLate(ILogger logger);
}
