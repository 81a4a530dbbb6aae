using System.Threading.Channels;
using System.Threading.RateLimiting;
using BenchmarkDotNet.Attributes;
using Polly;
using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Comparisons;

/// <summary>One caller in and out again, nobody else about.</summary>
[MemoryDiagnoser]
public class AcquireRelease
{
    private const string Name = "p0";

    private readonly RawPair _raw = new();
    private readonly ResourcePool _pool = Stage.Pool();
    private readonly SemaphoreSlim _semaphore = RivalLimiters.Semaphore();
    private readonly ConcurrencyLimiter _limiter = RivalLimiters.Concurrency();
    private readonly PartitionedRateLimiter<int> _partitioned = RivalLimiters.Partitioned();
    private readonly ResiliencePipeline _pipeline = RivalLimiters.Polly();
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(RivalLimiters.Permits);
    private readonly LockedPool _locked = new(Name, RivalLimiters.Permits);
    private Participant _participant = null!;
    private int _partition;

    [GlobalSetup]
    public void Setup() => _participant = _pool[Name];

    [GlobalCleanup]
    public void Cleanup()
    {
        _pool.Dispose();
        _semaphore.Dispose();
        _limiter.Dispose();
        _partitioned.Dispose();
    }

    [Benchmark(Baseline = true, Description = "raw CAS pair")]
    public void RawPair() => _raw.AcquireRelease(1);

    [Benchmark(Description = "Participant.TryAcquire")]
    public void TryAcquire() => _participant.TryAcquire().Dispose();

    [Benchmark(Description = "Participant.AcquireAsync")]
    public async ValueTask AcquireAsync() => (await _participant.AcquireAsync()).Dispose();

    [Benchmark(Description = "SemaphoreSlim")]
    public void Semaphore()
    {
        _semaphore.Wait(0);
        _semaphore.Release();
    }

    [Benchmark(Description = "ConcurrencyLimiter")]
    public void Limiter() => _limiter.AttemptAcquire().Dispose();

    [Benchmark(Description = "PartitionedRateLimiter(16)")]
    public void Partitioned() => _partitioned.AttemptAcquire(_partition = (_partition + 1) % RivalLimiters.Partitions).Dispose();

    [Benchmark(Description = "Polly v8")]
    public void Polly() => _pipeline.Execute(static () => { });

    [Benchmark(Description = "bounded Channel")]
    public bool BoundedChannel() => _channel.Writer.TryWrite(true) && _channel.Reader.TryRead(out _);

    [Benchmark(Description = "lock + Dictionary")]
    public void Locked()
    {
        if (_locked.TryAcquire(Name, 1)) _locked.Release(Name, 1);
    }
}
