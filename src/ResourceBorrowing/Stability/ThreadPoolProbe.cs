namespace ResourceBorrowing.Stability;

/// <summary>How long work waits for a thread of the pool: one work item, queued again and again, that stamps the time at which it starts.</summary>
/// <remarks>
/// <i>Ownership:</i> whoever reads owns the item while it is not queued; the thread that runs it owns it meanwhile. <i>Order:</i> the flag, written last by each side.
/// <i>Progress:</i> neither side waits.
/// </remarks>
internal sealed class ThreadPoolProbe(TimeProvider time) : IThreadPoolWorkItem
{
    private double _milliseconds = double.NaN;
    private long _queuedAt;
    private bool _isQueued;

    /// <summary>The wait of the last item in milliseconds, or how long it has waited so far; null before the first. Queues the next.</summary>
    internal double? Read()
    {
        // Pairs with the write in Execute.
        if (Volatile.Read(ref _isQueued)) return time.GetElapsedTime(_queuedAt).TotalMilliseconds;
        var waited = _milliseconds;
        _queuedAt = time.GetTimestamp();
        Volatile.Write(ref _isQueued, true);
        // To the global queue, where requests come in; the local one of this thread would be served first.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return double.IsNaN(waited) ? null : waited;
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _milliseconds = time.GetElapsedTime(_queuedAt).TotalMilliseconds;
        }
        catch (Exception)
        {
            // A time provider is user code, and an exception here would end the process.
            _milliseconds = double.NaN;
        }

        // Pairs with the read in Read.
        Volatile.Write(ref _isQueued, false);
    }
}
