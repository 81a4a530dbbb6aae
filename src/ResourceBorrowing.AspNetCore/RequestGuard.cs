using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace ResourceBorrowing.AspNetCore;

/// <summary>The middleware: takes the units that the endpoint of a request is charged, runs the rest of the pipeline, and gives them back; or refuses.</summary>
/// <remarks>
/// <para><b>Ownership.</b> A lease belongs to the call of <see cref="InvokeAsync"/> that got it, and goes back when the rest of the pipeline has ended, however it ends.</para>
/// <para><b>Progress.</b> While units are free nothing is waited for, and no state machine is made but the one that gives the units back when the handler is asynchronous.</para>
/// </remarks>
internal sealed class RequestGuard
{
    private readonly RequestDelegate _next;
    private readonly ResourcePool _pool;
    private readonly RequestGuardOptions _options;
    private readonly RefusalAnswer _refusals;
    private readonly ILogger _logger;
    private readonly bool _recordsOutcomes;
    private readonly ConcurrentDictionary<ParticipantChoice, ChosenParticipants> _chosen = new();

    /// <exception cref="InvalidOperationException">An endpoint can never have what it is charged; the message names every one.</exception>
    internal RequestGuard(RequestDelegate next, ResourcePool pool, RequestGuardOptions options, IProblemDetailsService? problems, EndpointDataSource? endpoints, ILogger logger)
    {
        (_next, _pool, _options, _logger) = (next, pool, options, logger);
        _recordsOutcomes = options.RecordOutcomes;
        _refusals = new RefusalAnswer(options, pool, problems);
        Check(endpoints?.Endpoints ?? []);
    }

    internal Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<ResourceUnitsAttribute>() is not { } metadata) return endpoint is null && IsAlone ? PassUnroutedAsync(context) : _next(context);
        var rule = metadata.Rule is { } known && known.Guard == this ? known : Learn(metadata);
        var units = rule.UnitsFor(context);

        // Whoever holds units already has been charged: the guard is in the pipeline twice, or it runs again for an error page.
        if (units == 0 || RequestUnits.Of(context) is not null) return _next(context);

        var ask = new Ask(rule, units, _recordsOutcomes ? _pool.Elapsed : default);
        if (rule.Find(context, out ask.IsOwn) is not { } participant) return RefuseUnknownAsync(context, ask);
        ask.Participant = participant;

        // Without a look at the request's token, which makes the server make one.
        if (participant.TryAcquireFree(units, out var free)) return RunAsync(context, Hold(ask, free));
        return WaitAsync(context, ask);
    }

    /// <summary>Another guard may stand behind a routing of its own.</summary>
    private bool IsAlone => GuardedPools.CountOf(_pool) == 1;

    private async Task PassUnroutedAsync(HttpContext context)
    {
        var (before, late) = (context.Features.Get<IEndpointFeature>(), new LateRouting(context));
        context.Features.Set<IEndpointFeature>(late);
        try
        {
            await _next(context).ConfigureAwait(false);
        }
        finally
        {
            context.Features.Set(before);
            context.SetEndpoint(late.Endpoint);
        }
    }

    private static RequestUnits Hold(in Ask ask, ResourceLease lease) => new(ask.Participant, ask.Units, lease, ask.Began);

    private Task RunAsync(HttpContext context, RequestUnits units)
    {
        Task running;
        try
        {
            context.Features.Set(units);
            running = _next(context);
        }
        catch
        {
            End(context, units, hasThrown: true);
            throw;
        }

        if (!running.IsCompleted) return FinishAsync(context, units, running);
        End(context, units, !running.IsCompletedSuccessfully);
        return running;
    }

    private async Task FinishAsync(HttpContext context, RequestUnits units, Task running)
    {
        var hasThrown = true;
        try
        {
            await running.ConfigureAwait(false);
            hasThrown = false;
        }
        finally
        {
            End(context, units, hasThrown);
        }
    }

    private void End(HttpContext context, RequestUnits units, bool hasThrown)
    {
        units.Lease.Dispose();
        units.HasEnded = true;
        if (_recordsOutcomes) Record(context, units, hasThrown);
    }

    private void Record(HttpContext context, RequestUnits units, bool hasThrown)
    {
        var response = context.Response;
        var isStream = response.StatusCode == StatusCodes.Status101SwitchingProtocols || HttpMethods.IsConnect(context.Request.Method)
            || response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
        if (isStream || context.RequestAborted.IsCancellationRequested) return;
        units.Participant.RecordOutcome(_pool.Elapsed - units.Began, hasThrown || response.StatusCode >= StatusCodes.Status500InternalServerError);
    }

    /// <summary>Waits for units, and looks once for a participant that has taken the place of one that left.</summary>
    private async Task WaitAsync(HttpContext context, Ask ask)
    {
        ResourceLease lease;
        try
        {
            lease = await ask.Participant.AcquireAsync(ask.Units, context.RequestAborted).ConfigureAwait(false);
            if (lease.Refusal == RefusalReason.Removed)
            {
                ask.Rule.Forget(ask.Participant, ask.IsOwn);
                if (ask.Rule.Find(context, out var isOwn) is { } other && other != ask.Participant)
                {
                    (ask.Participant, ask.IsOwn) = (other, isOwn);
                    lease = await other.AcquireAsync(ask.Units, context.RequestAborted).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The request's own time limit has a middleware that answers it.
            if (context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true) throw;
            if (!context.Response.HasStarted) context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }
        catch (ObjectDisposedException)
        {
            await RefuseAsync(context, ask, ask.Participant.Name, RefusalReason.Disposed, "the host is shutting down").ConfigureAwait(false);
            return;
        }
        catch (ArgumentOutOfRangeException)
        {
            var participant = ask.Participant;
            await RefuseAsync(context, ask, participant.Name, RefusalReason.ExceedsAllocation, $"'{participant.Name}' can never have more than its ceiling of {participant.Ceiling} units, {ask.Units} asked for").ConfigureAwait(false);
            return;
        }

        if (lease.IsAcquired) await RunAsync(context, Hold(ask, lease)).ConfigureAwait(false);
        else await RefuseAsync(context, ask, ask.Participant.Name, lease.Refusal, lease.Explanation).ConfigureAwait(false);
    }

    private Task RefuseUnknownAsync(HttpContext context, in Ask ask)
    {
        if (ask.Rule.IsFirstFault()) GuardLog.EndpointWithoutParticipant(_logger, context.GetEndpoint()?.DisplayName, ask.Rule.Fault() ?? "");
        return RefuseAsync(context, ask, ask.Rule.Name, RefusalReason.Removed, $"there is no participant '{ask.Rule.Name}'");
    }

    private Task RefuseAsync(HttpContext context, in Ask ask, string participant, RefusalReason reason, string explanation) =>
        _refusals.WriteAsync(new ResourceRefusal(context, participant, ask.Units, reason, explanation, ask.IsOwn ? _options.ChosenStatusCode : _options.StatusCode));

    private EndpointRule Learn(ResourceUnitsAttribute metadata)
    {
        var chosen = metadata.Choice is { } choice ? _chosen.GetOrAdd(choice, static (choice, pool) => new ChosenParticipants(pool, choice), _pool) : null;
        return metadata.Rule = new EndpointRule(this, metadata, _pool, chosen);
    }

    private void Check(IReadOnlyList<Endpoint> endpoints)
    {
        var faults = new List<string>();
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<ResourceUnitsAttribute>() is { } metadata && Learn(metadata).Fault() is { } fault) faults.Add($"Endpoint '{endpoint.DisplayName}': {fault}.");
        }

        if (faults.Count > 0) throw new InvalidOperationException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>What one request asks for.</summary>
    private struct Ask(EndpointRule rule, int units, TimeSpan began)
    {
        internal readonly EndpointRule Rule = rule;
        internal readonly int Units = units;
        internal readonly TimeSpan Began = began;
        internal Participant Participant = null!;
        internal bool IsOwn;
    }
}
