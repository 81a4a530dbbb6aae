using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Storefront.Guards;

namespace Storefront.Shop;

/// <summary>The shop on the loopback address, under one policy.</summary>
internal sealed class ShopHost : IAsyncDisposable
{
    private const string PricePath = "/internal/prices";

    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private ShopHost(WebApplication app, HttpClient http)
    {
        _app = app;
        _http = http;
        Guard = app.Services.GetRequiredService<IGuard>();
    }

    internal Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>What lets requests in: all that the shop knows of the policy.</summary>
    internal IGuard Guard { get; }

    internal UnitMeter Meter { get; } = new();

    /// <param name="policy">How units are shared.</param>
    /// <param name="season">After how long demand repeats itself; null when that is not known.</param>
    /// <param name="journal">Where handlers commit.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    internal static async Task<ShopHost> StartAsync(Policy policy, TimeSpan? season, Journal journal, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        policy.Register(builder.Services, season);

        var host = new ShopHost(builder.Build(), new HttpClient());
        var handlers = new Handlers(journal, host._http);
        for (var i = 0; i < Subsystem.All.Count; i++)
        {
            var subsystem = i;
            host._app.MapGet($"/{Subsystem.All[i].Name}", context => host.ServeAsync(context, subsystem, handlers));
        }

        host._app.MapGet(PricePath, handlers.Prices);
        host.Guard.MapTo(host._app);
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
            Guard.RecordOutcome(subsystem, Stopwatch.GetElapsedTime(began), isAnswered);
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
            refusal = await Guard.RunAsync(subsystem, AnswerAsync, patience.Token);
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
