using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Diagnostics;

/// <summary>Hands every event to every reader. A reader that is slow loses its oldest; nobody ever waits for it.</summary>
/// <remarks>
/// <b>Ownership.</b> Readers come and go under all locks of the loan book, so each sees every event from its beginning.
/// <b>Progress.</b> Writing happens under the lock of a shard: it takes the channel's own short lock and runs no code of the reader.
/// </remarks>
internal sealed class EventStream(ResourcePool pool, LoanBook book)
{
    private Reader[] _readers = [];
    private long _sequence;

    internal bool IsRead => Volatile.Read(ref _readers).Length > 0;

    /// <summary>Events that slow readers have lost, all together.</summary>
    internal long Dropped => Interlocked.Read(ref _dropped);

    private long _dropped;

    internal async IAsyncEnumerable<PoolEvent> ReadAsync(int capacity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new Reader(this, capacity);
        var present = pool.Begin(() => Change([.. _readers, reader]));
        try
        {
            // Who begins after the end is not among those that Complete has told: the pool is marked before it asks whom to tell.
            if (pool.IsDisposed) reader.Channel.Writer.TryComplete();
            foreach (var state in present)
                yield return new PoolEvent(PoolEventKind.Present, -1, 0, TimeSpan.FromMilliseconds(book.Clock.Last), state.Name, null, state.NominalQuota, 0, state);

            long told = 0;
            while (await reader.Channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (reader.Channel.Reader.TryRead(out var next))
                {
                    if (reader.Dropped - told is var dropped and > 0)
                    {
                        told += dropped;
                        yield return new PoolEvent(PoolEventKind.Dropped, -1, 0, next.At, "", null, (int)Math.Min(int.MaxValue, dropped), 0);
                    }

                    yield return next;
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            pool.Begin(() => Change([.. _readers.Where(r => r != reader)]));
        }
    }

    /// <summary>The pool has ended: readers read what there is, and then end.</summary>
    internal void Complete()
    {
        foreach (var reader in Volatile.Read(ref _readers)) reader.Channel.Writer.TryComplete();
    }

    /// <summary>Writes what concerns no loan.</summary>
    internal void Write(PoolEventKind kind, string participant, int units)
    {
        if (IsRead) Write(new PoolEvent(kind, -1, Interlocked.Increment(ref _sequence), TimeSpan.FromMilliseconds(book.Clock.Last), participant, null, units, 0));
    }

    private void Write(LedgerEntry entry) => Write(new PoolEvent(
        KindOf(entry.Kind), entry.Shard, entry.Sequence, TimeSpan.FromMilliseconds(entry.At), entry.Borrower.Name, entry.Lender.Name, entry.Units, entry.Loan.Packed));

    private void Write(in PoolEvent happened)
    {
        foreach (var reader in Volatile.Read(ref _readers)) reader.Channel.Writer.TryWrite(happened);
    }

    /// <summary>All locks are held.</summary>
    private void Change(Reader[] readers)
    {
        Volatile.Write(ref _readers, readers);
        book.Journal = readers.Length > 0 ? Write : null;
    }

    private static PoolEventKind KindOf(LedgerEntryKind kind) => kind switch
    {
        LedgerEntryKind.Granted => PoolEventKind.Granted,
        LedgerEntryKind.Renewed => PoolEventKind.Renewed,
        LedgerEntryKind.Recalled => PoolEventKind.Recalled,
        LedgerEntryKind.Ended => PoolEventKind.Ended,
        LedgerEntryKind.PartRepaid => PoolEventKind.PartRepaid,
        LedgerEntryKind.Repaid => PoolEventKind.Repaid,
        LedgerEntryKind.DebtPaid => PoolEventKind.DebtPaid,
        LedgerEntryKind.Overdue => PoolEventKind.Overdue,
        LedgerEntryKind.Defaulted => PoolEventKind.Defaulted,
        LedgerEntryKind.WrittenOff => PoolEventKind.WrittenOff,
        LedgerEntryKind.Moved => PoolEventKind.Moved,
        LedgerEntryKind.DebtMade => PoolEventKind.DebtMade,
        _ => PoolEventKind.SetOff,
    };

    private sealed class Reader
    {
        private long _dropped;

        internal Reader(EventStream stream, int capacity)
        {
            Channel = System.Threading.Channels.Channel.CreateBounded<PoolEvent>(
                new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
                _ =>
                {
                    Interlocked.Increment(ref _dropped);
                    Interlocked.Increment(ref stream._dropped);
                });
        }

        internal Channel<PoolEvent> Channel { get; }

        internal long Dropped => Interlocked.Read(ref _dropped);
    }
}
