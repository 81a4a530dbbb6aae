namespace ResourceBorrowing.Permits;

/// <summary>
/// Lets one thread at a time do a piece of shared work without anybody waiting for a lock: whoever finds the work idle
/// does it, and does it again as long as others asked in the meantime.
/// </summary>
/// <remarks>
/// <code>if (!combiner.Enter()) return;  do { work } while (!combiner.Exit());</code>
/// <b>Order.</b> A request made before the last pass began is seen by that pass: <see cref="Enter"/> is a full fence after
/// the requester's writes, <see cref="Exit"/> one before the next pass's reads. The work must not throw.
/// </remarks>
internal struct Combiner
{
    private int _requests;

    internal bool Enter() => Interlocked.Increment(ref _requests) == 1;

    /// <returns>True when the work is idle again; false when it must be done once more.</returns>
    internal bool Exit()
    {
        if (Interlocked.CompareExchange(ref _requests, 0, 1) == 1) return true;
        Interlocked.Exchange(ref _requests, 1);
        return false;
    }
}
