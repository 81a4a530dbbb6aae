using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>
/// A transfer of allocation from a lender to a borrower for a term, or the reason why there is none. Dispose it to return
/// the units early; left alone, it ends by itself when its term is over.
/// </summary>
/// <remarks>
/// A value that costs no allocation. It may be copied and disposed on any thread; of all ways in which a loan can end (disposal of any
/// copy, the end of its term, removal of a party) one takes effect. When it ends, the borrower's free units go back at
/// once and units still in use go back as their leases are disposed; until then the borrower owes them. A default loan
/// was not granted and does nothing.
/// </remarks>
public readonly struct Loan : IDisposable, IAsyncDisposable, IEquatable<Loan>
{
    private readonly ResourcePool? _pool;

    // The borrower when granted; whoever stood in the way when refused.
    private readonly Allocation? _party;

    private readonly long _handle;

    internal Loan(ResourcePool pool, Allocation borrower, LoanHandle handle)
    {
        _pool = pool;
        _party = borrower;
        _handle = handle.Packed;
    }

    internal Loan(Allocation party, Refusal refusal)
    {
        _party = party;
        _handle = refusal.Packed;
    }

    /// <summary>Whether the loan was granted. Stays true after it has ended.</summary>
    public bool IsGranted => _pool is not null;

    /// <summary>Whether the loan was granted and has not ended.</summary>
    public bool IsActive => _pool is not null && _party!.Home.IsActive(LoanHandle.From(_handle));

    /// <summary>Why the loan was refused; <see cref="RefusalReason.None"/> when it was granted.</summary>
    public RefusalReason Refusal => _pool is null ? ResourceBorrowing.Refusal.From(_handle).Reason : RefusalReason.None;

    /// <summary>The refusal in words, with the party and the numbers that decided; made when asked for.</summary>
    public string Explanation =>
        _party is null ? "nothing was asked for" : IsGranted ? "granted" : ResourceBorrowing.Refusal.From(_handle).Describe(_party.Name);

    /// <summary>Returns the loan early, unless it has ended before. Never throws.</summary>
    public void Dispose() => _pool?.Return(_party!, LoanHandle.From(_handle));

    /// <summary>As <see cref="Dispose"/>; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
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
