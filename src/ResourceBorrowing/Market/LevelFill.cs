using System.Numerics;
using System.Runtime.InteropServices;

namespace ResourceBorrowing.Market;

/// <summary>Fills whole units into accounts from the lowest level up: each unit raises its account by one, and the next goes to whichever is lowest then.</summary>
/// <remarks>As if one unit were given after the other, in time that does not depend on how many there are. Source: the closed form of the water-fill of Karma (OSDI'23).</remarks>
internal static class LevelFill
{
    // So often, and so far, a guess is corrected before the level is looked for between bounds.
    private const int MostGuesses = 12;
    private const long LongestStep = 1L << 32;

    /// <param name="units">From 0, and fewer than all capacities together.</param>
    /// <param name="levels">Where each account stands.</param>
    /// <param name="capacities">How many each takes at the most, from 0. A level and its capacity must not overflow.</param>
    /// <param name="given">Receives how many each gets. Of those that would be raised next, who has least capacity left comes first, then the earlier.</param>
    /// <param name="workspace">As long as the others.</param>
    /// <param name="guess">About the level to which all will be filled, such as that of the last time: a good one saves time, any other changes nothing.</param>
    /// <returns>The level to which all are filled.</returns>
    internal static long Fill(long units, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities, Span<long> given, Span<int> workspace, long guess = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(capacities.Length, levels.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(given.Length, levels.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(workspace.Length, levels.Length);
        var level = guess;
        for (var i = 0; i < MostGuesses; i++)
        {
            // The guess itself is hardly ever right, so nothing is written for it.
            var (filled, rising) = i == 0 ? FilledAt(level, levels, capacities) : Fill(level, levels, capacities, given, workspace);
            var missing = units - filled;
            if (missing < 0 || missing >= rising)
            {
                // Newton's method, from where it has something to go by.
                if (rising == 0)
                {
                    level = Nearest(level, missing, levels, capacities);
                    continue;
                }

                if (missing / rising is > LongestStep or < -LongestStep) break;
                level += missing > 0 ? missing / rising : Math.Min(-1, missing / rising);
            }
            else if (i > 0)
            {
                RaiseByOne(missing, workspace[..(int)rising], capacities, given);
                return level;
            }
        }

        level = LevelOf(units, levels, capacities);
        var (all, last) = Fill(level, levels, capacities, given, workspace);
        RaiseByOne(units - all, workspace[..(int)last], capacities, given);
        return level;
    }

    /// <returns>What all get together, and how many the next level would raise: their places stand in the workspace.</returns>
    private static (long Filled, long Rising) Fill(long level, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities, Span<long> given, Span<int> places)
    {
        var (filled, count, i) = (0L, 0, 0);
        if (Vector.IsHardwareAccelerated && levels.Length >= Vector<long>.Count)
        {
            ref var levelAt = ref MemoryMarshal.GetReference(levels);
            ref var capacityAt = ref MemoryMarshal.GetReference(capacities);
            ref var givenAt = ref MemoryMarshal.GetReference(given);
            var (at, fill) = (new Vector<long>(level), Vector<long>.Zero);
            for (; i <= levels.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var below = at - Vector.LoadUnsafe(ref levelAt, (nuint)i);
                var capacity = Vector.LoadUnsafe(ref capacityAt, (nuint)i);
                var part = Vector.Min(capacity, Vector.Max(Vector<long>.Zero, below));
                part.StoreUnsafe(ref givenAt, (nuint)i);
                fill += part;
                var rising = Vector.GreaterThanOrEqual(below, Vector<long>.Zero) & Vector.LessThan(below, capacity);
                // Few stand at one level.
                if (rising == Vector<long>.Zero) continue;
                for (var lane = 0; lane < Vector<long>.Count; lane++)
                    if (rising[lane] != 0) places[count++] = i + lane;
            }

            filled = Vector.Sum(fill);
        }

        for (; i < levels.Length; i++)
        {
            var below = level - levels[i];
            given[i] = Math.Min(capacities[i], Math.Max(0, below));
            filled += given[i];
            if (below >= 0 && below < capacities[i]) places[count++] = i;
        }

        return (filled, count);
    }

    /// <summary>The next level at which any account rises: above, or below when there is too little for this one.</summary>
    private static long Nearest(long level, long missing, ReadOnlySpan<long> levels, ReadOnlySpan<long> capacities)
    {
        var (above, below, i) = (long.MaxValue, long.MinValue, 0);
        if (Vector.IsHardwareAccelerated && levels.Length >= Vector<long>.Count)
        {
            ref var levelAt = ref MemoryMarshal.GetReference(levels);
            ref var capacityAt = ref MemoryMarshal.GetReference(capacities);
            var (at, lowest, highest) = (new Vector<long>(level), new Vector<long>(above), new Vector<long>(below));
            for (; i <= levels.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var stands = Vector.LoadUnsafe(ref levelAt, (nuint)i);
                var capacity = Vector.LoadUnsafe(ref capacityAt, (nuint)i);
                var takes = Vector.GreaterThan(capacity, Vector<long>.Zero);
                var isAbove = Vector.GreaterThan(stands, at);
                lowest = Vector.Min(lowest, Vector.ConditionalSelect(isAbove & takes, stands, lowest));
                highest = Vector.Max(highest, Vector.ConditionalSelect(Vector.AndNot(takes, isAbove), stands + capacity - Vector<long>.One, highest));
            }

            for (var lane = 0; lane < Vector<long>.Count; lane++) (above, below) = (Math.Min(above, lowest[lane]), Math.Max(below, highest[lane]));
        }

        for (; i < levels.Length; i++)
        {
            if (capacities[i] == 0) continue;
            if (levels[i] > level) above = Math.Min(above, levels[i]);
            else below = Math.Max(below, levels[i] + capacities[i] - 1);
        }

        return missing >= 0 ? above : below;
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
            ref var levelAt = ref MemoryMarshal.GetReference(levels);
            ref var capacityAt = ref MemoryMarshal.GetReference(capacities);
            var (at, fill, rise) = (new Vector<long>(level), Vector<long>.Zero, Vector<long>.Zero);
            for (; i <= levels.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var below = at - Vector.LoadUnsafe(ref levelAt, (nuint)i);
                var capacity = Vector.LoadUnsafe(ref capacityAt, (nuint)i);
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
        if (units == 0) return;
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
