namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>An acquire that has been begun: whether it has ended can be asked at any time, what came of it once.</summary>
internal sealed class Wait(ValueTask<ResourceLease> acquire)
{
    internal bool IsCompleted => acquire.IsCompleted;

    internal bool IsCancelled => acquire.IsCanceled;

    /// <summary>The lease; the default one when the wait was cancelled.</summary>
    internal ResourceLease End()
    {
        try
        {
            return acquire.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return default;
        }
    }
}
