using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Somebody who waits for tokens of a bucket.</summary>
internal sealed class RateWaiter(RateBucket bucket, Rates amount)
{
    private readonly TaskCompletionSource<WaitOutcome> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellationToken;

    internal Rates Amount => amount;

    internal Task<WaitOutcome> Task => _source.Task;

    /// <summary>Its place in the queue, kept by the bucket's lock; null when it has none any more.</summary>
    internal LinkedListNode<RateWaiter>? Node { get; set; }

    internal void Watch(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static state => ((RateWaiter)state!).Cancel(), this);
        // It may have ended before it was registered.
        if (_source.Task.IsCompleted) _registration.Unregister();
    }

    /// <summary>Called once, by who took it off the queue, outside the lock.</summary>
    internal void End(WaitOutcome outcome)
    {
        _registration.Unregister();
        if (outcome == WaitOutcome.Cancelled) _source.TrySetCanceled(_cancellationToken);
        else _source.TrySetResult(outcome);
    }

    private void Cancel() => bucket.Cancel(this);
}
