using ResourceBorrowing.Market;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Loans;

/// <summary>
/// The account of one participant: <c>allocation = nominal quota - lent + borrowed</c>, where lent and borrowed include
/// unpaid debt. The allocation itself and the units in use stand in the <see cref="PermitCell"/>.
/// </summary>
/// <remarks>
/// <para><b>Access.</b></para>
/// <list type="table">
/// <item><term>quota, limits and rules</term><description>read by anybody, written under all shards' locks</description></item>
/// <item><term>lent, incoming</term><description>changed by interlocked operations under the home lock of the loan concerned</description></item>
/// <item><term>borrowed, debt, list of debts, groups, list of those on demand</term><description>under this participant's home lock, for it is the home of all its loans as borrower</description></item>
/// <item><term>held back</term><description>added to by whoever pays it what was recalled, read by anybody, under a lock of their own</description></item>
/// </list>
/// <para><b>Order.</b> Lent rises before the lender's allocation falls and falls after it has risen again, so at any
/// instant at least what is really lent counts as lent. Borrowed rises before the borrower's allocation.</para>
/// </remarks>
internal sealed class Allocation
{
    private readonly Dictionary<(Allocation Lender, LoanConditions Conditions), LoanGroup> _groups = [];
    private readonly List<LoanGroup> _onDemand = [];
    private Counters _counters = new();
    private LoanGroup? _lastGroup;
    private LendingRules _rules = LendingRules.None;
    private double _score;
    private int _nominal;
    private int _lendingLimit;
    private int _borrowingLimit;
    private int _ceiling;
    private int _needsAttention;
    private int _isDebtor;
    private bool _isNewcomer;
    private int _hasTold;
    private HeldUnits? _held;
    private long _shortAt;

    internal Allocation(string name, int index, LoanShard home)
    {
        Name = name;
        Index = index;
        Home = home;
        Cell = new PermitCell(name, 0, Attend);
        Waiters = new WaiterQueue(Cell, () => Home.Book.Attended(this));
    }

    internal string Name { get; }

    /// <summary>Its place in the loan book.</summary>
    internal int Index { get; }

    /// <summary>The shard that holds the loans in which it borrows.</summary>
    internal LoanShard Home { get; }

    internal PermitCell Cell { get; }

    internal WaiterQueue Waiters { get; }

    /// <summary>What its callers suffer for its lending, and the groups of loans in which it lends.</summary>
    internal LenderHarm Harm { get; } = new();

    internal LendingRules Rules { get => Volatile.Read(ref _rules); set => Volatile.Write(ref _rules, value); }

    /// <summary>Its reputation as of the last evidence: a plain number, so that the borrow path asks no policy.</summary>
    internal double Score { get => Volatile.Read(ref _score); set => Volatile.Write(ref _score, value); }

    internal int Nominal { get => Volatile.Read(ref _nominal); set => Volatile.Write(ref _nominal, value); }

    internal int LendingLimit { get => Volatile.Read(ref _lendingLimit); set => Volatile.Write(ref _lendingLimit, value); }

    internal int BorrowingLimit { get => Volatile.Read(ref _borrowingLimit); set => Volatile.Write(ref _borrowingLimit, value); }

    internal int Lent => Volatile.Read(ref _counters.Lent);

    /// <summary>Units on their way back: recalled, or owed to it.</summary>
    internal int Incoming => Volatile.Read(ref _counters.Incoming);

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

    /// <summary>Units of live loans made on demand, those in the making included.</summary>
    internal int OnDemandUnits { get => Volatile.Read(ref _counters.OnDemandUnits); set => Volatile.Write(ref _counters.OnDemandUnits, value); }

    /// <summary>The part of the debt that no loan accounts for in time any more.</summary>
    internal int OverdueDebt { get => Volatile.Read(ref _counters.OverdueDebt); set => Volatile.Write(ref _counters.OverdueDebt, value); }

    internal int OpenLoans { get => Volatile.Read(ref _counters.OpenLoans); set => Volatile.Write(ref _counters.OpenLoans, value); }

    internal int FirstDebt { get => _counters.FirstDebt; set => _counters.FirstDebt = value; }

    internal int LastDebt { get => _counters.LastDebt; set => _counters.LastDebt = value; }

    /// <summary>Nominal quota + borrowing limit, set as one value so that no caller sees half of a change.</summary>
    internal int Ceiling { get => Volatile.Read(ref _ceiling); set => Volatile.Write(ref _ceiling, value); }

    internal int Floor => Nominal - LendingLimit;

    /// <summary>When a caller of it last found no unit, in milliseconds of pool time.</summary>
    internal long ShortAt { get => Volatile.Read(ref _shortAt); set => Volatile.Write(ref _shortAt, value); }

    /// <summary>Its credits; null where there is no marketplace. Set when it joins, before it can lend or borrow.</summary>
    internal CreditAccount? Credits { get; set; }

    /// <summary>Whoever the pool knows by this account; the loan book does not look inside.</summary>
    internal object? Owner { get; set; }

    /// <summary>Whether it has yet to show that it returns what it borrows.</summary>
    internal bool IsNewcomer { get => Volatile.Read(ref _isNewcomer); set => Volatile.Write(ref _isNewcomer, value); }

    /// <summary>Set while it leaves the pool.</summary>
    internal bool IsDraining { get; set; }

    internal bool IsDrained => IsDraining && Cell.Read() is { Allocation: 0 } && Lent == 0 && Borrowed == 0;

    /// <summary>Told outside all locks whenever the allocation may have changed; null when nobody wants to know.</summary>
    internal Action? Changed { get; set; }

    /// <summary>Links of <see cref="AttentionList"/> and of the shard's stack of debtors.</summary>
    internal Allocation? NextForAttention { get; set; }

    internal Allocation? NextDebtor { get; set; }

    /// <summary>The link of those that told the server of the wants that they have something to lend.</summary>
    internal Allocation? NextTold { get; set; }

    internal bool TryMarkAsTold() => Interlocked.Exchange(ref _hasTold, 1) == 0;

    internal void ClearToldMark() => Interlocked.Exchange(ref _hasTold, 0);

    internal bool TryMarkForAttention() => Interlocked.Exchange(ref _needsAttention, 1) == 0;

    internal void ClearAttention() => Interlocked.Exchange(ref _needsAttention, 0);

    internal bool TryMarkAsDebtor() => Interlocked.Exchange(ref _isDebtor, 1) == 0;

    internal void ClearDebtorMark() => Interlocked.Exchange(ref _isDebtor, 0);

    /// <summary>What may be lent to others now, its rules and limits considered; 0 while its callers wait or it owes.</summary>
    internal int LendableAt(long now, bool isForCallers)
    {
        var word = Cell.Read();
        if (!word.IsQuiet || word.Free <= Borrowed) return 0;
        if (Rules.Consent == LendingConsent.Never || IsDraining || !IsIdle(word, now)) return 0;
        return Math.Max(0, Math.Min(word.Free - Borrowed - KeptAt(now, isForCallers), LendingLimitAt(now) - Lent));
    }

    /// <summary>Free units that are not lent: its headroom, or what was just recalled.</summary>
    /// <remarks>
    /// What came for callers may be lent on demand once they have done with it: it is used at once, and recalled at once when it is missed. To keep it for callers
    /// that may come, while others stand there, was measured to serve fewer, less fairly, and to harm lenders no less.
    /// </remarks>
    internal int KeptAt(long now, bool isForCallers) => Math.Max(Rules.Headroom, Volatile.Read(ref _held) is { } held ? Math.Min(Nominal, held.At(now, isForCallers)) : 0);

    /// <summary>When the next unit that was recalled for it may be lent again.</summary>
    internal long NextRelease(long now) => Volatile.Read(ref _held)?.NextRelease(now) ?? TimerWheel.Never;

    /// <summary>The lending limit, less while the host is not well, and while its callers suffer more from lending than its harm budget allows.</summary>
    internal int LendingLimitAt(long now)
    {
        var limit = SoundLendingLimit;
        var budget = Rules.HarmBudget;
        if (double.IsPositiveInfinity(budget)) return limit;
        var rate = Harm.RateAt(now);
        return rate <= budget ? limit : (int)(limit * (budget / rate));
    }

    /// <summary>The lending limit, less while the host is not well.</summary>
    internal int SoundLendingLimit => Home.Book.LendingShare is var share && share >= 1 ? LendingLimit : (int)(LendingLimit * share);

    internal bool IsIdle(PermitWord word, long now)
    {
        var rules = Rules;
        return (rules.IdleThreshold == 0 || word.Free >= rules.IdleThreshold * Nominal) && (rules.MinimumIdle == 0 || now - ShortAt >= rules.MinimumIdle);
    }

    /// <summary>Units recalled for it, now come, are not lent again before <paramref name="until"/>, or they would go to and fro.</summary>
    internal void HoldBack(int units, long now, long until, bool isForCallers) => LazyInitializer.EnsureInitialized(ref _held).Add(units, now, until, isForCallers);

    /// <summary>Reserves room under the lending limit.</summary>
    internal bool TryRaiseLent(int units, int limit)
    {
        while (true)
        {
            var lent = Lent;
            if (units > limit - lent) return false;
            if (Interlocked.CompareExchange(ref _counters.Lent, lent + units, lent) == lent) return true;
        }
    }

    /// <summary>Debits the lender by free units that it has not borrowed itself and need not keep; the room under the limit has been reserved before.</summary>
    internal bool TryLend(int units, int kept, ref AttentionList attention)
    {
        while (true)
        {
            // Borrowed rises before the word's allocation does and falls after it has fallen, so read after the word it is
            // never too low for that word; unless a loan ended and another began in between, which the count tells.
            var changes = Volatile.Read(ref _counters.BorrowedChanges);
            var word = Cell.Read();
            if (!word.TryLend(units, Borrowed + kept, out var next)) return false;
            if (!Cell.TrySwap(word, next)) continue;
            if (Volatile.Read(ref _counters.BorrowedChanges) == changes) return true;

            if (!Cell.Credit(units).IsQuiet || Cell.IsWanted) attention.Add(this);
        }
    }

    internal void ChangeLent(int units) => Interlocked.Add(ref _counters.Lent, units);

    internal void ChangeIncoming(int units) => Interlocked.Add(ref _counters.Incoming, units);

    /// <summary>The group of loans it has from a lender on these conditions; null when there never was one. The home lock is held.</summary>
    internal LoanGroup? GroupOf(Allocation lender, LoanConditions conditions)
    {
        if (_lastGroup is { } last && last.Lender == lender && ReferenceEquals(last.Conditions, conditions)) return last;
        return _groups.TryGetValue((lender, conditions), out var group) ? _lastGroup = group : null;
    }

    /// <summary>A group on demand that has a loan which can be recalled, and is not listed yet, is listed. The home lock is held.</summary>
    internal void ListOnDemand(LoanGroup group)
    {
        if (group.IsListedOnDemand) return;
        group.IsListedOnDemand = true;
        _onDemand.Add(group);
    }

    /// <summary>A group on demand that has a loan which can be recalled, of any lender but one; null when there is none. The home lock is held.</summary>
    internal LoanGroup? OnDemandFrom(Allocation exceptLender)
    {
        for (var i = _onDemand.Count - 1; i >= 0; i--)
        {
            var group = _onDemand[i];
            if (group.Youngest == LoanRecord.None)
            {
                group.IsListedOnDemand = false;
                _onDemand[i] = _onDemand[^1];
                _onDemand.RemoveAt(_onDemand.Count - 1);
            }
            else if (group.Lender != exceptLender)
            {
                return group;
            }
        }

        return null;
    }

    /// <summary>All locks, or the home lock, are held.</summary>
    internal void Add(LoanGroup group) => _groups.Add((group.Lender, group.Conditions), _lastGroup = group);

    internal void Remove(LoanGroup group)
    {
        _groups.Remove((group.Lender, group.Conditions));
        if (group.IsListedOnDemand) _onDemand.Remove(group);
        _lastGroup = null;
    }

    /// <summary>Units became free, or somebody waits for units this participant owes: pays first, then serves, then those that want its units.</summary>
    internal void Attend()
    {
        if (Cell.Read() is { OwesDebt: false, HasWaiters: var hasWaiters })
        {
            if (hasWaiters) Waiters.Serve();
            Home.Book.Attended(this);
            return;
        }

        var attention = new AttentionList();
        attention.Add(this);
        attention.Run(Home.Book);
    }

    /// <summary>The fields that loans write, on lines of their own.</summary>
    private struct Counters()
    {
#pragma warning disable CS0169, IDE0051 // The padding is there to be unused.
        private CacheLinePadding _before;
        internal int Lent;
        internal int Incoming;
        internal int Borrowed;
        internal int OnDemandUnits;
        internal int BorrowedChanges;
        internal int Debt;
        internal int OverdueDebt;
        internal int OpenLoans;
        internal int FirstDebt = LoanRecord.None;
        internal int LastDebt = LoanRecord.None;
        private CacheLinePadding _after;
#pragma warning restore CS0169, IDE0051
    }
}
