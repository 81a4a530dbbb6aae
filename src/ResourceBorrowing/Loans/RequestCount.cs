namespace ResourceBorrowing.Loans;

/// <summary>Requests of one second, counted without a lock: the second in the upper half of a word, the count in the lower.</summary>
internal sealed class RequestCount
{
    private long _word;

    /// <summary>Counts one more request in this second, unless that would be more than so many.</summary>
    internal bool TryCount(int most, long second)
    {
        while (true)
        {
            var seen = Volatile.Read(ref _word);
            // A clock that went backwards opens no new second.
            var (current, count) = (Math.Max(second, seen >> 32), (int)seen);
            if (current != seen >> 32) count = 0;
            if (count >= most) return false;
            if (Interlocked.CompareExchange(ref _word, (current << 32) | (uint)(count + 1), seen) == seen) return true;
        }
    }
}
