using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>A host on real Kestrel, and a client that speaks real HTTP to it.</summary>
internal sealed class GuardedHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Doorkeeper _door;

    private GuardedHost(WebApplication app, Doorkeeper door)
    {
        (_app, _door) = (app, door);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    internal HttpClient Client { get; }

    internal IServiceProvider Services => _app.Services;

    internal ResourcePool Pool => _app.Services.GetRequiredService<ResourcePool>();

    internal Uri Address => Client.BaseAddress!;

    /// <summary>The log of what was contained.</summary>
    internal IEnumerable<FakeLogRecord> Log => _app.Services.GetFakeLogCollector().GetSnapshot();

    /// <summary>A pool of 30: a and b own 10 each, queue nobody and borrow nothing on demand.</summary>
    internal static async Task<GuardedHost> StartAsync(
        Action<WebApplication> map, Action<RequestGuardOptions>? options = null, Action<IServiceCollection>? services = null, Action<ResourcePoolOptions>? pool = null, Action<WebApplication>? before = null)
    {
        var door = new Doorkeeper();
        var app = Build(door, map, options, services, pool, before);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new GuardedHost(app, door);
    }

    private static WebApplication Build(Doorkeeper door, Action<WebApplication> map, Action<RequestGuardOptions>? options, Action<IServiceCollection>? services, Action<ResourcePoolOptions>? pool, Action<WebApplication>? before)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddFakeLogging();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddResourceBorrowing(o =>
        {
            foreach (var name in (string[])["a", "b"]) o.AddParticipant(name, 10, static p => (p.QueueLimit, p.BorrowOnDemand) = (0, false));
            o.Capacity = 30;
            pool?.Invoke(o);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.Use(door.WatchAsync);
        before?.Invoke(app);
        app.UseResourceBorrowing(options);
        map(app);
        return app;
    }

    internal async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(path, headers);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<HttpResponseMessage> SendAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request).Within();
    }

    internal async Task<JsonElement> GetJsonAsync(string path, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(path, headers);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>Sends bytes as they are, and reads until the server closes.</summary>
    internal async Task<string> SendRawAsync(byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port).Within();
        var stream = client.GetStream();
        var answer = new MemoryStream();
        // Reads while it writes: a server that is not listened to stops listening.
        var reading = stream.CopyToAsync(answer);
        try
        {
            await stream.WriteAsync(request);
            await reading.Within();
        }
        catch (IOException)
        {
            // The server has closed before it had read everything, which it may.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    internal Task<string> SendRawAsync(string request) => SendRawAsync(Encoding.ASCII.GetBytes(request));

    /// <summary>When no request is in the pipeline any more, the guard included.</summary>
    internal Task Ended() => _door.Empty.Within();

    /// <summary>Waits for what another thread is about to do; after 30 s it will not.</summary>
    internal static async Task Until(Func<bool> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It did not come about within 30 s.");
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Stands before the guard and counts who is inside.</summary>
internal sealed class Doorkeeper
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inside;

    internal Doorkeeper() => _empty.SetResult();

    internal Task Empty
    {
        get
        {
            lock (_lock) return _empty.Task;
        }
    }

    internal async Task WatchAsync(HttpContext context, RequestDelegate next)
    {
        lock (_lock)
        {
            if (_inside++ == 0) _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            await next(context);
        }
        finally
        {
            lock (_lock)
            {
                if (--_inside == 0) _empty.SetResult();
            }
        }
    }
}
