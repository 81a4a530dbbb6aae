using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing;

/// <summary>Who waits for units of others: participants whose callers queue, and borrowers that wait for a loan.</summary>
/// <remarks>
/// <para><b>Ownership.</b> The list, and the wanted marks of all participants, belong to the server: whichever thread entered
/// the combiner. Everybody else pushes onto the inbox, or asks for service.</para>
/// <para><b>Order.</b> The server tries a want, marks its possible lenders as wanted (a full fence each) and tries again; a
/// release changes the word and then looks at the mark. So either the second try finds the units, or the release finds the
/// mark and asks for service. A want that cannot be filled does not stand in the way of others.</para>
/// <para><b>Who tells.</b> Whoever finds its mark when it has something pushes itself onto a stack, then asks for service. While all are marked and nobody had anything
/// at the end of a pass, the next one looks at those alone; what time alone makes borrowable tells nobody, so the timer has all looked at.</para>
/// <para><b>Progress.</b> Nobody waits for the server: who finds it busy leaves a request that makes it go round again.</para>
/// <para><b>Callbacks.</b> None in a round: scores are those at hand, what the time provider throws is contained, and who is to
/// be told (waiters, metrics) is told afterwards or by the thread pool.</para>
/// </remarks>
internal sealed class Wants(ResourcePool pool, LoanBook book)
{
    // Units that were recalled may be lent again one by one; that often, at the most, it is looked whether any may.
    private const int LooksPerPeriod = 16;

    private readonly List<Want> _wants = [];
    private readonly List<Allocation> _told = [];
    private Combiner _serving;
    private Want? _inbox;
    private long _round;
    private long _nextDeadline = TimerWheel.Never;
    private int _count;
    private int _isStale;
    private Allocation? _firstTold;
    private long _borrowable;
    private bool _looksAtAll = true;
    private bool _marksAll;
    private bool _isDry;

    /// <summary>Whether anybody waits.</summary>
    internal bool IsAny => Volatile.Read(ref _count) > 0;

    /// <summary>
    /// Whether nobody has anything to lend, and those that wait are told as soon as anybody has: another caller need not look for itself, and does not go
    /// ahead of them.
    /// </summary>
    internal bool IsDry => Volatile.Read(ref _isDry);

    internal void Add(Want want)
    {
        Push(want);
        Serve();
        pool.Arm(Math.Min(want.Deadline, book.Clock.NowOrLast() + Math.Max(1, book.PlanningPeriod)));
    }

    /// <summary>A participant joined, left or changed, or a want was given up: all must be looked at again.</summary>
    internal void LookAgain()
    {
        // A full fence: pairs with Push, which counts itself before the server looks at the list of participants.
        Interlocked.Exchange(ref _isStale, 1);
        if (IsAny) Serve();
    }

    /// <summary>A participant was attended: it may have units to lend, or miss fewer than before.</summary>
    internal void OnAttended(Allocation account)
    {
        var participant = account.Owner as Participant;
        if (account.Cell.IsWanted && (participant is { IsWanting: true } || Shortages.BorrowableFrom(account, wanting: null, book.Clock.Last) > 0))
        {
            Tell(account);
            Serve();
        }

        // Who waits for a loan may have callers that wait as well.
        if (participant is not null && account.Cell.Read().HasWaiters) pool.OnShort(participant);
    }

    /// <returns>When to look again: time alone may change who lends.</returns>
    internal long OnTimer(long now)
    {
        if (!IsAny) return TimerWheel.Never;
        // What time alone makes borrowable tells nobody.
        Interlocked.Exchange(ref _isStale, 1);
        Serve();
        if (!IsAny) return TimerWheel.Never;
        var period = Math.Max(1, book.PlanningPeriod);
        var release = TimerWheel.Never;
        foreach (var participant in pool.AllWithReserve) release = Math.Min(release, participant.Account.NextRelease(now));
        // Never at once: a deadline that has passed is still listed while the server is busy, and the server may be waiting for this very call to return.
        return Math.Clamp(Math.Min(Volatile.Read(ref _nextDeadline), Math.Max(release, now + period / LooksPerPeriod)), now + 1, now + period);
    }

    /// <summary>Fills what can be filled. Anybody may ask; somebody will have done it.</summary>
    internal void Serve()
    {
        if (!_serving.Enter()) return;
        do Pass(); while (!_serving.Exit());
    }

    private void Pass()
    {
        var isNew = TakeInbox();
        if (Interlocked.Exchange(ref _isStale, 0) != 0) isNew = _looksAtAll = true;
        if (_wants.Count == 0 && !isNew) return;
        TakeTold();
        // The marks follow the wants; whoever was newly marked may have had units before anybody told.
        for (var mustMark = TryAll(isNew) || isNew; mustMark && Mark(); mustMark = TryAll(isNew)) _looksAtAll = true;
        Volatile.Write(ref _count, _wants.Count);
        Volatile.Write(ref _nextDeadline, EarliestDeadline());
        Volatile.Write(ref _isDry, _marksAll && _borrowable == 0);
        _looksAtAll = !_isDry;
        _told.Clear();
    }

    /// <param name="isNew">Whether any want has not been tried yet, or may be over.</param>
    /// <returns>Whether any want is over.</returns>
    private bool TryAll(bool isNew)
    {
        var now = book.Clock.NowOrLast();
        _borrowable = Borrowable(now);
        // A want that misses less than when it was last tried still misses more than there was then.
        if (_borrowable == 0 && !isNew) return false;
        var kept = 0;
        for (var i = 0; i < _wants.Count; i++)
        {
            var want = _wants[i];
            if (!want.TryFinish(now, _borrowable)) _wants[kept++] = want;
            if (_borrowable > 0) _borrowable = Borrowable(now);
        }

        var isAnyOver = kept < _wants.Count;
        _wants.RemoveRange(kept, _wants.Count - kept);
        return isAnyOver;
    }

    /// <summary>
    /// Not less than what can be borrowed. While nobody had anything at the end of the last pass, and all are marked, only those can have something that have
    /// told since.
    /// </summary>
    private long Borrowable(long now)
    {
        long most = 0;
        if (_looksAtAll)
        {
            foreach (var participant in pool.AllWithReserve) most += Shortages.BorrowableFrom(participant.Account, wanting: null, now);
            return most;
        }

        foreach (var account in _told)
        {
            most += Shortages.BorrowableFrom(account, wanting: null, now);
            if (most > 0 && account.Owner is Participant told) pool.LookFrom = told.Place;
        }

        return most;
    }

    /// <returns>Whether anybody was newly marked.</returns>
    private bool Mark()
    {
        _round++;
        var isAnybody = false;
        foreach (var want in _wants)
        {
            if (want.Lender is { } lender) lender.WantedInRound = _round;
            else isAnybody = true;
            if (want.Borrower is { } borrower) borrower.WantingInRound = _round;
        }

        _marksAll = isAnybody;
        var isNewlyMarked = false;
        foreach (var participant in pool.AllWithReserve)
        {
            // Its own limits or debt may be what a borrower waits for, so it hears of itself.
            participant.IsWanting = participant.WantingInRound == _round;
            var isWanted = isAnybody || participant.IsWanting || participant.WantedInRound == _round;
            var cell = participant.Account.Cell;
            if (cell.IsWanted == isWanted) continue;
            cell.IsWanted = isWanted;
            isNewlyMarked |= isWanted;
        }

        return isNewlyMarked;
    }

    private long EarliestDeadline()
    {
        var earliest = TimerWheel.Never;
        foreach (var want in _wants) earliest = Math.Min(earliest, want.Deadline);
        return earliest;
    }

    private bool TakeInbox()
    {
        if (Volatile.Read(ref _inbox) is null) return false;
        var place = _wants.Count;
        for (var want = Interlocked.Exchange(ref _inbox, null); want is not null; want = want.Next) _wants.Insert(place, want);
        return true;
    }

    /// <summary>A participant has something to lend, or to give back.</summary>
    private void Tell(Allocation account)
    {
        if (!account.TryMarkAsTold()) return;
        Allocation? seen;
        do account.NextTold = seen = Volatile.Read(ref _firstTold);
        while (Interlocked.CompareExchange(ref _firstTold, account, seen) != seen);
    }

    private void TakeTold()
    {
        for (var account = Interlocked.Exchange(ref _firstTold, null); account is not null;)
        {
            var next = account.NextTold;
            account.NextTold = null;
            _told.Add(account);
            // From here on it may be told of again.
            account.ClearToldMark();
            account = next;
        }
    }

    private void Push(Want want)
    {
        Volatile.Write(ref _count, 1);
        Want? seen;
        do want.Next = seen = Volatile.Read(ref _inbox);
        while (Interlocked.CompareExchange(ref _inbox, want, seen) != seen);
    }
}

/// <summary>Somebody that waits for units of others.</summary>
internal abstract class Want
{
    /// <summary>The link of the inbox.</summary>
    internal Want? Next { get; set; }

    /// <summary>Whose units; null for anybody's.</summary>
    internal abstract Participant? Lender { get; }

    /// <summary>Who waits for a loan; null for callers in a queue.</summary>
    internal virtual Participant? Borrower => null;

    /// <summary>When it gives up, in milliseconds of pool time.</summary>
    internal abstract long Deadline { get; }

    /// <summary>Tries to fill it. Called by the server only.</summary>
    /// <param name="now">The time.</param>
    /// <param name="borrowable">Not less than what can be borrowed: where that is too little, it need not look.</param>
    /// <returns>True when it is over: filled, given up, or no longer wanted.</returns>
    internal abstract bool TryFinish(long now, long borrowable);
}

/// <summary>Callers of a participant wait in its queue, and what the front misses is borrowed on demand as soon as it can be.</summary>
internal sealed class QueueWant(Participant participant) : Want
{
    private int _isListed;
    private int _missed;

    internal override Participant? Lender => null;

    internal override long Deadline => TimerWheel.Never;

    /// <summary>Whether another try is worth it although no lender has said anything.</summary>
    internal bool MissesFewer => Volatile.Read(ref _isListed) != 0 && Missing is var missing and > 0 && missing < Volatile.Read(ref _missed);

    private int Missing => participant.Account.Cell.Read() is { HasWaiters: true } word ? participant.Waiters.FrontNeed - Math.Max(0, word.Free) : 0;

    // Not the word's flag: who found the queue's server busy may be listed before the server has announced it.
    private bool IsOver => participant.Waiting == 0 || participant.Leaving is not null || participant.Waiters.ClosedBecause != WaitOutcome.Waiting;

    /// <returns>False when it is listed already.</returns>
    internal bool TryList() => Volatile.Read(ref _isListed) == 0 && Interlocked.Exchange(ref _isListed, 1) == 0;

    internal override bool TryFinish(long now, long borrowable)
    {
        // Each loan serves a front, so there is an end to it; but others want their turn as well.
        for (var round = 0; round < 16; round++)
        {
            if (IsOver)
            {
                // Whoever queues from here on lists it anew; whoever queued before and found it listed is seen now.
                Interlocked.Exchange(ref _isListed, 0);
                if (IsOver || !TryList()) return true;
                continue;
            }

            // From here on, whoever leaves fewer missing asks for another try: pairs with MissesFewer.
            Interlocked.Exchange(ref _missed, int.MaxValue);
            var missing = Missing;
            if (missing <= 0) return false;
            // While its own debt or limit stands in the way, any news of it is worth another try.
            if (participant.Debt > 0 || missing > participant.Account.BorrowingLimit - participant.Borrowed) return false;
            Volatile.Write(ref _missed, missing);
            if (missing > borrowable || !participant.Pool.TryBorrowMissing(participant, missing, out _)) return false;
        }

        participant.Pool.Wants.Serve();
        return false;
    }
}

/// <summary>A borrower that waits for a loan.</summary>
internal sealed class LoanWant(Participant borrower, LoanRequest request, HashSet<Participant>? agreed, long deadline) : Want
{
    private readonly TaskCompletionSource<Loan> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal override Participant? Lender => request.Lender;

    internal override Participant? Borrower => borrower;

    internal override long Deadline => deadline;

    internal Task<Loan> Task => _source.Task;

    internal void Cancel(CancellationToken cancellationToken)
    {
        if (_source.TrySetCanceled(cancellationToken)) borrower.Pool.Wants.LookAgain();
    }

    internal override bool TryFinish(long now, long borrowable)
    {
        if (_source.Task.IsCompleted) return true;
        if (request.Units > borrowable && now < deadline && !borrower.Pool.IsDisposed && !borrower.Account.IsDraining && request.Lender is not { Account.IsDraining: true }) return false;
        Loan loan;
        try
        {
            var order = borrower.Pool.OrderOf(borrower, request, now);
            loan = borrower.Pool.Borrow(borrower, request, order, agreed);
        }
        catch (InvalidOperationException exception)
        {
            // The pool was disposed, or has forgotten the terms and seen too many others since.
            _source.TrySetException(exception);
            return true;
        }

        if (!loan.IsGranted && now < deadline && loan.Refusal != RefusalReason.Removed) return false;
        // Cancelled while the loan was made: it goes back, and nothing is lost.
        if (!_source.TrySetResult(loan)) loan.Dispose();
        return true;
    }
}
