namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Many who wait for few units: a wake-up that is lost stops everything.</summary>
[Collection(RealThreads.Name)]
public class HandOffTests
{
    private const int Callers = 64;
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(5, 3)]
    public async Task ManyCallers_OfFewUnits_AllGetTheirTurn(int capacity, int most)
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = capacity }.AddParticipant("a", capacity, static p => p.QueueLimit = 10_000));
        var a = pool["a"];
        var seed = Random.Shared.Next();
        var inside = 0;

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(new Random(seed + i))))).WaitAsync(Generous);
        Assert.True(a is { InUse: 0, Waiting: 0, Available: var free } && free == capacity, $"{a}, seed {seed}");

        async Task CallAsync(Random random)
        {
            for (var i = 0; i < 1_000; i++)
            {
                var units = random.Next(1, most + 1);
                using var lease = await a.AcquireAsync(units);
                Assert.True(lease.IsAcquired, lease.Explanation);
                Assert.InRange(Interlocked.Add(ref inside, units), units, capacity);
                if (random.Next(4) > 0) await Task.Yield();
                Interlocked.Add(ref inside, -units);
            }
        }
    }

    [Fact]
    public async Task ManyCallers_WhoOftenGiveUp_LeaveNothingBehind()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 3 }.AddParticipant("a", 3, static p => p.QueueLimit = 10_000));
        var a = pool["a"];
        var seed = Random.Shared.Next();

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(new Random(seed + i))))).WaitAsync(Generous);
        Assert.True(a is { InUse: 0, Waiting: 0, Available: 3 }, $"{a}, seed {seed}");

        async Task CallAsync(Random random)
        {
            for (var i = 0; i < 1_000; i++)
            {
                using var cancellation = new CancellationTokenSource();
                var acquire = a.AcquireAsync(random.Next(1, 4), cancellation.Token);
                if (random.Next(2) == 0) ThreadPool.UnsafeQueueUserWorkItem(static source => Cancel(source), cancellation, preferLocal: false);
                try
                {
                    using var lease = await acquire;
                    if (random.Next(4) > 0) await Task.Yield();
                }
                catch (OperationCanceledException)
                {
                    // It gave up.
                }
            }
        }

        static void Cancel(CancellationTokenSource source)
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Its caller has its units already.
            }
        }
    }
}
