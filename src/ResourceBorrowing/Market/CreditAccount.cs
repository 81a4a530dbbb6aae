namespace ResourceBorrowing.Market;

/// <summary>The credits of one participant, in millionths: what it has, what of it is promised to loans that go on, and the last postings.</summary>
/// <remarks>Thread-safe, by a lock of its own under which nothing else is locked. It is a leaf: shards of the loan book post under their locks.</remarks>
internal sealed class CreditAccount(string name, long overdraft)
{
    private readonly Lock _lock = new();
    private readonly CreditHistory _history = new();
    private long _balance;
    private long _held;
    private bool _isOpen = true;
    private long _overdraft = overdraft;

    internal string Name { get; } = name;

    internal long Balance => Volatile.Read(ref _balance);

    internal long Held => Volatile.Read(ref _held);

    /// <summary>How far below 0 its own spending may take it.</summary>
    internal long Overdraft { get => Volatile.Read(ref _overdraft); set => Volatile.Write(ref _overdraft, value); }

    /// <summary>What it may still spend; below 0 when the overdraft limit was lowered.</summary>
    internal long Available
    {
        get
        {
            lock (_lock) return _balance - _held + _overdraft;
        }
    }

    /// <summary>Whether it could promise an amount now; what costs nothing can always be had.</summary>
    internal bool CanHold(Int128 amount) => amount == 0 || amount <= Available;

    /// <summary>Whether anything may be posted to it: not once its owner has left.</summary>
    internal bool IsOpen { get => Volatile.Read(ref _isOpen); set => Volatile.Write(ref _isOpen, value); }

    /// <summary>Promises an amount to a loan.</summary>
    /// <param name="amount">From 0, of any size.</param>
    /// <returns>False when there is not so much to spend; what costs nothing can always be had.</returns>
    internal bool TryHold(Int128 amount)
    {
        if (amount == 0) return true;
        lock (_lock)
        {
            if (amount > _balance - _held + _overdraft) return false;
            _held += (long)amount;
            return true;
        }
    }

    /// <summary>What was promised is free again.</summary>
    internal void Release(long amount)
    {
        if (amount == 0) return;
        lock (_lock) _held -= amount;
    }

    /// <summary>Pays from what was promised before.</summary>
    internal void PayHeld(CreditAccount to, long amount, CreditReason reason, long at)
    {
        if (amount == 0) return;
        lock (_lock)
        {
            _held -= amount;
            _balance -= amount;
            _history.Add(at, reason, to.Name, -amount);
        }

        to.Add(this, amount, reason, at);
    }

    /// <summary>Pays, whatever there is: whoever calls has seen that it may. Of an amount below 0 it is paid.</summary>
    internal void Pay(CreditAccount to, long amount, CreditReason reason, long at)
    {
        if (amount == 0) return;
        Add(to, -amount, reason, at);
        to.Add(this, amount, reason, at);
    }

    internal CreditStatement Statement()
    {
        lock (_lock)
        {
            return new(Name, CreditAmount.Credits(_balance), CreditAmount.Credits(_held), CreditAmount.Credits(_balance - _held + _overdraft), (decimal)_history.Carried / CreditAmount.PerCredit, [.. _history.Entries.OrderBy(static e => e.At)]);
        }
    }

    private void Add(CreditAccount counterparty, long amount, CreditReason reason, long at)
    {
        lock (_lock)
        {
            _balance += amount;
            _history.Add(at, reason, counterparty.Name, amount);
        }
    }
}
