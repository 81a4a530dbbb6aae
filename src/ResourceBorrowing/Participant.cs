using System.Runtime.CompilerServices;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing;

/// <summary>
/// An API as the pool knows it: the owner of an allocation of resource units, whose callers take leases on them and which lends to and
/// borrows from others.
/// </summary>
/// <remarks>
/// Hold on to it: looking it up by name costs more than using it. Thread-safe. <see cref="TryAcquire"/> and disposing a lease
/// are lock-free; borrowing takes the lock of one shard of the loan book.
/// </remarks>
public sealed class Participant
{
    private readonly PermitCell _cell;
    private readonly Allocation _account;

    internal Participant(ResourcePool pool, Allocation account, Standing standing, bool isConfigured)
    {
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

    /// <summary>Units it could lend right now: free, its own, within its lending limit; 0 while its callers wait or it owes units.</summary>
    public int Lendable => _account.Lendable;

    /// <summary>Units of it that others have, those they owe included.</summary>
    public int Lent => _account.Lent;

    /// <summary>Units of others that it has, those it owes included.</summary>
    public int Borrowed => _account.Borrowed;

    /// <summary>Units of ended loans that its callers still use; the next units released pay them.</summary>
    public int Debt => _account.Debt;

    /// <summary>Units asked for by callers that wait.</summary>
    public int Waiting => _account.Waiters.WaitingUnits;

    /// <summary>The least its allocation can be lent down to: nominal quota - lending limit.</summary>
    public int Floor => _account.Floor;

    /// <summary>The most its allocation can be: nominal quota + borrowing limit. No request may be larger.</summary>
    public int Ceiling => _account.Ceiling;

    /// <summary>Its reputation now, 0 to 100, from 50; all loans settled so far are taken into account.</summary>
    public double Reputation => Pool.Reputations.ScoreOf(Standing);

    internal ResourcePool Pool { get; }

    internal Allocation Account => _account;

    internal WaiterQueue Waiters => _account.Waiters;

    internal Standing Standing { get; }

    internal MapperFeed Mappers { get; }

    /// <summary>The options it was last configured with.</summary>
    internal ParticipantOptions Options { get; set; } = new();

    /// <summary>Whether a configuration brought it in, so that a later one may take it out.</summary>
    internal bool IsConfigured { get; set; }

    /// <summary>Set when it leaves; completed when it has left.</summary>
    internal TaskCompletionSource? Leaving { get; set; }

    /// <summary>Takes units if they are free and nobody waits for them. Never waits.</summary>
    /// <remarks>Beside a wait that is just ending on another thread it may still be refused.</remarks>
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
    /// Completed at once when nobody need wait. Await it once.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or above <see cref="Ceiling"/>: that could never succeed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the units were granted.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been, or was meanwhile, disposed.</exception>
    public ValueTask<ResourceLease> AcquireAsync(int units = 1, CancellationToken cancellationToken = default) =>
        AcquireAsync(units, group: null, cancellationToken);

    /// <summary>Asks another participant for a loan of units.</summary>
    /// <param name="lender">Who shall lend; may be the pool's <see cref="ResourcePool.Reserve"/>.</param>
    /// <param name="units">How many, from 1; all or nothing.</param>
    /// <param name="duration">For how long, 1 ms to 30 days. It never ends early by itself.</param>
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

    /// <summary>One line for people: name, units and reputation.</summary>
    public override string ToString() => $"{Name}: {_cell.Read()} (owns {NominalQuota}, lent {Lent}, borrowed {Borrowed})";

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
        WaitOutcome.QueueFull => Refuse(RefusalReason.QueueFull, units, 0),
        WaitOutcome.ExceedsAllocation => Refuse(RefusalReason.ExceedsAllocation, units, Math.Max(NominalQuota, Allocation)),
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
        ThrowIfImpossible(units);
        if (TryTake(units)) return Grant(units);
        return Refuse(ReasonNow(), units, Available);
    }

    private ValueTask<ResourceLease> AcquireSlowAsync(int units, WaitGroup? group, CancellationToken cancellationToken)
    {
        ThrowIfImpossible(units);
        if (TryTake(units)) return new(Grant(units));

        return QueueAsync(units, group, cancellationToken);
    }

    /// <summary>Waits in the queue. A request for none waits until any unit is free and takes none.</summary>
    internal ValueTask<ResourceLease> QueueAsync(int units, WaitGroup? group, CancellationToken cancellationToken)
    {
        if (ReasonNow(group) is var reason and not RefusalReason.NotAvailable) return new(Refuse(reason, units, 0));
        var most = Math.Max(NominalQuota, Allocation);
        if (units > most) return new(Refuse(RefusalReason.ExceedsAllocation, units, most));

        var waiter = LeaseWaiter.Rent(this, units, group);
        if (Waiters.TryEnqueue(waiter))
        {
            // Who was disposed before we were queued has swept too early.
            if (group is { IsAbandoned: true }) Waiters.Sweep();
            return waiter.Task(cancellationToken);
        }

        waiter.Recycle();
        return new(Refuse(RefusalReason.QueueFull, units, 0));
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

    private RefusalReason ReasonNow(WaitGroup? group = null)
    {
        if (Waiters.ClosedBecause == WaitOutcome.Removed) return RefusalReason.Removed;
        if (Waiters.ClosedBecause != WaitOutcome.Disposed) return RefusalReason.NotAvailable;
        return group is null ? throw new ObjectDisposedException(nameof(ResourcePool)) : RefusalReason.Disposed;
    }

    private ResourceLease Grant(int units)
    {
        var ticket = LeaseTicket.Prepare(_cell, units);
        return new ResourceLease(ticket, ticket.Take());
    }

    private ResourceLease Refuse(RefusalReason reason, int units, int possible)
    {
        Pool.Metrics.Refused(Name, reason);
        return new ResourceLease(_cell, new Refusal(reason, units, possible));
    }
}
