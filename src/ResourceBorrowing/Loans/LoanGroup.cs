namespace ResourceBorrowing.Loans;

/// <summary>The loans of one borrower from one lender on the same conditions; a recall looks for its victims here.</summary>
/// <remarks>
/// Guarded by the borrower's home lock. Units are read without it by recalls that look where it is worth taking the lock,
/// and by the attribution of harm.
/// </remarks>
internal sealed class LoanGroup(LoanPair pair, LoanConditions conditions, int index)
{
    private int _liveUnits;
    private long _lentAt;
    private int _units;
    private bool _isListedByLender;

    internal LoanPair Pair { get; } = pair;

    internal Allocation Lender => Pair.Lender;

    internal Allocation Borrower => Pair.Borrower;

    internal LoanConditions Conditions { get; } = conditions;

    /// <summary>Its place in the shard; records speak of it by this.</summary>
    internal int Index { get; } = index;

    /// <summary>The youngest loan that can be recalled.</summary>
    internal int Youngest { get; set; } = LoanRecord.None;

    /// <summary>Whether it stands in its borrower's list of groups on demand.</summary>
    internal bool IsListedOnDemand { get; set; }

    /// <summary>Whether it stands among its lender's groups. Set under the lock of the lender's <see cref="LenderHarm"/>.</summary>
    internal bool IsListedByLender { get => Volatile.Read(ref _isListedByLender); set => Volatile.Write(ref _isListedByLender, value); }

    /// <summary>Where its clean loans are summed up that nobody has judged yet, while <see cref="CleanBatch"/> is the shard's.</summary>
    internal int CleanOutcome { get; set; }

    internal int CleanBatch { get; set; }

    /// <summary>Units of live loans that have not been recalled, and of loans in the making: raised before their lender is debited.</summary>
    internal int LiveUnits
    {
        get => Volatile.Read(ref _liveUnits);
        set
        {
            if (Conditions.IsOnDemand) Borrower.OnDemandUnits += value - _liveUnits;
            Volatile.Write(ref _liveUnits, value);
        }
    }

    /// <summary>When its youngest loan was made.</summary>
    internal long LentAt { get => Volatile.Read(ref _lentAt); set => Volatile.Write(ref _lentAt, value); }

    /// <summary>Units lent, debts included.</summary>
    internal int Units { get => Volatile.Read(ref _units); set => Volatile.Write(ref _units, value); }
}

/// <summary>A lender and a borrower, and what the one has suffered for the other.</summary>
internal sealed class LoanPair(Allocation lender, Allocation borrower)
{
    internal Allocation Lender { get; } = lender;

    internal Allocation Borrower { get; } = borrower;

    /// <summary>Milliseconds that callers of the lender waited, as far as they are put down to this borrower. Guarded by the lender's <see cref="LenderHarm"/>.</summary>
    internal double HarmMilliseconds { get; set; }
}
