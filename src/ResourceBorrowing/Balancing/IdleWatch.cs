namespace ResourceBorrowing.Balancing;

/// <summary>How much a participant demanded at the most within a span of time: what it owns beyond that lay idle all the while.</summary>
/// <remarks>Mutable, bounded: the span is kept in a few parts. It is never shorter than asked for, and longer by one part at the most. Not thread-safe.</remarks>
internal sealed class IdleWatch
{
    private const int Parts = 8;

    private readonly int[] _most = new int[Parts + 1];
    private long _part = -1;
    private long _since;
    private long _span = -1;

    /// <summary>The demand of a period that ended now.</summary>
    internal void Add(int most, long now, long span)
    {
        // Another span divides time anew: what was kept has no place in it.
        if (span != _span)
        {
            (_span, _since, _part) = (span, now, -1);
            Array.Clear(_most);
        }

        var part = now / PartOf(span);
        // The parts that passed without a period hold nothing; after a longer pause all of them.
        for (var passed = Math.Max(_part + 1, part - Parts); passed <= part; passed++) _most[passed % _most.Length] = 0;
        _part = Math.Max(_part, part);
        ref var place = ref _most[_part % _most.Length];
        place = Math.Max(place, most);
    }

    /// <returns>False while it has not been watched for so long.</returns>
    internal bool TryGet(long now, long span, out int most)
    {
        most = 0;
        if (span != _span || now - span < _since) return false;
        foreach (var part in _most) most = Math.Max(most, part);
        return true;
    }

    private static long PartOf(long span) => Math.Max(1, (span + Parts - 1) / Parts);
}
