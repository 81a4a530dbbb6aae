using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>
/// A transfer of allocation from a lender to a borrower for a term, or the reason why there is none. Dispose it to return
/// the units early; left alone, it ends by itself when its term is over.
/// </summary>
/// <remarks>
/// A value that costs no allocation when there is one lender. It may be copied and disposed on any thread; of all ways in which a loan can
/// end (disposal of any copy, the end of its term, a recall, removal of a party) one takes effect. When it ends, the borrower's free units go
/// back at once and units still in use go back as their leases are disposed; until then the borrower owes them. A default loan
/// was not granted and does nothing. A request that several lenders fill is one value for several loans, which come due together.
/// </remarks>
public readonly struct Loan : IDisposable, IAsyncDisposable, IEquatable<Loan>
{
    // The handles when there are several lenders.
    private readonly LoanHandle[]? _several;

    // The borrower when granted; whoever stood in the way when refused; null for nothing asked.
    private readonly Participant? _party;

    // A handle when granted (not negative), a packed refusal when refused (negative).
    private readonly long _handle;

    internal Loan(Participant borrower, LoanHandle loan)
    {
        _party = borrower;
        _handle = loan.Packed;
    }

    internal Loan(Participant borrower, ReadOnlySpan<LoanHandle> loans) : this(borrower, loans[0])
    {
        if (loans.Length > 1) _several = loans.ToArray();
    }

    internal Loan(Participant party, Refusal refusal)
    {
        _party = party;
        _handle = refusal.Packed;
    }

    /// <summary>A pool that only observes lends nothing and refuses nothing.</summary>
    internal static Loan Observed(Participant borrower) => new(borrower, LoanHandle.Observed);

    /// <summary>Whether the loan was granted. Stays true after it has ended.</summary>
    public bool IsGranted => _party is not null && _handle >= 0;

    /// <summary>Whether the loan was granted and has not ended; of several lenders' loans, whether any has not.</summary>
    public bool IsActive
    {
        get
        {
            for (var i = 0; i < Count; i++)
                if (Home.IsActive(this[i])) return true;
            return false;
        }
    }

    /// <summary>Why the loan was refused; <see cref="RefusalReason.None"/> when it was granted.</summary>
    public RefusalReason Refusal => ResourceBorrowing.Refusal.From(_handle).Reason;

    /// <summary>The refusal in words, with the party and the numbers that decided; made when asked for.</summary>
    public string Explanation =>
        _party is null ? "nothing was asked for"
        : !IsGranted ? ResourceBorrowing.Refusal.From(_handle).Describe(_party.Name)
        : Exists ? "granted" : "granted, but the pool only observes: nothing was moved";

    /// <summary>
    /// Cancelled when the units are wanted back: when the loan is recalled, wholly or in part, when its term is over, or when a party leaves the pool; of several lenders' loans, when any is. Made when asked for.
    /// Returning the loan does not cancel a token that was asked for before. A loan that has ended, or was never made, has a token that is cancelled
    /// already. Callbacks run on the thread pool; what they throw is contained.
    /// </summary>
    public CancellationToken RecallToken
    {
        get
        {
            if (!Exists) return new CancellationToken(canceled: true);
            var loan = this[0];
            return Home.RecallTokenOf(_several ?? new ReadOnlySpan<LoanHandle>(in loan));
        }
    }

    /// <summary>
    /// What became of each of its loans that is not settled: one, or one for each lender. Parts that were returned or recalled before the rest are not in it.
    /// Empty once the units of the others are back.
    /// </summary>
    public IReadOnlyList<LoanStatus> Status
    {
        get
        {
            var open = new List<LoanStatus>(Count);
            for (var i = 0; i < Count; i++)
            {
                if (Home.TryRead(this[i], out var record, out var group))
                    open.Add(new(group!.Lender.Name, group.Borrower.Name, record.Units, record.Left, LoanStatus.PhaseOf(record.State), TimeSpan.FromMilliseconds(record.Due)));
            }

            return open;
        }
    }

    /// <summary>The loan that was granted; the first of several lenders'.</summary>
    internal LoanHandle Handle => this[0];

    /// <summary>The loan of one of several lenders.</summary>
    internal Loan Part(int place) => new(_party!, this[place]);

    private bool Exists => IsGranted && _handle != LoanHandle.Observed.Packed;

    private int Count => !Exists ? 0 : _several?.Length ?? 1;

    private LoanHandle this[int place] => _several is null ? LoanHandle.From(_handle) : _several[place];

    private LoanShard Home => _party!.Account.Home;

    /// <summary>Returns the loan early, unless it has ended before. Never throws.</summary>
    public void Dispose()
    {
        for (var i = 0; i < Count; i++) _party!.Pool.Return(_party.Account, this[i], int.MaxValue);
    }

    /// <summary>As <see cref="Dispose"/>; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>Returns some of the units early; the rest stays lent as agreed.</summary>
    /// <param name="units">How many, from 1. As many as are lent, or more, return the whole loan.</param>
    /// <returns>Units returned; those still in use are owed. 0 when the loan has ended before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int Return(int units)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        var returned = 0;
        for (var i = 0; i < Count && returned < units; i++) returned += _party!.Pool.Return(_party.Account, this[i], units - returned);
        return returned;
    }

    /// <summary>
    /// Begins another term now, if a new request would be granted; the units are there already, and a lender that wants to be asked is not asked again. It
    /// never shortens the term.
    /// </summary>
    /// <param name="duration">How long, 1 ms to 30 days.</param>
    /// <returns>Why not; <see cref="RefusalReason.None"/> when renewed. Of several lenders' loans each that goes on is asked, and the first refusal is told.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The duration is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    /// <remarks>What the pool's <see cref="TimeProvider"/> throws reaches the caller.</remarks>
    public RefusalReason TryRenew(TimeSpan duration)
    {
        ResourcePool.ThrowIfNoTerm(duration);
        var told = IsGranted && !Exists ? RefusalReason.None : RefusalReason.LoanEnded;
        for (var i = 0; i < Count; i++)
        {
            var reason = _party!.Pool.Renew(_party.Account, this[i], duration);
            if (reason != RefusalReason.LoanEnded && told is RefusalReason.LoanEnded or RefusalReason.None) told = reason;
        }

        return told;
    }

    /// <summary>
    /// Recalls the loan, or some of its units, for its lender. It takes effect after the minimum hold and the notice of its terms; units in use then
    /// go back as they are released.
    /// </summary>
    /// <param name="units">How many at the most, from 1. Default all.</param>
    /// <returns>Units recalled: 0 when it has ended, was recalled before, is not recallable, or comes due by then anyway and does not renew itself.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int Recall(int units = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        var recalled = 0;
        for (var i = 0; i < Count && recalled < units; i++) recalled += _party!.Pool.Recall(_party.Account, this[i], units - recalled);
        return recalled;
    }

    /// <summary>
    /// Gives an overdue loan up: it no longer counts as open. The units stay owed and overdue, and the next ones released still pay. Parts that were returned or
    /// recalled before the rest are not reached.
    /// </summary>
    /// <returns>Whether any was overdue.</returns>
    public bool WriteOff()
    {
        var any = false;
        for (var i = 0; i < Count; i++) any |= _party!.Pool.WriteOff(_party.Account, this[i]);
        return any;
    }

    /// <summary>Whether both are copies of one loan.</summary>
    public bool Equals(Loan other) => _party == other._party && _handle == other._handle;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Loan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _handle.GetHashCode();

    /// <summary>Whether both are copies of one loan.</summary>
    public static bool operator ==(Loan left, Loan right) => left.Equals(right);

    /// <summary>Whether they are different loans.</summary>
    public static bool operator !=(Loan left, Loan right) => !left.Equals(right);

    /// <summary>The outcome in words.</summary>
    public override string ToString() => Explanation;
}
