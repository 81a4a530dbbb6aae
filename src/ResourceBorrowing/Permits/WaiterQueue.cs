namespace ResourceBorrowing.Permits;

/// <summary>The requests of one participant that wait for units.</summary>
/// <remarks>
/// <para><b>Ownership.</b> The ordered queue and its links belong to the <i>server</i>: whichever thread entered the
/// combiner. Everybody else pushes onto two stacks, the inbox (newcomers) and the cancelled, and asks for service.</para>
/// <para><b>Order.</b> Push, then ask. The server takes the cancelled first and the inbox second, so a waiter that was
/// cancelled is always in the queue when its cancellation is handled. The server grants before it retracts the waiters
/// flag, and completes after: who learns that a wait ended also finds the word telling so. A front that does not
/// fit is announced by a swap that fails if a unit came free since the word was read (pairs with the addition in
/// <see cref="PermitCell.Release"/>).</para>
/// <para><b>Progress.</b> Nobody waits for the server: who finds it busy leaves a request that makes it go round again.
/// Enqueuing, cancelling and releasing are lock-free.</para>
/// <para><b>Callbacks.</b> Completions (continuations, synchronisation contexts) run outside the combiner, and what
/// they throw is contained. <c>served</c> runs there too, when the server did what nobody else will tell of: a wait was ended
/// without a release, or who asked for service found it busy and has gone.</para>
/// </remarks>
internal sealed class WaiterQueue(PermitCell cell, Action served)
{
    private Combiner _service;
    private Waiter? _inbox;
    private Waiter? _cancelled;
    private Waiter? _front;
    private Waiter? _back;
    private int _waitingUnits;
    private int _frontNeed;
    private int _limit;
    private int _largest;
    private int _closed;
    private int _sweep;

    /// <summary>Units asked for by all who wait.</summary>
    internal int WaitingUnits => Volatile.Read(ref _waitingUnits);

    /// <summary>Units that the front asks for and does not find; 0 when nobody waits. Anybody may read it, a moment late.</summary>
    internal int FrontNeed => Volatile.Read(ref _frontNeed);

    /// <summary>Units asked for at the front, when nobody is serving; for tests.</summary>
    internal int? FrontUnits => _front?.Units;

    /// <summary>The most units that may wait together.</summary>
    internal int Limit { get => Volatile.Read(ref _limit); set => Volatile.Write(ref _limit, value); }

    /// <summary>The largest request that may stay queued beside what the allocation is now: the nominal quota and what may be borrowed on demand.</summary>
    internal int LargestEver { get => Volatile.Read(ref _largest); set => Volatile.Write(ref _largest, value); }

    internal bool NewestFirst { get; set; }

    /// <summary>Why requests are turned away; <see cref="WaitOutcome.Waiting"/> while they are not.</summary>
    internal WaitOutcome ClosedBecause => (WaitOutcome)Volatile.Read(ref _closed);

    /// <summary>Queues a waiter, or returns false when the queue is full.</summary>
    internal bool TryEnqueue(Waiter waiter)
    {
        if (!TryReserve(waiter.Units)) return false;
        Push(ref _inbox, waiter, ref waiter.Next);
        Serve();
        return true;
    }

    /// <summary>Ends a wait unless it has ended, and asks for its place to be given up.</summary>
    internal void Cancel(Waiter waiter)
    {
        if (!waiter.TryDecide(WaitOutcome.Cancelled)) return;
        Push(ref _cancelled, waiter, ref waiter.NextCancelled);
        Serve();
    }

    /// <summary>From now on fails all who ask; <see cref="Serve"/> fails those who wait and leaves the word flagged for good.</summary>
    internal void Refuse(WaitOutcome reason)
    {
        // Disposal of the pool is the last word.
        if (reason == WaitOutcome.Disposed) Volatile.Write(ref _closed, (int)reason);
        else Interlocked.CompareExchange(ref _closed, (int)reason, (int)WaitOutcome.Waiting);
    }

    /// <summary>Ends the waits of those that were abandoned.</summary>
    internal void Sweep()
    {
        Volatile.Write(ref _sweep, 1);
        Serve();
    }

    /// <summary>Serves the front as long as it fits. Anybody may ask; somebody will have done it.</summary>
    internal void Serve()
    {
        if (!_service.Enter()) return;
        var round = new Round();
        Pass(ref round);
        while (!_service.Exit())
        {
            round.IsNews = true;
            Pass(ref round);
        }

        // Units that a cancelled waiter gave back while debt was owed: the debt comes first.
        if (round.OwesDebt) cell.Attend();
        while (round.First is { } waiter)
        {
            round.First = waiter.Next;
            waiter.Complete();
        }

        if (round.IsNews) served();
    }

    private void Pass(ref Round round)
    {
        var cancelled = TakeAll(ref _cancelled);
        var isNewcomer = TakeInbox();
        round.IsNews |= cancelled is not null;
        for (; cancelled is not null; cancelled = cancelled.NextCancelled)
        {
            if (cancelled.IsQueued) Unlink(cancelled);
            round.Append(cancelled);
        }

        if (ClosedBecause is var reason and not WaitOutcome.Waiting)
        {
            cell.Close();
            while (_front is { } front) Decide(front, reason, ref round);
            return;
        }

        if (Volatile.Read(ref _sweep) != 0 && Interlocked.Exchange(ref _sweep, 0) != 0) EndAbandoned(ref round);
        if (NewestFirst && isNewcomer) EvictOldest(ref round);
        ServeFront(ref round);
    }

    private void ServeFront(ref Round round)
    {
        while (_front is { } front)
        {
            if (cell.TryGrant(front.Units, isLast: front.Next is null, out var word))
            {
                // A waiter that was cancelled meanwhile gives the units back to the next one, or to a creditor.
                if (!Decide(front, WaitOutcome.Granted, ref round)) round.OwesDebt |= cell.ReleaseQuietly(front.Units).OwesDebt;
            }
            else if (front.Units > Math.Max(LargestEver, word.Allocation))
            {
                // No release and no repaid loan can ever make it fit: it would block the queue for ever.
                Decide(front, WaitOutcome.ExceedsAllocation, ref round);
            }
            else if (cell.TryAnnounceWaiters(word))
            {
                Volatile.Write(ref _frontNeed, front.Units);
                return;
            }
        }

        Volatile.Write(ref _frontNeed, 0);
        cell.RetractWaiters();
    }

    private bool TakeInbox()
    {
        Waiter? oldestFirst = null;
        for (var waiter = TakeAll(ref _inbox); waiter is not null;)
        {
            var next = waiter.Next;
            waiter.Next = oldestFirst;
            oldestFirst = waiter;
            waiter = next;
        }

        var isAny = oldestFirst is not null;
        while (oldestFirst is { } waiter)
        {
            oldestFirst = waiter.Next;
            waiter.IsQueued = true;
            if (NewestFirst) Link(null, waiter, _front);
            else Link(_back, waiter, null);
        }

        return isAny;
    }

    private void Link(Waiter? previous, Waiter waiter, Waiter? next)
    {
        waiter.Previous = previous;
        waiter.Next = next;
        if (previous is null) _front = waiter; else previous.Next = waiter;
        if (next is null) _back = waiter; else next.Previous = waiter;
    }

    private void EvictOldest(ref Round round)
    {
        while (_back is { } oldest && WaitingUnits > Limit && oldest != _front)
            Decide(oldest, WaitOutcome.QueueFull, ref round);
    }

    private void EndAbandoned(ref Round round)
    {
        round.IsNews = true;
        for (var waiter = _front; waiter is not null;)
        {
            var next = waiter.Next;
            if (waiter.IsAbandoned) Decide(waiter, WaitOutcome.Abandoned, ref round);
            waiter = next;
        }
    }

    /// <returns>False when the waiter was cancelled first. Then its cancellation, not this, completes it.</returns>
    private bool Decide(Waiter waiter, WaitOutcome outcome, ref Round round)
    {
        Unlink(waiter);
        if (!waiter.TryDecide(outcome)) return false;
        round.Append(waiter);
        return true;
    }

    private void Unlink(Waiter waiter)
    {
        if (waiter.Previous is null) _front = waiter.Next; else waiter.Previous.Next = waiter.Next;
        if (waiter.Next is null) _back = waiter.Previous; else waiter.Next.Previous = waiter.Previous;
        waiter.IsQueued = false;
        waiter.Next = waiter.Previous = null;
        Interlocked.Add(ref _waitingUnits, -waiter.Units);
    }

    private bool TryReserve(int units)
    {
        while (true)
        {
            var waiting = WaitingUnits;
            // The newest evicts the oldest, so only its own size matters; the sum must still fit the counter.
            var fits = NewestFirst ? units <= Limit && waiting <= int.MaxValue - units : units <= Limit - waiting;
            if (!fits) return false;
            if (Interlocked.CompareExchange(ref _waitingUnits, waiting + units, waiting) == waiting) return true;
        }
    }

    // Mostly there is nothing to take, and looking is cheaper. Who pushes after the look asks for another pass.
    private static Waiter? TakeAll(ref Waiter? head) => Volatile.Read(ref head) is null ? null : Interlocked.Exchange(ref head, null);

    private static void Push(ref Waiter? head, Waiter waiter, ref Waiter? next)
    {
        // Compared with what was read, not with the link: once pushed, the link is the server's to change.
        Waiter? seen;
        do next = seen = Volatile.Read(ref head);
        while (Interlocked.CompareExchange(ref head, waiter, seen) != seen);
    }

    /// <summary>What one server has decided and has to tell once it is no longer the server.</summary>
    private struct Round
    {
        private Waiter? _last;

        internal Waiter? First;
        internal bool OwesDebt;
        internal bool IsNews;

        internal void Append(Waiter waiter)
        {
            if (_last is null) First = waiter; else _last.Next = waiter;
            _last = waiter;
        }
    }
}
