using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using ResourceBorrowing;
using Storefront.Guards;

namespace Storefront.Shop;

/// <summary>The shop on the loopback address, under one policy.</summary>
internal sealed class ShopHost : IAsyncDisposable
{
    private const string PricePath = "/internal/prices";

    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly IGuard _guard;

    private ShopHost(WebApplication app, HttpClient http)
    {
        _app = app;
        _http = http;
        _guard = app.Services.GetRequiredService<IGuard>();
        Pool = app.Services.GetService<ResourcePool>();
    }

    internal Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Null under a policy without one.</summary>
    internal ResourcePool? Pool { get; }

    internal UnitMeter Meter { get; } = new();

    internal static async Task<ShopHost> StartAsync(Policy policy, Journal journal, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        policy.Register(builder.Services);

        var host = new ShopHost(builder.Build(), new HttpClient());
        var handlers = new Handlers(journal, host._http);
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            var subsystem = i;
            host._app.MapGet($"/{Subsystem.All[i].Name}", context => host.ServeAsync(context, subsystem, handlers));
        }

        host._app.MapGet(PricePath, handlers.Prices);
        if (host.Pool is { } pool) host._app.MapGet("/pool", pool.Snapshot);
        try
        {
            await host._app.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        handlers.PriceService = new Uri(host.Address, PricePath);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ServeAsync(HttpContext context, int subsystem, Handlers handlers)
    {
        var began = Stopwatch.GetTimestamp();
        var isAnswered = false;
        try
        {
            isAnswered = await TryAnswerAsync(context, subsystem, handlers);
        }
        finally
        {
            // From this the pool knows how its participants fare, and what loans do to their lenders. Who was refused, or waited too long for a unit, has no latency but counts.
            Pool?[Subsystem.All[subsystem].Name].RecordOutcome(Stopwatch.GetElapsedTime(began), failed: !isAnswered);
        }
    }

    private async Task<bool> TryAnswerAsync(HttpContext context, int subsystem, Handlers handlers)
    {
        var isIn = false;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Subsystem.Deadline);
        string? refusal;
        try
        {
            refusal = await _guard.RunAsync(subsystem, AnswerAsync, patience.Token);
        }
        catch (OperationCanceledException) when (!isIn)
        {
            refusal = $"'{Subsystem.All[subsystem].Name}' had no unit free before the deadline";
        }

        if (refusal is null) return true;
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await context.Response.WriteAsJsonAsync(new { reason = refusal });
        return false;

        async Task AnswerAsync()
        {
            isIn = true;
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            using var held = Meter.Hold(subsystem);
            await context.Response.WriteAsJsonAsync(await handlers.RunAsync(subsystem));
        }
    }
}
