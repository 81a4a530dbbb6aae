namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>A caller that does everything callers may do.</summary>
internal sealed class TurmoilWorker(Turmoil turmoil, Random random)
{
    private const int MostHeld = 12;
    private const int LooksAtTheClock = 13;
    private static readonly TimeSpan LongestTerm = TimeSpan.FromMilliseconds(20);

    private static readonly LoanTerms[] Terms =
    [
        new() { IsRecallable = false },
        new() { MinimumHold = TimeSpan.FromMilliseconds(3), Notice = TimeSpan.FromMilliseconds(2) },
        new() { AutoRenews = true, Priority = 3 },
        new() { Grace = TimeSpan.Zero },
    ];

    private readonly List<ResourceLease> _leases = [];
    private readonly List<(Wait Wait, CancellationTokenSource Cancellation)> _waits = [];
    private readonly List<Loan> _loans = [];
    private readonly List<(Task<Loan> Task, CancellationTokenSource Cancellation)> _borrowings = [];

    internal long Leases { get; private set; }

    internal long Waits { get; private set; }

    internal long Loans { get; private set; }

    internal void Work()
    {
        var all = turmoil.Pool.Participants;
        var one = random.Next(12) == 0 ? turmoil.Pool.Reserve : all[random.Next(all.Count)];
        var other = random.Next(6) == 0 ? turmoil.Pool.Reserve : all[random.Next(all.Count)];
        var action = random.Next(16);
        try
        {
            switch (action)
            {
                case 0 or 1 or 2:
                    if (_leases.Count < MostHeld) Keep(one.TryAcquire(random.Next(1, 4)));
                    break;
                case 3 or 4:
                    DisposeOne();
                    break;
                case 5:
                    if (_waits.Count < MostHeld) BeginWait(one);
                    break;
                case 6:
                    if (_waits.Count > 0 && random.Next(2) == 0) _waits[random.Next(_waits.Count)].Cancellation.Cancel();
                    EndWaits(keep: true);
                    break;
                case 7:
                    ReturnOne();
                    break;
                case 8:
                    if (_loans.Count > 0) _loans[random.Next(_loans.Count)].Return(random.Next(1, 3));
                    break;
                case 9:
                    if (_loans.Count > 0) _loans[random.Next(_loans.Count)].Recall(random.Next(1, 4));
                    break;
                case 10:
                    one.Recall(random.Next(1, 6));
                    break;
                case 11:
                    if (_loans.Count > 0) _loans[random.Next(_loans.Count)].WriteOff();
                    break;
                case 12:
                    if (_loans.Count > 0) ListenForRecall(_loans[random.Next(_loans.Count)].RecallToken);
                    if (_leases.Count > 0) ListenForRecall(_leases[random.Next(_leases.Count)].RecallToken);
                    break;
                case LooksAtTheClock:
                    if (one != other) Borrow(one, other);
                    break;
                case 14:
                    if (_loans.Count > 0) _loans[random.Next(_loans.Count)].TryRenew(Term());
                    one.Evaluate(new LoanRequest(random.Next(1, 9)) { Duration = Term(), Lender = one == other ? null : other });
                    break;
                default:
                    if (_borrowings.Count < MostHeld && random.Next(3) > 0) BeginBorrowing(one, one == other ? null : other);
                    else if (_borrowings.Count > 0) Cancel(_borrowings[random.Next(_borrowings.Count)].Cancellation);
                    EndBorrowings();
                    break;
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            // More than the ceiling is just now.
        }
        catch (Exception exception) when (turmoil.IsExpected(exception, asksTheClock: action >= LooksAtTheClock))
        {
            // The pool was disposed, and what is out can still be given back; or the clock threw, and nothing was changed.
        }
    }

    /// <summary>Nobody waits for loans any more, and everything is given back.</summary>
    internal void ReturnAll()
    {
        foreach (var (_, cancellation) in _borrowings) Cancel(cancellation);
        SpinWait.SpinUntil(() => EndBorrowings() == 0);
        foreach (var loan in _loans) loan.Dispose();
        foreach (var lease in _leases) lease.Dispose();
        _loans.Clear();
        _leases.Clear();
    }

    /// <returns>How many still wait.</returns>
    internal int EndWaits() => EndWaits(keep: false);

    private int EndWaits(bool keep)
    {
        for (var i = _waits.Count - 1; i >= 0; i--)
        {
            var (wait, cancellation) = _waits[i];
            if (!wait.IsCompleted) continue;
            _waits.RemoveAt(i);
            cancellation.Dispose();
            try
            {
                var lease = wait.End();
                if (keep) Keep(lease);
                else lease.Dispose();
            }
            catch (Exception exception) when (turmoil.IsExpected(exception, asksTheClock: false))
            {
                // The pool's end was the wait's.
            }
        }

        return _waits.Count;
    }

    private void Keep(ResourceLease lease)
    {
        if (!lease.IsAcquired) return;
        Leases++;
        _leases.Add(lease);
    }

    private void BeginWait(Participant participant)
    {
        var cancellation = new CancellationTokenSource();
        _waits.Add((new Wait(participant.AcquireAsync(random.Next(1, 6), cancellation.Token)), cancellation));
        Waits++;
    }

    private void DisposeOne()
    {
        if (random.Next(4) == 0 && turmoil.CopiedLeases.TryDequeue(out var copied)) copied.Dispose();
        if (_leases.Count == 0) return;
        var place = random.Next(_leases.Count);
        var lease = _leases[place];
        _leases.RemoveAt(place);
        // Now and then a copy goes to another thread, which may come first.
        if (random.Next(3) == 0) turmoil.CopiedLeases.Enqueue(lease);
        lease.Dispose();
        if (random.Next(3) == 0) lease.Dispose();
    }

    private void Borrow(Participant borrower, Participant lender)
    {
        var units = random.Next(1, 5);
        Keep(random.Next(3) switch
        {
            0 => borrower.TryBorrow(lender, units, Term()),
            1 => borrower.TryBorrow(units, Term()),
            _ => borrower.TryBorrow(new LoanRequest(units) { Lender = lender, Duration = Term(), Terms = Terms[random.Next(Terms.Length)] }),
        });
    }

    private void BeginBorrowing(Participant borrower, Participant? lender)
    {
        var cancellation = new CancellationTokenSource();
        var request = new LoanRequest(random.Next(1, 5)) { Lender = lender, Duration = Term() };
        _borrowings.Add((borrower.BorrowAsync(request, TimeSpan.FromMilliseconds(random.Next(30)), cancellation.Token).AsTask(), cancellation));
    }

    /// <returns>How many still wait.</returns>
    private int EndBorrowings()
    {
        for (var i = _borrowings.Count - 1; i >= 0; i--)
        {
            var (task, _) = _borrowings[i];
            if (!task.IsCompleted) continue;
            _borrowings.RemoveAt(i);
            if (task.IsCompletedSuccessfully) Keep(task.GetAwaiter().GetResult());
            else if (task.Exception?.InnerException is { } exception && !turmoil.IsExpected(exception, asksTheClock: true)) throw exception;
        }

        return _borrowings.Count;
    }

    private void Keep(Loan loan)
    {
        if (!loan.IsGranted) return;
        Loans++;
        _loans.Add(loan);
    }

    /// <summary>Whoever was told may throw; that is between the two of them.</summary>
    private static void Cancel(CancellationTokenSource cancellation)
    {
        try
        {
            cancellation.Cancel();
        }
        catch (AggregateException)
        {
        }
    }

    private static void ListenForRecall(CancellationToken token)
    {
        try
        {
            token.Register(static () => throw new FaultException());
        }
        catch (FaultException)
        {
            // It was recalled before.
        }
    }

    private TimeSpan Term() => LongestTerm * Math.Max(0.05, random.NextDouble());

    private void ReturnOne()
    {
        if (random.Next(4) == 0 && turmoil.CopiedLoans.TryDequeue(out var copied)) copied.Dispose();
        if (_loans.Count == 0) return;
        var place = random.Next(_loans.Count);
        var loan = _loans[place];
        if (random.Next(3) == 0 && loan.IsActive) return;
        _loans.RemoveAt(place);
        if (random.Next(3) == 0) turmoil.CopiedLoans.Enqueue(loan);
        if (random.Next(3) == 0)
        {
            // Left to its term; at the end of the soak it may have some of it left.
            turmoil.LeftLoans.Add(loan);
            return;
        }

        loan.Dispose();
        if (random.Next(3) == 0) loan.Dispose();
    }
}
