namespace ResourceBorrowing.Permits;

/// <summary>
/// An immutable snapshot of one participant's word, and every transition the word may make. A transition is pure: it
/// answers whether it applies and what the word would be afterwards; <see cref="PermitCell"/> makes it true with one
/// compare-and-swap.
/// </summary>
/// <remarks>
/// Layout: <c>[0..30] in use  [31..61] allocation  [62] waiters queued  [63] debt owed</c>.
/// Invariant of every word ever published: in use is at most allocation, and both fit in 31 bits.
/// </remarks>
internal readonly record struct PermitWord(long Bits)
{
    internal const int InUseShift = 0;
    internal const int InUseWidth = 31;
    internal const int AllocationShift = InUseShift + InUseWidth;
    internal const int AllocationWidth = 31;
    internal const int WaitersShift = AllocationShift + AllocationWidth;
    internal const int DebtShift = WaitersShift + 1;

    private const long UnitMask = (1L << InUseWidth) - 1;
    private const long WaitersFlag = 1L << WaitersShift;
    private const long DebtFlag = 1L << DebtShift;

    internal static PermitWord Of(int allocation, int inUse = 0) => new(((long)allocation << AllocationShift) | (uint)inUse);

    internal int InUse => (int)(Bits & UnitMask);

    internal int Allocation => (int)((Bits >>> AllocationShift) & UnitMask);

    internal int Free => Allocation - InUse;

    internal bool HasWaiters => (Bits & WaitersFlag) != 0;

    internal bool OwesDebt => (Bits & DebtFlag) != 0;

    /// <summary>Nobody waits and nothing is owed: the fast paths may act without asking anybody.</summary>
    internal bool IsQuiet => (ulong)Bits >> WaitersShift == 0;

    /// <summary>A caller takes units: never past a waiter, never while debt is owed.</summary>
    internal bool TryAcquire(int units, out PermitWord next)
    {
        next = new PermitWord(Bits + units);
        return IsQuiet && units <= Free;
    }

    /// <summary>
    /// A waiter at the front is served, or a newest-first caller passes the queue. Debt still comes first. Who waits for none
    /// waits until there is any.
    /// </summary>
    internal bool TryGrant(int units, out PermitWord next)
    {
        next = new PermitWord(Bits + units);
        return !OwesDebt && Math.Max(1, units) <= Free;
    }

    /// <summary>A caller takes units, whoever they belong to: only where nothing is enforced may more be in use than is allocated.</summary>
    internal bool TryTakeUnchecked(int units, out PermitWord next)
    {
        next = new PermitWord(Bits + units);
        return units <= UnitMask - InUse;
    }

    /// <summary>What a release subtracts from the word; the mechanism is one interlocked addition.</summary>
    internal PermitWord Release(int units) => new(Bits - units);

    /// <summary>
    /// A lender is debited: free units only, nothing while it has waiters or debt, and never units that it
    /// <paramref name="borrowed"/> itself.
    /// </summary>
    internal bool TryLend(int units, int borrowed, out PermitWord next)
    {
        next = new PermitWord(Bits - ((long)units << AllocationShift));
        return IsQuiet && units <= Free - borrowed;
    }

    /// <summary>Units arrive.</summary>
    internal PermitWord Credit(int units) => new(Bits + ((long)units << AllocationShift));

    /// <summary>
    /// Free units leave to pay <paramref name="owed"/>; what cannot be paid now stays owed, and the flag says so in the
    /// same step, so that no caller can take a unit in between.
    /// </summary>
    internal PermitWord Repay(int owed, out int paid)
    {
        paid = Math.Clamp(Free, 0, owed);
        var rest = (Bits & ~DebtFlag) - ((long)paid << AllocationShift);
        return new PermitWord(paid < owed ? rest | DebtFlag : rest);
    }

    internal PermitWord WithWaiters() => new(Bits | WaitersFlag);

    internal PermitWord WithoutWaiters() => new(Bits & ~WaitersFlag);

    public override string ToString() =>
        $"{InUse} of {Allocation} in use{(HasWaiters ? ", waiters" : "")}{(OwesDebt ? ", debt" : "")}";
}
