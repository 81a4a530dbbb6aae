using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>Requests that stream, that speak over a WebSocket, or whose client goes away.</summary>
public class LongRequestTests
{
    [Fact]
    public async Task Response_Streamed_HoldsItsUnitsUntilItHasEnded()
    {
        var gate = new Gate();
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync();
            await context.Response.WriteAsync("last");
        }).RequireResourceUnits("a", units: 4));
        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead).Within();
        await gate.Entered;
        Assert.Equal(4, host.Pool["a"].InUse);
        gate.Open();
        Assert.Equal("firstlast", await response.Content.ReadAsStringAsync().Within());
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Fact]
    public async Task WebSocket_Open_HoldsItsUnitsUntilItIsClosed()
    {
        await using var host = await GuardedHost.StartAsync(static app =>
        {
            app.UseWebSockets();
            app.MapGet("/", static async (HttpContext context) =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                var buffer = new byte[16];
                var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Text, true, CancellationToken.None);
                await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }).RequireResourceUnits("a", units: 10);
        });
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{host.Address.Authority}/"), CancellationToken.None).Within();
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None).Within();
        var answer = new byte[16];
        await socket.ReceiveAsync(answer, CancellationToken.None).Within();
        Assert.Equal(10, host.Pool["a"].InUse);

        // A second one is refused as any request is.
        using var second = new ClientWebSocket();
        second.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(new Uri($"ws://{host.Address.Authority}/"), CancellationToken.None).Within());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.HttpStatusCode);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Within();
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Fact]
    public async Task Client_ThatGoesWhileItWaits_FreesItsPlace()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", ChargeTests.Held).RequireResourceUnits("a", units: 4), pool: static o => o.Participants[0].QueueLimit = 4);
        var all = host.Pool["a"].TryAcquire(10);
        using (var leaving = new CancellationTokenSource())
        {
            var gone = host.Client.GetAsync("/", leaving.Token);
            await GuardedHost.Until(() => host.Pool["a"].Waiting == 4);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.Within());
        }

        await host.Ended();
        Assert.Equal(0, host.Pool["a"].Waiting);

        // The place is there for the next one, and it gets the units.
        var next = host.GetAsync("/");
        await GuardedHost.Until(() => host.Pool["a"].Waiting == 4);
        all.Dispose();
        Assert.Equal(HttpStatusCode.OK, (await next).Status);
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    [Fact]
    public async Task Client_ThatGoesWhileItIsServed_FreesItsUnits()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await GuardedHost.StartAsync(app => app.MapGet("/", async (HttpContext context) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        }).RequireResourceUnits("a", units: 4));
        using var leaving = new CancellationTokenSource();
        var gone = host.Client.GetAsync("/", leaving.Token);
        await entered.Task.Within();
        Assert.Equal(4, host.Pool["a"].InUse);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.Within());
        await host.Ended();
        TestPool.AssertAtRest(host.Pool);
    }

    /// <summary>Many clients, of which many go at any moment: in the queue, before, in the handler, in the answer.</summary>
    [Fact]
    public async Task Clients_ThatComeAndGoByTheHundred_LoseNoUnit()
    {
        await using var host = await GuardedHost.StartAsync(static app => app.MapGet("/", static async (HttpContext context) =>
        {
            for (var i = 0; i < 20; i++) await Task.Yield();
            await context.Response.WriteAsync("done");
        }).RequireResourceUnits("a", units: 3), pool: static o => (o.Participants[0].QueueLimit, o.Participants[0].BorrowOnDemand) = (60, true));
        var request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 40; i++)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, host.Address.Port);
                // Closed with a reset, before or after there was an answer.
                client.LingerState = new LingerOption(true, 0);
                await client.GetStream().WriteAsync(request);
                if (random.Next(2) == 0) await client.GetStream().ReadExactlyAsync(new byte[9]);
            }
        }))).Within();
        await host.Ended();
        TestPool.AssertLaws(host.Pool);
        Assert.All(host.Pool.Participants, static p => Assert.Equal((0, 0), (p.InUse, p.Waiting)));
        Assert.DoesNotContain(host.Log, static r => r.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }
}
