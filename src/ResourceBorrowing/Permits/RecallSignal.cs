namespace ResourceBorrowing.Permits;

/// <summary>A cancellation token that is made only when somebody asks for it, and renewed after it was raised.</summary>
/// <remarks>
/// Thread-safe, lock-free. Who raises it takes the source and cancels it outside all locks: cancelling runs user code.
/// Sources are not disposed; without a timer or a wait handle they hold nothing.
/// </remarks>
internal sealed class RecallSignal
{
    private CancellationTokenSource? _source;

    internal CancellationToken Token
    {
        get
        {
            if (Volatile.Read(ref _source) is { } source) return source.Token;
            var made = new CancellationTokenSource();
            return (Interlocked.CompareExchange(ref _source, made, null) ?? made).Token;
        }
    }

    /// <summary>Whoever asked so far is to be told; null when nobody asked.</summary>
    internal CancellationTokenSource? Take() => Volatile.Read(ref _source) is null ? null : Interlocked.Exchange(ref _source, null);
}
