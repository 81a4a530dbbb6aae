using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary><see cref="Handoff"/> with a <see cref="SemaphoreSlim"/>.</summary>
internal sealed class SemaphoreHandoff : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(1);

    public void Dispose() => _semaphore.Dispose();

    internal void Queued(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _semaphore.Wait(0);
            var waiting = _semaphore.WaitAsync();
            _semaphore.Release();
            waiting.GetAwaiter().GetResult();
            _semaphore.Release();
        }
    }

    internal async Task Awaited(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _semaphore.Wait(0);
            var waiting = Wait();
            _semaphore.Release();
            await waiting;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Wait()
    {
        await _semaphore.WaitAsync();
        _semaphore.Release();
    }
}
