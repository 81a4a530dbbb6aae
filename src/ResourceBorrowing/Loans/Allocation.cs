using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

/// <summary>
/// The account of one participant: <c>allocation = nominal quota - lent + borrowed</c>, where lent and borrowed include
/// unpaid debt. The allocation itself and the units in use stand in the <see cref="PermitCell"/>.
/// </summary>
/// <remarks>
/// <para><b>Access.</b></para>
/// <list type="table">
/// <item><term>quota and limits</term><description>read by anybody, written under all shards' locks</description></item>
/// <item><term>lent</term><description>changed by interlocked operations under the home lock of the loan concerned</description></item>
/// <item><term>borrowed, debt, list of debts</term><description>under this participant's home lock, for it is the home of all its loans as borrower</description></item>
/// </list>
/// <para><b>Order.</b> Lent rises before the lender's allocation falls and falls after it has risen again, so at any
/// instant at least what is really lent counts as lent. Borrowed rises before the borrower's allocation.</para>
/// </remarks>
internal sealed class Allocation
{
    private Counters _counters = new();
    private int _nominal;
    private int _lendingLimit;
    private int _borrowingLimit;
    private int _ceiling;
    private int _needsAttention;
    private int _isDebtor;

    internal Allocation(string name, int index, LoanShard home)
    {
        Name = name;
        Index = index;
        Home = home;
        Cell = new PermitCell(name, 0, Attend);
        Waiters = new WaiterQueue(Cell);
    }

    internal string Name { get; }

    /// <summary>Its place in the loan book; records speak of participants by it.</summary>
    internal int Index { get; }

    /// <summary>The shard that holds the loans in which it borrows.</summary>
    internal LoanShard Home { get; }

    internal PermitCell Cell { get; }

    internal WaiterQueue Waiters { get; }

    internal int Nominal { get => Volatile.Read(ref _nominal); set => Volatile.Write(ref _nominal, value); }

    internal int LendingLimit { get => Volatile.Read(ref _lendingLimit); set => Volatile.Write(ref _lendingLimit, value); }

    internal int BorrowingLimit { get => Volatile.Read(ref _borrowingLimit); set => Volatile.Write(ref _borrowingLimit, value); }

    internal int Lent => Volatile.Read(ref _counters.Lent);

    internal int Borrowed
    {
        get => Volatile.Read(ref _counters.Borrowed);
        set
        {
            Volatile.Write(ref _counters.BorrowedChanges, _counters.BorrowedChanges + 1);
            Volatile.Write(ref _counters.Borrowed, value);
        }
    }

    internal int Debt { get => Volatile.Read(ref _counters.Debt); set => Volatile.Write(ref _counters.Debt, value); }

    internal int OpenLoans { get => Volatile.Read(ref _counters.OpenLoans); set => Volatile.Write(ref _counters.OpenLoans, value); }

    internal int FirstDebt { get => _counters.FirstDebt; set => _counters.FirstDebt = value; }

    internal int LastDebt { get => _counters.LastDebt; set => _counters.LastDebt = value; }

    /// <summary>Nominal quota + borrowing limit, set as one value so that no caller sees half of a change.</summary>
    internal int Ceiling { get => Volatile.Read(ref _ceiling); set => Volatile.Write(ref _ceiling, value); }

    internal int Floor => Nominal - LendingLimit;

    /// <summary>What may be lent to others now: own free units, within the lending limit, and nothing while somebody waits.</summary>
    internal int Lendable
    {
        get
        {
            var word = Cell.Read();
            return word.IsQuiet ? Math.Max(0, Math.Min(word.Free - Borrowed, LendingLimit - Lent)) : 0;
        }
    }

    /// <summary>The participant whose account this is; the loan book does not look inside.</summary>
    internal object? Owner { get; set; }

    /// <summary>Set while it leaves the pool.</summary>
    internal bool IsDraining { get; set; }

    internal bool IsDrained => IsDraining && Cell.Read() is { Allocation: 0 } && Lent == 0 && Borrowed == 0;

    /// <summary>Told outside all locks whenever the allocation may have changed; null when nobody wants to know.</summary>
    internal Action? Changed { get; set; }

    /// <summary>Links of <see cref="AttentionList"/> and of the shard's stack of debtors.</summary>
    internal Allocation? NextForAttention { get; set; }

    internal Allocation? NextDebtor { get; set; }

    internal bool TryMarkForAttention() => Interlocked.Exchange(ref _needsAttention, 1) == 0;

    internal void ClearAttention() => Interlocked.Exchange(ref _needsAttention, 0);

    internal bool TryMarkAsDebtor() => Interlocked.Exchange(ref _isDebtor, 1) == 0;

    internal void ClearDebtorMark() => Interlocked.Exchange(ref _isDebtor, 0);

    /// <summary>Reserves room under the lending limit.</summary>
    internal bool TryRaiseLent(int units)
    {
        while (true)
        {
            var lent = Lent;
            if (units > LendingLimit - lent) return false;
            if (Interlocked.CompareExchange(ref _counters.Lent, lent + units, lent) == lent) return true;
        }
    }

    /// <summary>Debits the lender by free units that it has not borrowed itself; the room under the limit has been reserved before.</summary>
    internal bool TryLend(int units, ref AttentionList attention)
    {
        while (true)
        {
            // Borrowed rises before the word's allocation does and falls after it has fallen, so read after the word it is
            // never too low for that word; unless a loan ended and another began in between, which the count tells.
            var changes = Volatile.Read(ref _counters.BorrowedChanges);
            var word = Cell.Read();
            if (!word.TryLend(units, Borrowed, out var next)) return false;
            if (!Cell.TrySwap(word, next)) continue;
            if (Volatile.Read(ref _counters.BorrowedChanges) == changes) return true;

            if (!Cell.Credit(units).IsQuiet) attention.Add(this);
        }
    }

    internal void ChangeLent(int units) => Interlocked.Add(ref _counters.Lent, units);

    /// <summary>Units became free, or somebody waits for units this participant owes: pays first, then serves.</summary>
    internal void Attend()
    {
        if (!Cell.Read().OwesDebt)
        {
            Waiters.Serve();
            return;
        }

        var attention = new AttentionList();
        attention.Add(this);
        attention.Run();
    }

    /// <summary>The fields that loans write, on lines of their own.</summary>
    private struct Counters()
    {
#pragma warning disable CS0169, IDE0051 // The padding is there to be unused.
        private CacheLinePadding _before;
        internal int Lent;
        internal int Borrowed;
        internal int BorrowedChanges;
        internal int Debt;
        internal int OpenLoans;
        internal int FirstDebt = LoanRecord.None;
        internal int LastDebt = LoanRecord.None;
        private CacheLinePadding _after;
#pragma warning restore CS0169, IDE0051
    }
}
