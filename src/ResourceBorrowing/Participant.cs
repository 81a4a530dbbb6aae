using System.Runtime.CompilerServices;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>
/// An API as the pool knows it: the owner of an allocation of resource units, whose callers take leases on them and which lends to and
/// borrows from others.
/// </summary>
/// <remarks>
/// Hold on to it: looking it up by name costs more than using it. Thread-safe. <see cref="TryAcquire"/> and disposing a lease
/// are lock-free; who finds too few units, or frees some that others wait for, goes on to borrow and recall, which takes the lock of one shard of the
/// loan book at a time. The figures are each as of now; figures that belong together are in <see cref="ResourcePool.Snapshot"/>.
/// </remarks>
public sealed partial class Participant
{
    private static long _made;

    private readonly PermitCell _cell;
    private readonly Allocation _account;
    private bool _isWanting;
    private ResourceAmounts _unitAmounts = ResourceAmounts.None;

    internal Participant(ResourcePool pool, Allocation account, Standing standing, bool isConfigured)
    {
        Want = new QueueWant(this);
        Pool = pool;
        Standing = standing;
        IsConfigured = isConfigured;
        _account = account;
        _cell = account.Cell;
        Mappers = new MapperFeed(this);
    }

    /// <summary>The name under which the pool knows it.</summary>
    public string Name => _account.Name;

    /// <summary>Units it owns when nothing is lent.</summary>
    public int NominalQuota => _account.Nominal;

    /// <summary>Units its callers may use now: nominal quota - lent + borrowed.</summary>
    public int Allocation => _cell.Read().Allocation;

    /// <summary>Units its callers hold right now.</summary>
    public int InUse => _cell.Read().InUse;

    /// <summary>Units free right now: allocation - in use.</summary>
    public int Available => _cell.Read().Free;

    /// <summary>
    /// Units it could lend right now: free, its own, and within its limits; 0 while its callers wait or it owes units, and when it never lends. Whether it
    /// wants to be asked makes no difference here.
    /// </summary>
    public int Lendable => _account.LendableAt(Pool.Now, isForCallers: false);

    /// <summary>Units of it that others have, those they owe included.</summary>
    public int Lent => _account.Lent;

    /// <summary>Units of others that it has, those it owes included.</summary>
    public int Borrowed => _account.Borrowed;

    /// <summary>Units of ended loans that its callers still use; the next units released pay them.</summary>
    public int Debt => _account.Debt;

    /// <summary>The part of the debt that has outlived its grace period, loans written off included: a leak, or a caller that does not let go.</summary>
    public int Overdue => _account.OverdueDebt;

    /// <summary>Units on their way back to it: recalled from their borrowers and not yet here, or owed to it.</summary>
    public int Incoming => _account.Incoming;

    /// <summary>How long its callers have waited while units it owns were lent out, all together: the harm that lending has done to it.</summary>
    public TimeSpan Harm => Pool.HarmOf(this, borrower: null);

    /// <summary>Units asked for by callers that wait.</summary>
    public int Waiting => _account.Waiters.WaitingUnits;

    /// <summary>The least its allocation can be lent down to: nominal quota - lending limit.</summary>
    public int Floor => _account.Floor;

    /// <summary>The most its allocation can be: nominal quota + borrowing limit. No request may be larger.</summary>
    public int Ceiling => _account.Ceiling;

    /// <summary>What one of its units stands for: what <see cref="ResourcePoolOptions.Unit"/> says of a unit, times its <see cref="ParticipantOptions.Needs"/>.</summary>
    public ResourceAmounts UnitAmounts { get => Volatile.Read(ref _unitAmounts); internal set => Volatile.Write(ref _unitAmounts, value); }

    /// <summary>Its reputation now, 0 to 100, from 50, with all loans settled so far.</summary>
    public double Reputation => Pool.Reputations.ScoreOf(Standing);

    /// <summary>The most units it may have borrowed with its reputation: nothing at 30 and below, its borrowing limit from 50 on. Newcomers may have less.</summary>
    public int CreditLine => LoanRules.CreditLineOf(_account.BorrowingLimit, Reputation);

    internal ResourcePool Pool { get; }

    internal Allocation Account => _account;

    internal WaiterQueue Waiters => _account.Waiters;

    internal Standing Standing { get; }

    internal MapperFeed Mappers { get; }

    /// <summary>Loans asked for by hand in this second; counted only where there is a limit.</summary>
    internal RequestCount Requests { get; } = new();

    /// <summary>Listed while its callers wait for units that may be borrowed for them.</summary>
    internal QueueWant Want { get; }

    /// <summary>Whether it waits for a loan; set by the server of the wants.</summary>
    internal bool IsWanting { get => Volatile.Read(ref _isWanting); set => Volatile.Write(ref _isWanting, value); }

    /// <summary>The latest round of marking in which somebody wanted its units, or it wanted others'; kept by the server of the wants.</summary>
    internal long WantedInRound { get; set; }

    internal long WantingInRound { get; set; }

    /// <summary>Its place among all participants of all pools, for ever: the order in which units of several are taken.</summary>
    internal long Serial { get; } = Interlocked.Increment(ref _made);

    /// <summary>Its place among the participants.</summary>
    internal int Place { get; set; }

    /// <summary>The options it was last configured with.</summary>
    internal ParticipantOptions Options { get; set; } = new();

    /// <summary>Whether a configuration brought it in, so that a later one may take it out.</summary>
    internal bool IsConfigured { get; set; }

    /// <summary>Set when it leaves; completed when it has left.</summary>
    internal TaskCompletionSource? Leaving { get; set; }

    /// <summary>Takes units if they are free and nobody waits for them. Never waits.</summary>
    /// <remarks>Units that it has lent and that lie free at their borrowers are recalled, and what is still missing is borrowed, when that is enough. Beside a wait or a repayment that is just ending on another thread it may still be refused.</remarks>
    /// <param name="units">How many, 1 to 2^31-1; all or nothing.</param>
    /// <returns>A lease; when refused, one that says why.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or above <see cref="Ceiling"/>: that could never succeed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public ResourceLease TryAcquire(int units = 1)
    {
        var stamp = _cell.TryAcquire(units, out var ticket);
        return stamp != 0 ? new ResourceLease(ticket!, stamp) : TryAcquireSlow(units);
    }

    /// <summary>Takes units, waiting for them in the participant's queue while they are not free.</summary>
    /// <param name="units">How many, 1 to 2^31-1; all or nothing.</param>
    /// <param name="cancellationToken">Ends the wait; the place in the queue is free at once.</param>
    /// <returns>
    /// A lease; when the queue is full, the participant is leaving, or waiting could never end, one that was refused and says why.
    /// Completed at once when nobody need wait. Await it once: units that were granted to a task that nobody awaits stay in use.
    /// </returns>
    /// <remarks>
    /// As <see cref="TryAcquire"/>; for callers that wait, units in use are recalled as well, and what they miss is borrowed as soon as somebody can lend it.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or above <see cref="Ceiling"/>: that could never succeed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the units were granted.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been, or was meanwhile, disposed.</exception>
    public ValueTask<ResourceLease> AcquireAsync(int units = 1, CancellationToken cancellationToken = default) =>
        AcquireAsync(units, group: null, cancellationToken);

    /// <summary>Asks another participant for a loan of units.</summary>
    /// <param name="lender">Who shall lend; may be the pool's <see cref="ResourcePool.Reserve"/>.</param>
    /// <param name="units">How many, from 1; all or nothing.</param>
    /// <param name="duration">For how long, 1 ms to 30 days. Before that it ends only when it is returned or recalled, or when a party leaves the pool.</param>
    /// <returns>
    /// The loan, or one that was refused and says why. The lender's availability is looked at first, then this participant's reputation
    /// against the lender's grant threshold, then its own limits.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="lender"/> is null.</exception>
    /// <exception cref="ArgumentException">The lender is this participant, or belongs to another pool.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Units or duration are out of range.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    /// <remarks>What the pool's <see cref="TimeProvider"/> throws reaches the caller, and nothing is changed.</remarks>
    public Loan TryBorrow(Participant lender, int units, TimeSpan duration) => Pool.TryBorrow(this, lender, units, duration);

    /// <summary>Asks anybody for a loan of units: the reserve first, then whoever has most to spare; several if need be, and all or nothing.</summary>
    /// <param name="units">How many, from 1.</param>
    /// <param name="duration">For how long, 1 ms to 30 days.</param>
    /// <returns>The loan, or one that was refused and says why.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Units or duration are out of range.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public Loan TryBorrow(int units, TimeSpan duration) => Pool.TryBorrow(this, new LoanRequest(units) { Duration = duration });

    /// <summary>Asks for a loan on terms of its own.</summary>
    /// <param name="request">How many units, and if need be from whom, for how long and on what terms.</param>
    /// <returns>The loan, or one that was refused and says why.</returns>
    /// <exception cref="ArgumentException">The lender is this participant, or belongs to another pool.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Units, duration or a time of the terms are out of range.</exception>
    /// <exception cref="InvalidOperationException">The pool has been asked on too many different terms: it remembers 4096.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public Loan TryBorrow(in LoanRequest request) => Pool.TryBorrow(this, request);

    /// <summary>
    /// Asks for a loan and waits until it is granted. Lenders that want to be asked are asked, once, before the wait. A request that cannot be filled yet
    /// does not stand in the way of others.
    /// </summary>
    /// <param name="request">How many units, and if need be from whom, for how long and on what terms.</param>
    /// <param name="timeout">
    /// How long to wait at the most, from 0; when it is over, the answer is the last refusal. Default for ever. Each lender that is asked has its own time
    /// limit as well.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The loan, or one that was refused and says why: the time is over, a party is leaving, the lender that was named does not consent or does not lend for
    /// so long, or it is more than the limits could ever allow. Whatever else stands in the way, the reputation for one, is waited for.
    /// </returns>
    /// <exception cref="ArgumentException">As for <see cref="TryBorrow(in LoanRequest)"/>, or the timeout is negative.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="TryBorrow(in LoanRequest)"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the loan was granted.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been, or was meanwhile, disposed.</exception>
    public ValueTask<Loan> BorrowAsync(LoanRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var limit = timeout ?? Timeout.InfiniteTimeSpan;
        if (limit < TimeSpan.Zero && limit != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is not negative.");
        return new(BorrowWaits.BorrowAsync(this, request, limit, cancellationToken));
    }

    /// <summary>What a request would come to now, without making it: the decision, who would lend, what stands in the way and for how long.</summary>
    /// <param name="request">As for <see cref="TryBorrow(in LoanRequest)"/>, with the same exceptions.</param>
    /// <remarks>As <see cref="TryBorrow(in LoanRequest)"/> would answer: a lender that wants to be asked has not agreed. Nothing is reserved.</remarks>
    public LoanEvaluation Evaluate(in LoanRequest request) => Pool.Evaluate(this, request);

    /// <summary>
    /// Recalls units that it has lent: where units are free first, then loans of lower priority, of borrowers of lower reputation, younger ones. Its own callers
    /// need not ask: what they miss is recalled by itself.
    /// </summary>
    /// <param name="units">How many at the most, from 1.</param>
    /// <returns>
    /// Units recalled. On default terms those that were free are back, and those in use follow as they are released; with a minimum hold or a notice, that begins
    /// when these are over.
    /// </returns>
    /// <remarks>It goes from loan to loan: who borrows meanwhile may have what came back of the first.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int Recall(int units)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        return Pool.Shortages.Recall(this, units, onlyFree: false, isForCallers: false);
    }

    /// <summary>The harm that one borrower's loans have done: how long callers of this participant waited, as far as it is put down to them.</summary>
    public TimeSpan HarmFrom(Participant borrower)
    {
        ArgumentNullException.ThrowIfNull(borrower);
        return Pool.HarmOf(this, borrower);
    }

    /// <summary>One line for people: name, units and reputation.</summary>
    public override string ToString() => $"{Name}: {_cell.Read()} (owns {NominalQuota}, lent {Lent}, borrowed {Borrowed})";

    /// <summary>Takes units that lie free. A miss is no refusal: nothing is recalled, borrowed or counted, and <see cref="AcquireAsync(int, CancellationToken)"/> is what follows.</summary>
    internal bool TryAcquireFree(int units, out ResourceLease lease)
    {
        var stamp = _cell.TryAcquire(units, out var ticket);
        if (stamp != 0) lease = new(ticket!, stamp);
        else if (!Pool.IsObserving && _cell.TryAcquireSlow(units)) lease = Grant(units);
        else lease = default;
        return lease.IsAcquired;
    }

    internal ValueTask<ResourceLease> AcquireAsync(int units, WaitGroup? group, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<ResourceLease>(cancellationToken);
        var stamp = _cell.TryAcquire(units, out var ticket);
        return stamp != 0 ? new(new ResourceLease(ticket!, stamp)) : AcquireSlowAsync(units, group, cancellationToken);
    }

    /// <summary>Runs outside all locks whenever the allocation may have changed.</summary>
    internal void OnChanged()
    {
        Mappers.Announce();
        if (_account.IsDraining) Pool.TryFinishRemoval(this);
    }

    internal ResourceLease LeaseFor(WaitOutcome outcome, int units) => outcome switch
    {
        WaitOutcome.Granted => Grant(units),
        WaitOutcome.QueueFull => Refuse(RefusalReason.QueueFull, units, Waiters.Limit),
        WaitOutcome.ExceedsAllocation => Refuse(RefusalReason.ExceedsAllocation, units, Most),
        WaitOutcome.Removed => Refuse(RefusalReason.Removed, units, 0),
        _ => Refuse(RefusalReason.Disposed, units, 0),
    };

    /// <summary>Rejects what can never succeed, before anything is changed.</summary>
    internal void ThrowIfImpossible(int units, [CallerArgumentExpression(nameof(units))] string? name = null)
    {
        if (units < 1) throw new ArgumentOutOfRangeException(name, units, "At least 1 unit must be asked for.");
        if (units > Ceiling && Waiters.ClosedBecause == WaitOutcome.Waiting)
            throw new ArgumentOutOfRangeException(name, units, $"'{Name}' can never have more than its ceiling of {Ceiling} units.");
    }

    private ResourceLease TryAcquireSlow(int units)
    {
        NoteDemand(units);
        if (Pool.IsObserving) return Observe(units, wouldWait: false);
        ThrowIfImpossible(units);
        if (TryTake(units) || Pool.Shortages.TryRelieve(this, units)) return Grant(units);
        if (Pool.Balancer is not null) Demand.Notes.NoteRefused(units);
        return Refuse(ReasonNow(), units, Available);
    }

    private ValueTask<ResourceLease> AcquireSlowAsync(int units, WaitGroup? group, CancellationToken cancellationToken)
    {
        NoteDemand(units);
        if (Pool.IsObserving) return new(Observe(units, wouldWait: true, group));
        ThrowIfImpossible(units);
        if (TryTake(units) || Pool.Shortages.TryRelieve(this, units)) return new(Grant(units));

        return QueueAsync(units, group, cancellationToken);
    }

    /// <summary>Waits in the queue. A request for none waits until any unit is free and takes none.</summary>
    internal ValueTask<ResourceLease> QueueAsync(int units, WaitGroup? group, CancellationToken cancellationToken)
    {
        if (ReasonNow(group) is var reason and not RefusalReason.NotAvailable) return new(Refuse(reason, units, 0));
        if (units > Most) return new(Refuse(RefusalReason.ExceedsAllocation, units, Most));
        if (units > Allocation)
        {
            var missing = units - NominalQuota;
            if (LoanRules.OfReach(_account, missing, out var possible) is var limit and not RefusalReason.None) return new(Refuse(limit, missing, possible));
        }

        var waiter = LeaseWaiter.Rent(this, units, group);
        if (Waiters.TryEnqueue(waiter))
        {
            // Who was disposed before we were queued has swept too early.
            if (group is { IsAbandoned: true }) Waiters.Sweep();
            if (waiter.Outcome == WaitOutcome.Waiting) Pool.OnShort(this);
            return waiter.Task(cancellationToken);
        }

        waiter.Recycle();
        return new(Refuse(RefusalReason.QueueFull, units, Waiters.Limit));
    }

    private bool TryTake(int units)
    {
        if (_cell.TryAcquireSlow(units)) return true;
        var word = _cell.Read();
        if (word.IsQuiet || Waiters.ClosedBecause != WaitOutcome.Waiting) return false;

        // Somebody waits, or debt is owed: let what is free go where it belongs, then look again.
        _account.Attend();
        return Waiters.NewestFirst && _cell.TryGrant(units, isLast: false, out _) || _cell.TryAcquireSlow(units);
    }

    /// <summary>The largest request for which waiting makes sense.</summary>
    private int Most => Math.Max(Waiters.LargestEver, Allocation);

    /// <summary>Grants whatever is asked for, and tells what would have become of it.</summary>
    private ResourceLease Observe(int units, bool wouldWait, WaitGroup? group = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        if (ReasonNow(group) is var closed and not RefusalReason.NotAvailable) return Refuse(closed, units, 0);
        Pool.Observe(this, units, wouldWait);
        return _cell.TryTakeUnchecked(units) ? Grant(units) : Refuse(RefusalReason.NotAvailable, units, 0);
    }

    private RefusalReason ReasonNow(WaitGroup? group = null)
    {
        if (Waiters.ClosedBecause == WaitOutcome.Removed) return RefusalReason.Removed;
        if (Waiters.ClosedBecause != WaitOutcome.Disposed) return RefusalReason.NotAvailable;
        return group is null ? throw new ObjectDisposedException(nameof(ResourcePool)) : RefusalReason.Disposed;
    }

    private ResourceLease Grant(int units)
    {
        if (Pool.LooksAtEachLease) return GrantAlone(units);
        var ticket = LeaseTicket.Prepare(_cell, units);
        return new ResourceLease(ticket, ticket.Take());
    }

    /// <summary>A ticket of its own for each lease: it is in no thread's ring, so the next caller comes this way too.</summary>
    private ResourceLease GrantAlone(int units)
    {
        var ticket = LeaseTicket.Alone(_cell, units);
        var stamp = ticket.Take();
        Pool.Tracker?.Taken(ticket, stamp);
        return new ResourceLease(ticket, stamp);
    }

    private ResourceLease Refuse(RefusalReason reason, int units, int possible)
    {
        Pool.Metrics.Refused(Name, reason);
        return new ResourceLease(_cell, new Refusal(reason, units, possible));
    }
}
