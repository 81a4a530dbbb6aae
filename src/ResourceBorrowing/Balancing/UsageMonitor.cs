using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Balancing;

/// <summary>Looks at what all participants demand, and integrates it over time. The hot path knows nothing of it.</summary>
/// <remarks>Not thread-safe: one caller at a time. All that a look needs lies together, so that thousands can be looked at a hundred times a second.</remarks>
internal sealed class UsageMonitor
{
    private Entry[] _entries = [];

    /// <summary>From now on looks at these, in this order; who was there before goes on where it was.</summary>
    internal void Follow(ReadOnlySpan<(PermitCell Cell, WaiterQueue Waiters, DemandNotes Notes)> all)
    {
        var before = new Dictionary<DemandNotes, DemandMeter>();
        foreach (var entry in _entries) before.Add(entry.Notes, entry.Meter);
        var entries = new Entry[all.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            var (cell, waiters, notes) = all[i];
            entries[i] = new() { Cell = cell, Waiters = waiters, Notes = notes, Meter = before.GetValueOrDefault(notes) };
        }

        _entries = entries;
    }

    /// <returns>Whether anybody demands anything.</returns>
    internal bool Look(long now)
    {
        var isAny = false;
        foreach (ref var entry in _entries.AsSpan())
        {
            var word = entry.Cell.Read();
            var demand = word.HasWaiters ? word.InUse + entry.Waiters.WaitingUnits : word.InUse;
            entry.Meter.Look(demand, now);
            isAny |= demand > 0;
        }

        return isAny;
    }

    /// <summary>Ends the period of all, and begins the next.</summary>
    /// <param name="now">When.</param>
    /// <param name="sample">For how long a refused unit counts as demand.</param>
    /// <param name="periods">Receives what each demanded, in the order in which they are followed; an empty period leaves what is there.</param>
    internal void End(long now, long sample, Span<DemandPeriod> periods)
    {
        for (var i = 0; i < _entries.Length; i++)
        {
            ref var entry = ref _entries[i];
            // What was noted waits for the period that can tell it.
            if (entry.Meter.IsEmptyAt(now)) continue;
            var (most, refused) = entry.Notes.Take();
            if (entry.Meter.TryEnd(now, most, refused, sample, out var period)) periods[i] = period;
        }
    }

    private struct Entry
    {
        internal PermitCell Cell;
        internal WaiterQueue Waiters;
        internal DemandNotes Notes;
        internal DemandMeter Meter;
    }
}
