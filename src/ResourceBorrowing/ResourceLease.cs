using System.Runtime.CompilerServices;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing;

/// <summary>
/// A caller's handle on units in use, or the reason why it got none. Dispose it to give the units back.
/// </summary>
/// <remarks>
/// A value of two words that costs no allocation. It may be copied, kept across <c>await</c> and disposed on any thread,
/// and disposing it twice, or several copies of it at once, gives the units back once. A lease that nobody disposes
/// keeps its units in use for ever. A default lease was not acquired and does nothing.
/// </remarks>
public readonly struct ResourceLease : IDisposable, IEquatable<ResourceLease>
{
    private readonly LeaseTicket? _ticket;

    // The ticket's stamp when acquired (positive), a packed refusal when refused (negative).
    private readonly long _stamp;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ResourceLease(LeaseTicket ticket, long stamp)
    {
        _ticket = ticket;
        _stamp = stamp;
    }

    internal ResourceLease(PermitCell cell, Refusal refusal) : this(cell.RefusedTicket, refusal.Packed) { }

    /// <summary>Whether units were granted. Stays true after disposal.</summary>
    public bool IsAcquired => _stamp > 0;

    /// <summary>Why no units were granted; <see cref="RefusalReason.None"/> when they were.</summary>
    public RefusalReason Refusal => ResourceBorrowing.Refusal.From(_stamp).Reason;

    /// <summary>The refusal in words, with the participant and the numbers that decided; made when asked for.</summary>
    public string Explanation => _ticket is null || _stamp > 0
        ? (_stamp > 0 ? "granted" : "nothing was asked for")
        : ResourceBorrowing.Refusal.From(_stamp).Describe(_ticket.Cell.Holder);

    /// <summary>
    /// Cancelled when units that the participant borrowed are wanted back: a loan was recalled with notice, or has ended, recalled or not, while units are
    /// in use. One token for all leases of the participant, made when asked for. Already cancelled while the participant owes units, and for a lease that was not
    /// acquired. Callbacks run on the thread pool; what they throw is contained.
    /// </summary>
    public CancellationToken RecallToken => _stamp > 0 ? _ticket!.Cell.RecallToken : new CancellationToken(canceled: true);

    /// <summary>Gives the units back, unless this lease or a copy of it did so before. Never throws, never waits.</summary>
    public void Dispose() => TryDispose();

    /// <returns>Whether it was this call, and no other on a copy, that gave the units back.</returns>
    internal bool TryDispose() => _stamp > 0 && _ticket!.Return(_stamp);

    /// <summary>Ends the lease and leaves its units in use: whoever asks for this gives them back.</summary>
    /// <returns>How many; 0 when the lease had ended before.</returns>
    internal int Detach() => _stamp > 0 ? _ticket!.Detach(_stamp) : 0;

    /// <summary>Whether both are copies of one lease.</summary>
    public bool Equals(ResourceLease other) => _ticket == other._ticket && _stamp == other._stamp;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ResourceLease other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _stamp.GetHashCode();

    /// <summary>Whether both are copies of one lease.</summary>
    public static bool operator ==(ResourceLease left, ResourceLease right) => left.Equals(right);

    /// <summary>Whether they are different leases.</summary>
    public static bool operator !=(ResourceLease left, ResourceLease right) => !left.Equals(right);

    /// <summary>The outcome in words.</summary>
    public override string ToString() => Explanation;
}
