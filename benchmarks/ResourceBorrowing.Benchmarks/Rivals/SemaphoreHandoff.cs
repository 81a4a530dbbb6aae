using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary><see cref="Handoff"/> with a <see cref="SemaphoreSlim"/>.</summary>
internal sealed class SemaphoreHandoff(SemaphoreSlim semaphore)
{
    internal void Queued(int times)
    {
        for (var i = 0; i < times; i++)
        {
            semaphore.Wait(0);
            var waiting = semaphore.WaitAsync();
            semaphore.Release();
            waiting.GetAwaiter().GetResult();
            semaphore.Release();
        }
    }

    internal async Task Awaited(int times)
    {
        for (var i = 0; i < times; i++)
        {
            semaphore.Wait(0);
            var waiting = Wait();
            semaphore.Release();
            await waiting;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Wait()
    {
        await semaphore.WaitAsync();
        semaphore.Release();
    }
}
