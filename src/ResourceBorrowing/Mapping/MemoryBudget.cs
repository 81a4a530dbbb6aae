using System.Buffers;
using System.Runtime.CompilerServices;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Bytes that a participant's units stand for, to be reserved before they are used; the budget follows the allocation, and what is reserved is never taken away.</summary>
/// <remarks>
/// As many of the participant's units are in use as the reserved bytes fill, the last of them perhaps in part. When the allocation shrinks below that, nothing more is granted until enough was
/// released. It counts what it is told; it does not stop anybody from allocating. Thread-safe.
/// </remarks>
public sealed class MemoryBudget : IResourceMapper, IBundled
{
    private readonly Lock _lock = new();
    private readonly Participant _participant;
    private readonly UsedUnits _used;
    private long _reserved;

    /// <param name="participant">Whose units stand for the memory.</param>
    /// <param name="bytesPerUnit">Bytes that one unit stands for, from 1. Default: the memory of the participant's units (<see cref="ResourceUnitOptions.MemoryBytes"/> times its needs) at this moment.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one byte per unit.</exception>
    /// <exception cref="InvalidOperationException">Neither the argument nor the pool say how many bytes a unit stands for.</exception>
    public MemoryBudget(Participant participant, long? bytesPerUnit = null)
    {
        ArgumentNullException.ThrowIfNull(participant);
        if (bytesPerUnit is { } bytes) ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1, nameof(bytesPerUnit));
        BytesPerUnit = bytesPerUnit ?? (long)participant.UnitAmounts.MemoryBytes;
        if (BytesPerUnit < 1)
            throw new InvalidOperationException($"'{participant.Name}' has no memory per unit: say it, or set {nameof(ResourcePoolOptions)}.{nameof(ResourcePoolOptions.Unit)}.{nameof(ResourceUnitOptions.MemoryBytes)} and its needs.");
        _participant = participant;
        _used = new UsedUnits(participant);
        Buffers = new BudgetMemoryPool(this);
    }

    /// <summary>Bytes that one unit stands for.</summary>
    public long BytesPerUnit { get; }

    /// <summary>Bytes reserved now.</summary>
    public long Reserved
    {
        get
        {
            lock (_lock) return _reserved;
        }
    }

    /// <summary>Bytes that can be reserved at once now, without recalling or borrowing units.</summary>
    public long Available
    {
        get
        {
            lock (_lock) return Math.Max(0, (_used.Count + (long)Math.Max(0, _participant.Available)) * BytesPerUnit - _reserved);
        }
    }

    /// <summary>Shared buffers that are reserved while they are rented. Renting beyond the budget throws an <see cref="InsufficientMemoryException"/> that says why.</summary>
    public MemoryPool<byte> Buffers { get; }

    /// <summary>Reserves bytes if the budget has them. Never waits.</summary>
    /// <param name="bytes">How many, from 0.</param>
    /// <returns>A reservation; when refused, one that says why.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than the participant could ever have.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public MemoryReservation TryReserve(long bytes)
    {
        ThrowIfImpossible(bytes);
        while (true)
        {
            if (TryTake(bytes, out var missing)) return new MemoryReservation(this, bytes);
            var lease = _participant.TryAcquire(missing);
            if (!lease.IsAcquired) return TryTake(bytes, out _) ? new MemoryReservation(this, bytes) : new MemoryReservation(lease);
            if (TryTakeWith(lease, bytes)) return new MemoryReservation(this, bytes);
        }
    }

    /// <summary>Reserves bytes, waiting in the participant's queue for the units that they need.</summary>
    /// <param name="bytes">How many, from 0.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A reservation; when the queue is full or waiting could never end, one that was refused and says why.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than the participant could ever have.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the bytes were granted.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been, or was meanwhile, disposed.</exception>
    public async ValueTask<MemoryReservation> ReserveAsync(long bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfImpossible(bytes);
        while (true)
        {
            if (TryTake(bytes, out var missing)) return new MemoryReservation(this, bytes);
            var lease = await _participant.AcquireAsync(missing, cancellationToken).ConfigureAwait(false);
            if (!lease.IsAcquired) return TryTake(bytes, out _) ? new MemoryReservation(this, bytes) : new MemoryReservation(lease);
            if (TryTakeWith(lease, bytes)) return new MemoryReservation(this, bytes);
        }
    }

    /// <summary>Nothing to do: the budget is what units can be had.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    /// <inheritdoc/>
    Participant IBundled.Participant => _participant;

    /// <inheritdoc/>
    int IBundled.Rank => 2;

    /// <inheritdoc/>
    void IBundled.ThrowIfImpossible(long amount, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amount, 1, name);
        ThrowIfImpossible(amount, name);
    }

    /// <inheritdoc/>
    async ValueTask<BundleShare> IBundled.TakeAsync(long amount, CancellationToken cancellationToken) =>
        new Share(await ReserveAsync(amount, cancellationToken).ConfigureAwait(false));

    internal void Release(long bytes)
    {
        int back;
        lock (_lock)
        {
            _reserved -= bytes;
            back = _used.Take(_used.Count - UnitsFor(_reserved));
        }

        _used.GiveBack(back);
    }

    private bool TryTake(long bytes, out int missing)
    {
        lock (_lock)
        {
            missing = UnitsFor((Int128)_reserved + bytes) - _used.Count;
            if (missing <= 0) _reserved += bytes;
            return missing <= 0;
        }
    }

    /// <summary>Adds a lease's units; what others have reserved meanwhile may leave too few of them, or some too many.</summary>
    private bool TryTakeWith(ResourceLease lease, long bytes)
    {
        int back;
        bool isTaken;
        lock (_lock)
        {
            _used.Add(lease);
            isTaken = UnitsFor((Int128)_reserved + bytes) <= _used.Count;
            if (isTaken) _reserved += bytes;
            back = _used.Take(_used.Count - UnitsFor(_reserved));
        }

        _used.GiveBack(back);
        return isTaken;
    }

    private int UnitsFor(Int128 bytes) => (int)Int128.Min(int.MaxValue, (bytes + BytesPerUnit - 1) / BytesPerUnit);

    private void ThrowIfImpossible(long bytes, [CallerArgumentExpression(nameof(bytes))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes, name);
        var most = _participant.Ceiling * (Int128)BytesPerUnit;
        if (bytes > most && _participant.Waiters.ClosedBecause == WaitOutcome.Waiting)
            throw new ArgumentOutOfRangeException(name, bytes, $"'{_participant.Name}' can never have more than {most} bytes.");
    }

    private sealed class Share(MemoryReservation reservation) : BundleShare
    {
        internal override RefusalReason Refusal => reservation.Refusal;

        internal override string Explanation => reservation.Explanation;

        internal override void GiveBack(bool isUsed) => reservation.Dispose();
    }
}
