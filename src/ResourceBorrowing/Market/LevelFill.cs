using System.Numerics;

namespace ResourceBorrowing.Market;

/// <summary>Fills whole units into accounts from the lowest level up: each unit raises its account by one, and the next goes to whichever is lowest then.</summary>
/// <remarks>As if one unit were given after the other, in time that does not depend on how many there are. Source: the closed form of the water-fill of Karma (OSDI'23).</remarks>
internal static class LevelFill
{
    /// <param name="units">From 0, and fewer than all capacities together.</param>
    /// <param name="levels">Where each account stands.</param>
    /// <param name="capacities">How many each takes at the most, from 0. A level and its capacity must not overflow.</param>
    /// <param name="given">Receives how many each gets. Of those that would be raised next, who has least capacity left comes first, then the earlier.</param>
    /// <param name="workspace">As long as the others.</param>
    internal static void Fill(long units, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities, Span<long> given, Span<int> workspace)
    {
        var level = LevelOf(units, levels, capacities);
        var left = units - Fill(level, levels, capacities, given);
        if (left > 0) RaiseByOne(left, Rising(level, levels, capacities, given, workspace), capacities, given);
    }

    private static long Fill(long level, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities, Span<long> given)
    {
        var (filled, i) = (0L, 0);
        if (Vector.IsHardwareAccelerated && levels.Length >= Vector<long>.Count)
        {
            var (at, fill) = (new Vector<long>(level), Vector<long>.Zero);
            for (; i <= levels.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var part = Vector.Min(new Vector<long>(capacities[i..]), Vector.Max(Vector<long>.Zero, at - new Vector<long>(levels[i..])));
                part.CopyTo(given[i..]);
                fill += part;
            }

            filled = Vector.Sum(fill);
        }

        for (; i < levels.Length; i++)
        {
            given[i] = Math.Min(capacities[i], Math.Max(0, level - levels[i]));
            filled += given[i];
        }

        return filled;
    }

    /// <returns>Those that the next level would raise.</returns>
    private static ReadOnlySpan<int> Rising(long level, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities, ReadOnlySpan<long> given, Span<int> places)
    {
        var count = 0;
        for (var i = 0; i < levels.Length; i++)
        {
            // Written first and counted then: whether it is one cannot be foreseen.
            places[count] = i;
            count += levels[i] <= level & given[i] < capacities[i] ? 1 : 0;
        }

        return places[..count];
    }

    /// <summary>The highest level to which all can be filled: Newton's method between two bounds, which are halved where it is slow.</summary>
    private static long LevelOf(long units, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities)
    {
        var (low, high) = (long.MaxValue, long.MinValue);
        for (var i = 0; i < levels.Length; i++)
        {
            low = Math.Min(low, levels[i]);
            high = Math.Max(high, levels[i] + capacities[i]);
        }

        // What is filled at the lower bound is not too much; at the upper one it is.
        var level = low;
        while (high - low > 1)
        {
            var (filled, rising) = FilledAt(level, levels, capacities);
            if (filled > units) high = level;
            else if (filled + rising > units) return level;
            else low = level + 1;
            var half = low + (high - low) / 2;
            var next = rising > 0 ? level + (units - filled) / rising : half;
            // A step that would leave the interval, or crawl along its edge, is worth less than half of it.
            level = next > low && next < high ? next : next <= low && filled <= units ? low : half;
        }

        return low;
    }

    /// <returns>What is filled at a level, and how much more would be at the next.</returns>
    private static (long Filled, long Rising) FilledAt(long level, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities)
    {
        var (filled, rising, i) = (0L, 0L, 0);
        if (Vector.IsHardwareAccelerated && levels.Length >= Vector<long>.Count)
        {
            var (at, fill, rise) = (new Vector<long>(level), Vector<long>.Zero, Vector<long>.Zero);
            for (; i <= levels.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var (below, capacity) = (at - new Vector<long>(levels[i..]), new Vector<long>(capacities[i..]));
                fill += Vector.Min(capacity, Vector.Max(Vector<long>.Zero, below));
                rise -= Vector.GreaterThanOrEqual(below, Vector<long>.Zero) & Vector.LessThan(below, capacity);
            }

            (filled, rising) = (Vector.Sum(fill), Vector.Sum(rise));
        }

        for (; i < levels.Length; i++)
        {
            var below = level - levels[i];
            filled += Math.Min(capacities[i], Math.Max(0, below));
            if (below >= 0 && below < capacities[i]) rising++;
        }

        return (filled, rising);
    }

    /// <summary>The last units, one each: to those with least capacity left.</summary>
    private static void RaiseByOne(long units, ReadOnlySpan<int> rising, ReadOnlySpan<long> capacities, Span<long> given)
    {
        // The least capacity up to which there are units for all of them.
        var (low, high) = (1L, long.MaxValue);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var (count, most) = (0L, 0L);
            foreach (var i in rising)
            {
                var rest = capacities[i] - given[i];
                if (rest > middle) continue;
                count++;
                most = Math.Max(most, rest);
            }

            if (count >= units) high = most; else low = middle + 1;
        }

        var left = units;
        foreach (var i in rising)
            if (capacities[i] - given[i] < low) left--;
        foreach (var i in rising)
        {
            var rest = capacities[i] - given[i];
            if (rest < low || rest == low && left-- > 0) given[i]++;
        }
    }
}
