using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Permits;

/// <summary>What makes a lease end once: a reusable record of units taken, whose stamp moves on when they are given back.</summary>
/// <remarks>
/// <para><b>Ownership.</b> A ticket belongs for life to the thread that made it; only that thread takes it. Any thread
/// may return it. A thread's tickets form a ring, so the hot path finds a free one without an interlocked operation.</para>
/// <para><b>Order.</b> The stamp is odd while the ticket is out. Taking is a plain store by the home thread: nobody else
/// writes an even stamp. Returning is a compare-and-swap from the odd stamp the lease carries, so of all copies of a
/// lease, on all threads, one wins. Who returns reads cell and units <i>before</i> that swap; they cannot have
/// changed if the swap succeeds, because they change only while the stamp is even.</para>
/// <para><b>Progress.</b> Wait-free. Stamps start far apart in different tickets, so that a lease torn by an
/// unsynchronised copy matches no ticket and does nothing.</para>
/// </remarks>
internal sealed class LeaseTicket
{
    // A ring grows while many leases of one thread are out together; beyond this, tickets are left to the collector.
    private const int MaxRing = 4096;
    private const int Probes = 8;

    // Leaves each ticket 2^31 leases before it meets the next one's stamps, and keeps every stamp positive for ever.
    private const int StampsApartBits = 32;
    private const long Starts = 1L << 30;

    [ThreadStatic] private static LeaseTicket? _current;
    [ThreadStatic] private static int _ringSize;
    private static long _made;

    private PermitCell _cell;
    private LeaseTicket _next;
    private long _stamp;
    private int _units;

    internal LeaseTicket(PermitCell cell)
    {
        _cell = cell;
        _next = this;
        _stamp = (Interlocked.Increment(ref _made) & (Starts - 1)) << StampsApartBits;
    }

    /// <summary>The ticket this thread tries first; null on a thread that has taken none yet.</summary>
    internal static LeaseTicket? Current => _current;

    internal PermitCell Cell => _cell;

    internal int Units => _units;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsReadyFor(PermitCell cell, int units) => (_stamp & 1) == 0 && _cell == cell && _units == units;

    /// <summary>Whether the lease with this stamp has not been given back.</summary>
    internal bool IsOut(long stamp) => Volatile.Read(ref _stamp) == stamp;

    /// <summary>Marks the ticket as out. Home thread only, on a free ticket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long Take() => ++_stamp;

    /// <summary>Gives the units back if <paramref name="stamp"/> is still out; otherwise does nothing.</summary>
    /// <returns>Whether it was.</returns>
    internal bool Return(long stamp)
    {
        var cell = _cell;
        var units = _units;
        if (Interlocked.CompareExchange(ref _stamp, stamp + 1, stamp) != stamp) return false;
        cell.Release(units);
        return true;
    }

    /// <summary>Ends the lease without giving the units back.</summary>
    /// <returns>How many units are left without a ticket; 0 when another ended it.</returns>
    internal int Detach(long stamp)
    {
        var units = _units;
        return Interlocked.CompareExchange(ref _stamp, stamp + 1, stamp) == stamp ? units : 0;
    }

    /// <summary>Finds or makes a free ticket of this thread, made out for <paramref name="units"/> of <paramref name="cell"/>.</summary>
    internal static LeaseTicket Prepare(PermitCell cell, int units)
    {
        var ticket = _current ??= new LeaseTicket(cell);
        for (var probe = 0; probe < Probes; probe++, ticket = ticket._next)
        {
            if ((Volatile.Read(ref ticket._stamp) & 1) == 0) return ticket.MakeOut(cell, units);
        }

        var made = new LeaseTicket(cell);
        if (_ringSize < MaxRing)
        {
            _ringSize++;
            made._next = ticket._next;
            ticket._next = made;
        }

        return made.MakeOut(cell, units, keep: made._next != made);
    }

    /// <summary>A ticket that belongs to no ring and serves one lease.</summary>
    internal static LeaseTicket Alone(PermitCell cell, int units) => new LeaseTicket(cell).MakeOut(cell, units, keep: false);

    private LeaseTicket MakeOut(PermitCell cell, int units, bool keep = true)
    {
        _cell = cell;
        _units = units;
        if (keep) _current = this;
        return this;
    }
}
