using System.Diagnostics;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Diagnostics;

/// <summary>Remembers where and when leases were taken. A lease is out as long as its ticket still has its stamp, so giving one back costs nothing.</summary>
/// <remarks>Thread-safe. Leases that are back are forgotten whenever the list has doubled, so it stays within twice what is out.</remarks>
internal sealed class LeaseTracker(ResourcePool pool)
{
    private const int LeastKept = 64;

    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private int _pruneAt = LeastKept;

    internal void Taken(LeaseTicket ticket, long stamp)
    {
        // The caller's frames, without the library's own.
        var entry = new Entry(ticket, stamp, ticket.Cell.Holder, ticket.Units, pool.Elapsed, new StackTrace(skipFrames: 2, fNeedFileInfo: true));
        lock (_lock)
        {
            if (_entries.Count >= _pruneAt)
            {
                _entries.RemoveAll(static e => !e.IsOut);
                _pruneAt = Math.Max(LeastKept, 2 * _entries.Count);
            }

            _entries.Add(entry);
        }
    }

    /// <summary>The oldest that are out, oldest first.</summary>
    internal IReadOnlyList<TrackedLease> Oldest(int count, string? participant)
    {
        Entry[] oldest;
        lock (_lock) oldest = [.. _entries.Where(e => e.IsOut && (participant is null || e.Participant == participant)).Take(count)];
        var now = pool.Elapsed;
        return [.. oldest.Select(e => new TrackedLease(e.Participant, e.Units, e.At, now - e.At, e.Trace.ToString().TrimEnd()))];
    }

    private sealed record Entry(LeaseTicket Ticket, long Stamp, string Participant, int Units, TimeSpan At, StackTrace Trace)
    {
        internal bool IsOut => Ticket.IsOut(Stamp);
    }
}
