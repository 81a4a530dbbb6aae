using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Benchmarks;

/// <summary>One unit, one caller that holds it, one that waits for it: the unit goes from hand to hand.</summary>
internal sealed class Handoff(Participant participant, int units)
{
    /// <summary>The hand-over alone: the waiter looks for its result after the release.</summary>
    internal void Queued(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var held = participant.TryAcquire(units);
            var waiting = participant.AcquireAsync(units);
            if (waiting.IsCompleted) throw new InvalidOperationException("It need not have waited.");
            held.Dispose();
            if (!waiting.IsCompletedSuccessfully) throw new InvalidOperationException("It was not handed the unit.");
            waiting.GetAwaiter().GetResult().Dispose();
        }
    }

    /// <summary>The waiter is suspended, and continues on the thread pool.</summary>
    internal async Task Awaited(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var held = participant.TryAcquire(units);
            var waiting = Wait();
            held.Dispose();
            await waiting;
        }
    }

    // Pooled, so that what is allocated is the library's doing.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Wait() => (await participant.AcquireAsync(units)).Dispose();
}
