using System.Threading.RateLimiting;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// By how much what passes in real time differs from what the allocation amounts to, in percent: over the worst of some seconds, or over half a minute. Both adapters are measured at once, from 0.2 s after
/// the first demand.
/// </summary>
internal sealed class RateGate(string adapter, int seconds, double most) : Gate($"rate/{adapter}-{seconds}s", Bound.AtMostPercent(most))
{
    private const int PerUnit = 1_000;
    private const int Units = 10;
    private const int Windows = 5;
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(0.2);

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants: 1, units: Units);
        using var stop = new CancellationTokenSource();
        long passed = 0;
        using IDisposable work = adapter == "stream" ? Write(pool["p0"], bytes => Interlocked.Add(ref passed, bytes), stop.Token) : Acquire(pool["p0"], () => Interlocked.Increment(ref passed), stop.Token);
        Thread.Sleep(Start);
        var worst = 0.0;
        for (var window = seconds == 1 ? Windows : 1; window > 0; window--)
        {
            var (before, began) = (Interlocked.Read(ref passed), Stopwatch.GetTimestamp());
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            var rate = (Interlocked.Read(ref passed) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
            worst = Math.Max(worst, Math.Abs(rate / (PerUnit * Units) - 1));
        }

        stop.Cancel();
        return new Reading(100 * worst, seconds == 1 ? $"worst of {Windows} windows" : "one window");
    }

    private static BandwidthBudget Write(Participant participant, Action<int> passed, CancellationToken stop)
    {
        var budget = new BandwidthBudget(participant, new() { BytesPerUnit = PerUnit });
        Run(async () =>
        {
            var stream = budget.Throttle(new Counting(passed));
            var block = new byte[1 << 16];
            while (true) await stream.WriteAsync(block, stop);
        });
        return budget;
    }

    private static ParticipantTokenBucketLimiter Acquire(Participant participant, Action passed, CancellationToken stop)
    {
        var limiter = new ParticipantTokenBucketLimiter(participant, new() { TokensPerUnit = PerUnit, QueueLimit = 100, Burst = TimeSpan.FromMilliseconds(100) });
        for (var i = 0; i < 8; i++)
        {
            Run(async () =>
            {
                while (true)
                {
                    using var lease = await limiter.AcquireAsync(1, stop);
                    if (lease.IsAcquired) passed();
                }
            });
        }

        return limiter;
    }

    private static void Run(Func<Task> work) => _ = Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The end of the measurement.
        }
    });

    private sealed class Counting(Action<int> passed) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position { get; set; }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => 0;

        public override void SetLength(long value)
        {
        }

        public override void Write(byte[] buffer, int offset, int count) => passed(count);
    }
}
