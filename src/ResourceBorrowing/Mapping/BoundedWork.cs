using System.Threading.Channels;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// Work that is written to a bounded channel and handled by a group of consumers, of which there are at any time as many as the participant's units allow:
/// each item holds a lease while it is handled, so concurrency follows the allocation.
/// </summary>
/// <remarks>
/// <para>Items get their units in the order in which they were written: a large one is not passed by small ones behind it, and one at a time waits in the
/// participant's queue. With its units an item goes to the thread pool; its handler is told a token that is cancelled when the queue is stopped, and its lease, whose
/// <see cref="ResourceLease.RecallToken"/> says that units are wanted back. The units are given back when the handler has ended, unless it has
/// disposed the lease before.</para>
/// <para>Nothing is lost: an item is handled; or it has failed, which is contained, counted, logged and told to <see cref="BoundedWorkOptions{T}.OnFailed"/>; or it is handed back by
/// <see cref="StopAsync"/>. When the participant leaves the pool, or the pool is disposed, the channel is completed with the reason, what is being handled goes on, and what is written and not
/// yet begun is handed back.</para>
/// <para>Thread-safe. While the participant's queue is full the item waits outside it and asks again every 100 ms.</para>
/// </remarks>
/// <typeparam name="T">What is handled.</typeparam>
public sealed class BoundedWork<T> : IAsyncDisposable
{
    private static readonly TimeSpan RetryTime = TimeSpan.FromMilliseconds(100);

    private readonly Participant _participant;
    private readonly Func<T, ResourceLease, CancellationToken, ValueTask> _handler;
    private readonly BoundedWorkOptions<T> _options;
    private readonly Channel<T> _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly SortedList<long, T> _unhandled = [];
    private Exception? _fault;
    private long _taken;

    // Items being handled, and one for who takes them.
    private int _running = 1;

    /// <summary>Makes the queue, which handles what is written from now on.</summary>
    /// <param name="participant">Whose units the items hold.</param>
    /// <param name="handler">Handles an item, with its lease and a token that is cancelled by <see cref="StopAsync"/>. Runs on the thread pool, several at a time.</param>
    /// <param name="options">Default as <see cref="BoundedWorkOptions{T}"/> says.</param>
    /// <exception cref="ArgumentNullException">Participant or handler are null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public BoundedWork(Participant participant, Func<T, ResourceLease, CancellationToken, ValueTask> handler, BoundedWorkOptions<T>? options = null)
    {
        ArgumentNullException.ThrowIfNull(participant);
        ArgumentNullException.ThrowIfNull(handler);
        _options = (options ?? new()).Checked(participant, nameof(options));
        _participant = participant;
        _handler = handler;
        _channel = Channel.CreateBounded<T>(new BoundedChannelOptions(_options.Capacity) { SingleReader = true });
        ThreadPool.UnsafeQueueUserWorkItem(static queue => _ = queue.TakeAllAsync(), this, preferLocal: false);
    }

    /// <summary>Where to write; <c>Complete</c> it when there is no more. Writing waits while the channel is full.</summary>
    public ChannelWriter<T> Writer => _channel.Writer;

    /// <summary>
    /// Completes when the writer was completed and all items have been handled or have failed. Cancelled when the queue was stopped before that; faulted when the writer was completed with an
    /// error, or (an <see cref="InvalidOperationException"/>) when the participant has no more units to give.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>Takes no more items, cancels the token of the handlers and waits until they have ended.</summary>
    /// <returns>
    /// The items that were written and not handled, in the order in which they were written; those whose handlers ended by that cancellation among them. The same for who asks again. Empty
    /// when there are none.
    /// </returns>
    public async Task<IReadOnlyList<T>> StopAsync()
    {
        _channel.Writer.TryComplete();
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // What handlers registered with the token.
            _participant.Pool.Contain("cancellation callback", exception);
        }

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock) return [.. _unhandled.Values];
    }

    /// <summary>As <see cref="StopAsync"/>, which may be called afterwards to be told what was not handled.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task TakeAllAsync()
    {
        try
        {
            await foreach (var item in _channel.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false)) await TakeAsync(item).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What is left is handed back at the end.
        }
        catch (Exception exception)
        {
            _fault = exception;
            _channel.Writer.TryComplete(exception);
        }

        EndOne();
    }

    /// <exception cref="InvalidOperationException">No item will ever get units again.</exception>
    private async ValueTask TakeAsync(T item)
    {
        var number = _taken++;
        ResourceLease lease = default;
        Exception? failure = null;
        try
        {
            lease = await AcquireAsync(_options.Cost?.Invoke(item) ?? _options.UnitsPerItem).ConfigureAwait(false);
            if (!lease.IsAcquired) failure = new InvalidOperationException(lease.Explanation);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (failure is not null && (_stop.IsCancellationRequested || _participant.Waiters.ClosedBecause != WaitOutcome.Waiting))
        {
            HandBack(number, item);
            throw failure;
        }

        Interlocked.Increment(ref _running);
        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Queue.HandleAsync(work.Number, work.Item, work.Lease, work.Failure),
            (Queue: this, Number: number, Item: item, Lease: lease, Failure: failure), preferLocal: false);
    }

    private async ValueTask<ResourceLease> AcquireAsync(int units)
    {
        while (true)
        {
            var lease = await _participant.AcquireAsync(units, _stop.Token).ConfigureAwait(false);
            if (lease.Refusal != RefusalReason.QueueFull) return lease;
            await Task.Delay(RetryTime, _participant.Pool.Time, _stop.Token).ConfigureAwait(false);
        }
    }

    private async Task HandleAsync(long number, T item, ResourceLease lease, Exception? failure)
    {
        try
        {
            using (lease)
                if (failure is null) await _handler(item, lease, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            HandBack(number, item);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (failure is not null) await FailAsync(item, failure).ConfigureAwait(false);
        EndOne();
    }

    private async ValueTask FailAsync(T item, Exception failure)
    {
        _participant.Pool.Contain("work item", failure);
        if (_options.OnFailed is not { } onFailed) return;
        try
        {
            await onFailed(item, failure).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _participant.Pool.Contain("failed work item", exception);
        }
    }

    private void HandBack(long number, T item)
    {
        lock (_lock) _unhandled.Add(number, item);
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _running) > 0) return;
        while (_channel.Reader.TryRead(out var item)) HandBack(_taken++, item);
        if (_fault is not null) _completion.TrySetException(_fault);
        else if (_stop.IsCancellationRequested) _completion.TrySetCanceled(_stop.Token);
        else _completion.TrySetResult();
    }
}
