using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

public class BandwidthTests
{
    private const int PerUnit = 1_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_WhateverIsReadAndWritten_MovesEachByteOnceAndInOrder(int seed)
    {
        var random = new Random(seed);
        var (pool, a, _, _) = OfRealTime();
        using var budget = new BandwidthBudget(a, new() { BytesPerUnit = 50_000_000 });
        var content = new byte[300_000];
        random.NextBytes(content);
        using var beneath = new MemoryStream();
        await using (var stream = budget.Throttle(beneath, leaveOpen: true))
        {
            for (var at = 0; at < content.Length;)
            {
                var length = Math.Min(random.Next(0, 40_000), content.Length - at);
                if (random.Next(2) == 0) await stream.WriteAsync(content.AsMemory(at, length));
                else stream.Write(content, at, length);
                at += length;
            }

            stream.Position = 0;
            var read = new MemoryStream();
            var buffer = new byte[100_000];
            while ((random.Next(2) == 0 ? await stream.ReadAsync(buffer.AsMemory(0, random.Next(1, buffer.Length))) : stream.Read(buffer, 0, random.Next(1, buffer.Length))) is var count and > 0)
                read.Write(buffer, 0, count);
            Assert.Equal(content, read.ToArray());
        }

        Assert.True(beneath.CanRead);
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, TimeSpan.FromSeconds(30)));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Bytes_InFakeTime_AreExactlyTheAllocations()
    {
        var (_, a, b, time) = TestPool.Of30();
        using var budget = new BandwidthBudget(a, new() { BytesPerUnit = PerUnit });
        Assert.Equal(10.0 * PerUnit, budget.BytesPerSecond);
        var beneath = new Counting();
        using var stop = new CancellationTokenSource();
        await using var stream = budget.Throttle(beneath);
        var writing = Task.Run(async () =>
        {
            var block = new byte[1 << 20];
            while (true) await stream.WriteAsync(block, stop.Token);
        });
        Assert.InRange(BytesIn(1, units: 10), 9.5 * PerUnit, 10.5 * PerUnit);
        Assert.InRange(BytesIn(5, units: 10), 49.5 * PerUnit, 50.5 * PerUnit);
        using (a.TryBorrow(b, 5, TimeSpan.FromHours(1)))
        {
            BytesIn(0.3, units: 15);
            Assert.InRange(BytesIn(5, units: 15), 74 * PerUnit, 76 * PerUnit);
        }

        BytesIn(0.3, units: 10);
        Assert.InRange(BytesIn(5, units: 10), 49.5 * PerUnit, 50.5 * PerUnit);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.Within());

        long BytesIn(double seconds, int units)
        {
            var before = beneath.Length;
            for (var i = 0; i < seconds * 200; i++) Pass(time, budget, a, units, 5);
            return beneath.Length - before;
        }
    }

    [Fact]
    public async Task Budget_ThatNobodyHasUsed_HoldsNothing()
    {
        var (_, a, b, _) = TestPool.Of30();
        using var budget = new BandwidthBudget(a, new() { BytesPerUnit = PerUnit });
        for (var i = 0; i < 100; i++)
        {
            // Each change is told to it.
            a.TryBorrow(b, 1, TimeSpan.FromHours(1)).Dispose();
            await Task.Yield();
        }

        Assert.Equal((10, 0), (a.Available, a.InUse));
    }

    [Fact]
    public async Task Operations_AreLimitedAsWell()
    {
        var (_, a, _, time) = TestPool.Of30();
        using var budget = new BandwidthBudget(a, new() { BytesPerUnit = PerUnit, OperationsPerUnit = 2, Burst = TimeSpan.FromSeconds(1) });
        var beneath = new Counting();
        await using var stream = budget.Throttle(beneath);
        var writing = Task.Run(async () =>
        {
            while (true) await stream.WriteAsync(new byte[1]);
        });
        for (var i = 0; i < 250; i++) Pass(time, budget, a, 10, 10);

        // 20 operations a second.
        Assert.InRange(beneath.Length, 48, 51);
        time.Advance(TimeSpan.FromSeconds(1));
        budget.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing.Within());
    }

    /// <summary>Lets time pass when somebody waits again and all units are used that the rate is to have: those are waited for on threads of the pool.</summary>
    private static void Pass(FakeTimeProvider time, BandwidthBudget budget, Participant participant, int units, int milliseconds)
    {
        Assert.True(SpinWait.SpinUntil(() => participant.InUse == units && budget.Queued > 0, TimeSpan.FromSeconds(30)), $"{participant.InUse} units in use, {units} expected");
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        // It looks at every instant: another thread may be stuck in the timer's callback, and the fake clock does not wait for that.
        budget.Return(1);
    }

    [Fact]
    public async Task Stream_OfABudgetThatGoes_Fails_AndLosesNoUnit()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var budget = new BandwidthBudget(a, new() { BytesPerUnit = 10 });
        await using var stream = budget.Throttle(new Counting());
        var writing = stream.WriteAsync(new byte[1_000]).AsTask();
        Assert.False(writing.IsCompleted);
        budget.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing.Within());
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task HttpClient_ThroughTheHandler_SendsAndReceivesWhatItWouldWithoutIt()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var host = builder.Build();
        host.MapPost("/echo", static async http =>
        {
            http.Response.ContentType = http.Request.ContentType;
            http.Response.ContentLength = http.Request.ContentLength;
            await http.Request.Body.CopyToAsync(http.Response.Body);
        });
        host.MapGet("/empty", static http =>
        {
            http.Response.StatusCode = (int)HttpStatusCode.NoContent;
            return Task.CompletedTask;
        });
        await host.StartAsync();
        var (pool, a, _, _) = OfRealTime();
        using var budget = new BandwidthBudget(a, new() { BytesPerUnit = 20_000_000 });
        using var client = new HttpClient(new ThrottledHttpHandler(budget) { InnerHandler = new SocketsHttpHandler() })
        {
            BaseAddress = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        var content = new byte[400_000];
        new Random(1).NextBytes(content);
        using var response = await client.PostAsync("/echo", new ByteArrayContent(content) { Headers = { ContentType = new("image/png") } });
        Assert.Equal(("image/png", 400_000L), (response.Content.Headers.ContentType!.MediaType, response.Content.Headers.ContentLength));
        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.NoContent, (await client.GetAsync("/empty")).StatusCode);
        using var streamed = await client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(content) }, HttpCompletionOption.ResponseHeadersRead);
        var body = Assert.IsType<ThrottledStream>(await streamed.Content.ReadAsStreamAsync());
        var copy = new MemoryStream();
        await body.CopyToAsync(copy);
        Assert.Equal(content, copy.ToArray());
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, TimeSpan.FromSeconds(30)));
        TestPool.AssertAtRest(pool);
    }

    private static (ResourcePool Pool, Participant A, Participant B, TimeProvider Time) OfRealTime()
    {
        var pool = new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)));
        return (pool, pool["a"], pool["b"], TimeProvider.System);
    }

    private sealed class Counting : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Interlocked.Read(ref _length);

        public override long Position { get => Length; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Interlocked.Add(ref _length, count);
    }
}
