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
/// <para><b>Progress.</b> Nobody waits for the server: who finds it busy leaves a request that makes it go round again.</para>
/// <para><b>Callbacks.</b> None in a round: scores are those at hand, what the time provider throws is contained, and who is to
/// be told (waiters, metrics) is told afterwards or by the thread pool.</para>
/// </remarks>
internal sealed class Wants(ResourcePool pool, LoanBook book)
{
    private readonly List<Want> _wants = [];
    private Combiner _serving;
    private Want? _inbox;
    private long _nextDeadline = TimerWheel.Never;
    private int _count;
    private int _isStale;

    /// <summary>Whether anybody waits.</summary>
    internal bool IsAny => Volatile.Read(ref _count) > 0;

    internal void Add(Want want)
    {
        Push(want);
        Serve();
        pool.Arm(Math.Min(want.Deadline, book.Clock.NowOrLast() + Math.Max(1, book.PlanningPeriod)));
    }

    /// <summary>A participant joined, left or changed: whom to mark must be looked at again.</summary>
    internal void OnMembership()
    {
        Volatile.Write(ref _isStale, 1);
        if (IsAny) Serve();
    }

    /// <summary>A participant was attended: it may have units to lend, or miss fewer than before.</summary>
    internal void OnAttended(Allocation account)
    {
        if (account.Cell.IsWanted && account.LendableAt(book.Clock.Last) > 0) Serve();
        else if (account is { HeldUpWants: > 0, Debt: 0 } || account.Owner is Participant { Want: { IsListed: true } want } && want.MissesFewer) Serve();
    }

    /// <returns>When to look again: time alone may change who lends.</returns>
    internal long OnTimer(long now)
    {
        if (!IsAny) return TimerWheel.Never;
        Serve();
        return IsAny ? Math.Min(Volatile.Read(ref _nextDeadline), now + Math.Max(1, book.PlanningPeriod)) : TimerWheel.Never;
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
        if (Interlocked.Exchange(ref _isStale, 0) != 0) isNew = true;
        if (_wants.Count == 0 && !isNew) return;
        var isAnyOver = TryAll();
        // The marks follow the wants; whoever was newly marked may have had units before anybody told.
        if ((isNew || isAnyOver) && Mark()) TryAll();
        Volatile.Write(ref _count, _wants.Count);
        Volatile.Write(ref _nextDeadline, EarliestDeadline());
    }

    /// <returns>Whether any want is over.</returns>
    private bool TryAll()
    {
        var now = book.Clock.NowOrLast();
        var kept = 0;
        for (var i = 0; i < _wants.Count; i++)
        {
            var want = _wants[i];
            // Counted first: who pays or returns after the try below has failed sees it and asks for service.
            want.IsHeldUp = true;
            if (want.TryFinish(now, out var refusal)) want.IsHeldUp = false;
            else (_wants[kept++], want.IsHeldUp) = (want, refusal is RefusalReason.BorrowerOwesDebt or RefusalReason.BorrowingLimit or RefusalReason.OpenLoanLimit);
        }

        var isAnyOver = kept < _wants.Count;
        _wants.RemoveRange(kept, _wants.Count - kept);
        return isAnyOver;
    }

    /// <returns>Whether anybody was newly marked.</returns>
    private bool Mark()
    {
        var isNewlyMarked = false;
        var isAnybody = HasWantOf(null);
        foreach (var participant in pool.AllWithReserve)
        {
            var isWanted = isAnybody || HasWantOf(participant);
            var cell = participant.Account.Cell;
            if (cell.IsWanted == isWanted) continue;
            cell.IsWanted = isWanted;
            isNewlyMarked |= isWanted;
        }

        return isNewlyMarked;
    }

    private bool HasWantOf(Participant? lender)
    {
        foreach (var want in _wants)
            if (want.Lender == lender) return true;
        return false;
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

    private void Push(Want want)
    {
        Volatile.Write(ref _count, 1);
        Want? seen;
        do want.Next = seen = Volatile.Read(ref _inbox);
        while (Interlocked.CompareExchange(ref _inbox, want, seen) != seen);
    }
}

/// <summary>Somebody that waits for units of others.</summary>
internal abstract class Want(Participant borrower)
{
    private bool _isHeldUp;

    protected Participant Borrower { get; } = borrower;

    /// <summary>Whether the borrower's own debt or limits stand in the way. The server's alone.</summary>
    internal bool IsHeldUp
    {
        get => _isHeldUp;
        set
        {
            if (_isHeldUp == value) return;
            _isHeldUp = value;
            Borrower.Account.ChangeHeldUp(value ? 1 : -1);
        }
    }

    /// <summary>The link of the inbox.</summary>
    internal Want? Next { get; set; }

    /// <summary>Whose units; null for anybody's.</summary>
    internal abstract Participant? Lender { get; }

    /// <summary>When it gives up, in milliseconds of pool time.</summary>
    internal abstract long Deadline { get; }

    /// <summary>Tries to fill it. Called by the server only.</summary>
    /// <param name="now">The time.</param>
    /// <param name="refusal">What stands in the way.</param>
    /// <returns>True when it is over: filled, given up, or no longer wanted.</returns>
    internal abstract bool TryFinish(long now, out RefusalReason refusal);
}

/// <summary>Callers of a participant wait in its queue, and what the front misses is borrowed on demand as soon as it can be.</summary>
internal sealed class QueueWant(Participant participant) : Want(participant)
{
    private int _isListed;
    private int _missed = int.MaxValue;

    internal override Participant? Lender => null;

    internal override long Deadline => TimerWheel.Never;

    internal bool IsListed => Volatile.Read(ref _isListed) != 0;

    /// <summary>Whether another try is worth it although no lender has said anything.</summary>
    internal bool MissesFewer => Missing is var missing and > 0 && missing < Volatile.Read(ref _missed);

    private bool IsOver => Borrower.Waiting == 0 || Borrower.Leaving is not null || Borrower.Waiters.ClosedBecause != WaitOutcome.Waiting;

    private int Missing => Borrower.Waiters.FrontNeed - Math.Max(0, Borrower.Available);

    /// <returns>False when it is listed already.</returns>
    internal bool TryList() => Interlocked.Exchange(ref _isListed, 1) == 0;

    internal override bool TryFinish(long now, out RefusalReason refusal)
    {
        refusal = RefusalReason.None;
        // Each loan serves a front, so there is an end to it; but others want their turn as well.
        for (var round = 0; round < 16; round++)
        {
            if (IsOver)
            {
                // Whoever queues from here on lists it anew; whoever queued before and found it listed is seen now.
                Volatile.Write(ref _missed, int.MaxValue);
                Interlocked.Exchange(ref _isListed, 0);
                return IsOver || !TryList();
            }

            // A front that is still to be announced will say so itself.
            var missing = Missing;
            Volatile.Write(ref _missed, missing > 0 ? missing : int.MaxValue);
            if (missing <= 0) return false;
            refusal = Borrower.Pool.TryBorrowMissing(Borrower, missing);
            if (refusal != RefusalReason.None) return false;
        }

        return false;
    }
}

/// <summary>A borrower that waits for a loan.</summary>
internal sealed class LoanWant(Participant borrower, LoanRequest request, HashSet<Participant>? agreed, long deadline) : Want(borrower)
{
    private readonly TaskCompletionSource<Loan> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal override Participant? Lender => request.Lender;

    internal override long Deadline => deadline;

    internal Task<Loan> Task => _source.Task;

    internal void Cancel(CancellationToken cancellationToken)
    {
        if (_source.TrySetCanceled(cancellationToken)) Borrower.Pool.Wants.Serve();
    }

    internal override bool TryFinish(long now, out RefusalReason refusal)
    {
        refusal = RefusalReason.None;
        if (_source.Task.IsCompleted) return true;
        Loan loan;
        try
        {
            var order = Borrower.Pool.OrderOf(Borrower, request, now);
            loan = Borrower.Pool.Borrow(Borrower, request, order, agreed);
        }
        catch (ObjectDisposedException exception)
        {
            _source.TrySetException(exception);
            return true;
        }

        if (!loan.IsGranted && now < deadline && loan.Refusal != RefusalReason.Removed)
        {
            refusal = loan.Refusal;
            return false;
        }

        // Cancelled while the loan was made: it goes back, and nothing is lost.
        if (!_source.TrySetResult(loan)) loan.Dispose();
        return true;
    }
}
