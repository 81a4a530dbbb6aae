namespace ResourceBorrowing;

/// <summary>
/// On what conditions a loan is made, beside its units and its length. A value; make few different ones and keep them: a pool remembers at most 4096.
/// </summary>
public sealed record LoanTerms
{
    /// <summary>Recallable at once, no minimum hold, the pool's grace period, one term, priority 0.</summary>
    public static LoanTerms Default { get; } = new();

    /// <summary>Whether the lender may have the units back before the term is over. Default true.</summary>
    public bool IsRecallable { get; init; } = true;

    /// <summary>How long the borrower may keep them at the least, from the start of the term, 0 to 30 days. Default 0.</summary>
    public TimeSpan MinimumHold { get; init; }

    /// <summary>
    /// How long before it takes effect a recall is announced, 0 to 30 days. Default 0. It never lengthens the term: a recall that would take effect after it is
    /// none.
    /// </summary>
    public TimeSpan Notice { get; init; }

    /// <summary>How long after the end units still in use count as late rather than lost, 0 to 30 days. Default the pool's grace period.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>Whether another term of the same length follows when one is over and a new request would be granted. Default false.</summary>
    public bool AutoRenews { get; init; }

    /// <summary>Loans of lower priority are recalled first. Default 0.</summary>
    public int Priority { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A time is out of range.</exception>
    internal void ThrowIfInvalid(string parameter)
    {
        Check(nameof(MinimumHold), MinimumHold);
        Check(nameof(Notice), Notice);
        Check(nameof(Grace), Grace ?? TimeSpan.Zero);

        void Check(string name, TimeSpan time)
        {
            if (time < TimeSpan.Zero || time > ResourcePool.LongestTerm)
                throw new ArgumentOutOfRangeException(parameter, time, $"{name} must be 0 to 30 days.");
        }
    }
}

/// <summary>What a borrower asks for.</summary>
/// <param name="Units">How many, from 1; all or nothing.</param>
public readonly record struct LoanRequest(int Units)
{
    /// <summary>Who shall lend. Default anyone: the reserve first, then whoever has most to spare, several if need be.</summary>
    public Participant? Lender { get; init; }

    /// <summary>For how long, 1 ms to 30 days. Default the pool's default term.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>On what conditions. Default <see cref="LoanTerms.Default"/>.</summary>
    public LoanTerms? Terms { get; init; }
}
