using System.Numerics;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Loans;

/// <summary>All loans of a pool: the participants' accounts and the shards that hold the records.</summary>
/// <remarks>
/// Borrowers are spread over the shards; whoever must see everything at rest (an audit, a change of quotas)
/// takes all locks in order.
/// </remarks>
internal sealed class LoanBook
{
    internal const int OutcomesPerBatch = 32;
    private const int MaxShards = 64;

    private readonly LoanShard[] _shards;
    private readonly Stack<int> _free = new();
    private LoanConditions _conditions = LoanConditions.Ownership;
    private LoanConditions _onDemand = LoanConditions.Ownership;
    private LoanConditions _standing = LoanConditions.Ownership;
    private Action<LedgerEntry>? _journal;
    private int _opened;
    private int _openLoanLimit;
    private double _lendingShare = 1;
    private int _places;
    private int _placesPerShard;
    private int _harmedCallers;

    internal LoanBook(PoolClock clock, int? shards = null)
    {
        Clock = clock;
        var count = shards ?? (int)Math.Min(MaxShards, BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount * 2));
        _shards = new LoanShard[count];
        for (var i = 0; i < count; i++) _shards[i] = new LoanShard(this, i);
    }

    internal PoolClock Clock { get; }

    /// <summary>On what conditions loans are made unless a request says otherwise.</summary>
    internal LoanConditions Conditions { get => Volatile.Read(ref _conditions); set => Volatile.Write(ref _conditions, value); }

    /// <summary>The same for loans that the pool makes for callers that are short.</summary>
    internal LoanConditions OnDemand { get => Volatile.Read(ref _onDemand); set => Volatile.Write(ref _onDemand, value); }

    /// <summary>The same for loans that a plan makes.</summary>
    internal LoanConditions Standing { get => Volatile.Read(ref _standing); set => Volatile.Write(ref _standing, value); }

    /// <summary>All credits; null where there is no marketplace, and no loan has a price.</summary>
    internal CreditLedger? Credits { get; set; }

    /// <summary>What loans cost that say nothing else, in thousandths of a credit for a unit and a second; set under all locks.</summary>
    internal int Price { get; set; }

    /// <summary>How long a loan may be overdue before it counts as defaulted.</summary>
    internal long DefaultLimit { get; set; }

    /// <summary>The term of loans that ask for none, in milliseconds; set under all locks.</summary>
    internal long DefaultTerm { get; set; }

    /// <summary>For how long units that were recalled are not lent again.</summary>
    internal long PlanningPeriod { get; set; }

    /// <summary>Callers that wait while units of theirs are lent; while there are any, each return is worth a look at the clock.</summary>
    internal int HarmedCallers => Volatile.Read(ref _harmedCallers);

    /// <summary>Whether somebody wants to hear of each loan by itself.</summary>
    internal bool KeepsLoansApart { get; set; }

    /// <summary>Told, outside all locks, the time at which loans were settled by whoever released units.</summary>
    internal Action<long> OutcomesPending { get; set; } = static _ => { };

    /// <summary>Reads along, under the lock of a shard: it must neither wait nor throw. Null when nobody wants to.</summary>
    internal Action<LedgerEntry>? Journal { get => Volatile.Read(ref _journal); set => Volatile.Write(ref _journal, value); }

    /// <summary>Told, outside all locks, of each participant that was attended: its units may be lent, or it may be short.</summary>
    internal Action<Allocation> Attended { get; set; } = static _ => { };

    /// <summary>Told, outside all locks, whose recall token is to be cancelled.</summary>
    internal Action<CancellationTokenSource> Recall { get; set; } = static _ => { };

    /// <summary>Told, outside all locks, of loans gone wrong.</summary>
    internal Action<LoanNotice> Notify { get; set; } = static _ => { };

    /// <summary>
    /// How many loans a shard may make before it asks the book again, so that the pool's limit costs no shared counter. None when the limit is small, so that it is
    /// exact; places that lie idle in other shards are at most an eighth of a large one.
    /// </summary>
    internal int PlacesPerShard => Volatile.Read(ref _placesPerShard);

    /// <summary>The most open loans of the whole pool. Set under all locks.</summary>
    internal int OpenLoanLimit
    {
        get => Volatile.Read(ref _openLoanLimit);
        set
        {
            foreach (var shard in _shards) shard.GiveAllPlacesBack();
            Interlocked.Add(ref _places, value - _openLoanLimit);
            Volatile.Write(ref _openLoanLimit, value);
            Volatile.Write(ref _placesPerShard, Math.Min(value / (16 * _shards.Length), 1024));
        }
    }

    /// <summary>A tick not later than the earliest due time of all shards.</summary>
    internal long NextLook
    {
        get
        {
            var next = TimerWheel.Never;
            foreach (var shard in _shards) next = Math.Min(next, shard.NextLook);
            return next;
        }
    }

    internal int OutcomeCount
    {
        get
        {
            var count = 0;
            foreach (var shard in _shards) count += shard.OutcomeCount;
            return count;
        }
    }

    /// <summary>The part of all lending limits that may be used: 1, or less while the host is not well.</summary>
    internal double LendingShare { get => Volatile.Read(ref _lendingShare); set => Volatile.Write(ref _lendingShare, value); }

    /// <summary>Loans that are not settled.</summary>
    internal int OpenLoans => _shards.Sum(static s => s.OpenLoans);

    /// <summary>The groups in which a participant borrows, or in which a lender (everybody, when none is named) lends.</summary>
    internal IEnumerable<LoanGroup> Groups(Allocation borrower, bool ofBorrower, Allocation? lender)
    {
        if (ofBorrower) return borrower.Home.GroupsOf(borrower);
        return lender is not null ? lender.Harm.Groups : _shards.SelectMany(static s => s.GroupsOf(null));
    }

    /// <summary>Settles everything due by <paramref name="now"/>: all shards reach a tick before any goes on.</summary>
    internal void Advance(long now)
    {
        for (var tick = NextLook; tick <= now; tick = NextLook)
        {
            foreach (var shard in _shards)
            {
                while (shard.NextLook <= tick)
                {
                    var attention = new AttentionList();
                    shard.SettleDue(tick, now, ref attention);
                    attention.Run(this);
                }
            }
        }
    }

    internal void TakeOutcomes(List<LoanOutcome> into, ref AttentionList attention)
    {
        var now = Clock.NowOrLast();
        foreach (var shard in _shards)
        {
            if (shard.OutcomeCount > 0) shard.TakeOutcomes(into, now, ref attention);
        }
    }

    /// <summary>Runs an action that sees, and may change, everything at rest. It must not call user code.</summary>
    /// <returns>What to hand to <see cref="Attend"/> once the caller, too, holds no lock.</returns>
    internal AttentionList Audit(AuditAction action)
    {
        var attention = new AttentionList();
        foreach (var shard in _shards) shard.Enter();
        try
        {
            action(ref attention);
        }
        finally
        {
            for (var i = _shards.Length - 1; i >= 0; i--) _shards[i].Leave();
        }

        return attention;
    }

    /// <summary>Finishes an audit, once the caller holds no lock: pays and serves whoever came up meanwhile.</summary>
    internal void Attend(AttentionList attention)
    {
        foreach (var shard in _shards) shard.DrainDebtors(ref attention);
        attention.Run(this);
    }

    /// <summary>Opens an account. All locks are held.</summary>
    internal Allocation Open(string name)
    {
        var index = _free.TryPop(out var free) ? free : _opened++;
        return new Allocation(name, index, _shards[index % _shards.Length]);
    }

    /// <summary>Closes the account of a participant that owns, lends, borrows and uses nothing. All locks are held.</summary>
    internal void Close(Allocation account)
    {
        foreach (var shard in _shards) shard.ForgetGroupsOf(account);
        _free.Push(account.Index);
    }

    /// <summary>Takes up to a portion of the places that are left, at least <paramref name="least"/> if there are so many.</summary>
    internal int TakePlaces(int least)
    {
        while (true)
        {
            var free = Volatile.Read(ref _places);
            var taken = Math.Min(free, Math.Max(least, PlacesPerShard));
            if (taken < least) return 0;
            if (Interlocked.CompareExchange(ref _places, free - taken, free) == free) return taken;
        }
    }

    internal int GivePlacesBack(int places)
    {
        Interlocked.Add(ref _places, places);
        return places;
    }

    /// <summary>A caller begins to wait, or ends waiting, while units of its participant are lent.</summary>
    internal void CountHarmed(Allocation lender, int callers, long now)
    {
        Interlocked.Add(ref _harmedCallers, callers);
        lender.Harm.Change(callers, now);
    }

    /// <summary>Ends all loans of a participant that leaves. All locks are held.</summary>
    internal void EndLoansOf(Allocation participant, long now, ref AttentionList attention)
    {
        foreach (var shard in _shards) shard.EndLoansOf(participant, now, ref attention);
    }
}

/// <summary>Work done under all locks, which collects whom to tell afterwards.</summary>
internal delegate void AuditAction(ref AttentionList attention);
