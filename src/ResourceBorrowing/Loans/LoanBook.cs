using System.Numerics;

namespace ResourceBorrowing.Loans;

/// <summary>All loans of a pool: the participants' accounts and the shards that hold the records.</summary>
/// <remarks>
/// Borrowers are spread over the shards; whoever must see everything at rest (an audit, a change of quotas)
/// takes all locks in order. Accounts are found by index; the table changes under all locks.
/// </remarks>
internal sealed class LoanBook
{
    internal const int OutcomesPerBatch = 32;
    private const int MaxShards = 64;

    private readonly LoanShard[] _shards;
    private readonly Stack<int> _free = new();
    private Allocation?[] _accounts = [];
    private int _opened;

    internal LoanBook(PoolClock clock, int? shards = null)
    {
        Clock = clock;
        var count = shards ?? (int)Math.Min(MaxShards, BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount * 2));
        _shards = new LoanShard[count];
        for (var i = 0; i < count; i++) _shards[i] = new LoanShard(this);
    }

    internal PoolClock Clock { get; }

    /// <summary>How long after the due time units may still come back as late rather than lost.</summary>
    internal long GraceMilliseconds { get; set; }

    /// <summary>Whether somebody wants to hear of each loan by itself.</summary>
    internal bool KeepsLoansApart { get; set; }

    /// <summary>Told, outside all locks, the time at which loans were settled by whoever released units.</summary>
    internal Action<long> OutcomesPending { get; set; } = static _ => { };

    internal Allocation this[int index] => Volatile.Read(ref _accounts)[index]!;

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
                    shard.SettleDue(tick, ref attention);
                    attention.Run();
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
        attention.Run();
    }

    /// <summary>Opens an account. All locks are held.</summary>
    internal Allocation Open(string name)
    {
        var accounts = _accounts;
        var index = _free.TryPop(out var free) ? free : _opened++;
        if (index == accounts.Length) Array.Resize(ref accounts, Math.Max(8, accounts.Length * 2));

        var account = new Allocation(name, index, _shards[index % _shards.Length]);
        accounts[index] = account;
        Volatile.Write(ref _accounts, accounts);
        return account;
    }

    /// <summary>Closes the account of a participant that owns, lends, borrows and uses nothing. All locks are held.</summary>
    internal void Close(Allocation account)
    {
        _accounts[account.Index] = null;
        _free.Push(account.Index);
    }

    /// <summary>Ends all loans of a participant that leaves. All locks are held.</summary>
    internal void EndLoansOf(Allocation participant, long now, ref AttentionList attention)
    {
        foreach (var shard in _shards) shard.EndLoansOf(participant, now, ref attention);
    }
}

/// <summary>Work done under all locks, which collects whom to tell afterwards.</summary>
internal delegate void AuditAction(ref AttentionList attention);
