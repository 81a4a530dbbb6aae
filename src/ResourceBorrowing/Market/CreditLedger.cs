namespace ResourceBorrowing.Market;

/// <summary>All credits of a pool: every posting debits one account and credits another, so all accounts together, the house's included, are always 0.</summary>
/// <remarks>Members join and leave, and credits are divided, while no loan is settled: the caller holds all locks of the loan book. Reading is safe at any time.</remarks>
internal sealed class CreditLedger
{
    internal const string HouseName = "(house)";

    private readonly Dictionary<string, long> _left = new(StringComparer.Ordinal);
    private readonly List<CreditAccount> _members = [];
    private long _initial;
    private long _overdraft;

    /// <param name="reserve">The name of who owns what nobody owns.</param>
    internal CreditLedger(string reserve) => Reserve = new(reserve, 0);

    /// <summary>Where all credits come from: as far below 0 as there are credits with others.</summary>
    internal CreditAccount House { get; } = new(HouseName, CreditAmount.Most);

    /// <summary>What units have earned that nobody owns, or nobody offered; it is divided among all.</summary>
    internal CreditAccount Reserve { get; }

    internal IReadOnlyList<CreditAccount> Members => _members;

    /// <summary>Balances of names that have left.</summary>
    internal IReadOnlyDictionary<string, long> Left => _left;

    /// <summary>Credits that are not with the house.</summary>
    internal long InCirculation => -House.Balance;

    internal void Configure(long initial, long overdraft)
    {
        (_initial, _overdraft) = (initial, overdraft);
        foreach (var member in _members) member.Overdraft = overdraft;
    }

    /// <summary>Opens an account: with the old balance of its name, or else with the mean of the members', rounded down, or, as the first, with what is configured.</summary>
    internal CreditAccount Join(string name, long at)
    {
        var account = new CreditAccount(name, _overdraft);
        // Nothing may fail between a debit and its credit.
        _members.EnsureCapacity(_members.Count + 1);
        if (_left.Remove(name, out var old)) House.Pay(account, old, CreditReason.Restored, at);
        else House.Pay(account, Math.Min(_members.Count == 0 ? _initial : Math.Max(0, Mean()), Issuable), CreditReason.Joined, at);
        _members.Add(account);
        return account;
    }

    /// <summary>Closes the account of a participant that has no loans: its balance, which may be below 0, goes back to the house and is kept for its name.</summary>
    internal void Leave(CreditAccount account, long at)
    {
        var balance = account.Balance;
        _left[account.Name] = balance;
        _members.Remove(account);
        account.IsOpen = false;
        account.Pay(House, balance, CreditReason.Left, at);
    }

    /// <summary>Posts what an account can spend.</summary>
    /// <returns>False, with nothing changed, when it cannot, or one of them has left, or there would be more credits than can be counted.</returns>
    internal bool TryPay(CreditAccount from, CreditAccount to, long amount, CreditReason reason, long at)
    {
        if (!from.IsOpen || !to.IsOpen) return false;
        if (from == House)
        {
            if (amount > Issuable) return false;
            House.Pay(to, amount, reason, at);
            return true;
        }

        if (!from.TryHold(amount)) return false;
        from.PayHeld(to, amount, reason, at);
        return true;
    }

    /// <summary>Divides what the reserve has earned equally among the members; the remainder is kept.</summary>
    internal void DivideEarnings(long at)
    {
        var share = _members.Count == 0 ? 0 : Reserve.Balance / _members.Count;
        if (share <= 0) return;
        foreach (var member in _members) Reserve.Pay(member, share, CreditReason.Divided, at);
    }

    /// <summary>The balances of a saved state: of members they replace what they have, of others they wait for the name.</summary>
    /// <returns>What is wrong with them, alone or beside the balances that stay; then nothing is changed. Null when they were taken up.</returns>
    internal string? Load(IReadOnlyDictionary<string, long> balances, long at)
    {
        var after = new Dictionary<string, long>(_left, StringComparer.Ordinal);
        foreach (var account in _members.Append(Reserve)) after[account.Name] = account.Balance;
        foreach (var (name, balance) in balances) after[name] = balance;
        var (owned, owed) = ((Int128)0, (Int128)0);
        foreach (var balance in after.Values) (owned, owed) = (owned + Math.Max(0, balance), owed + Math.Min(0, balance));
        if (owned > CreditAmount.Most || owed < -CreditAmount.Most) return "the credits in it, together with those there are, are more than can be counted";
        foreach (var account in _members)
        {
            if (account.Held > 0 && after[account.Name] + account.Overdraft < account.Held)
                return $"'{account.Name}' has loans for which {CreditAmount.Credits(account.Held)} credits are held, and would have {CreditAmount.Credits(after[account.Name])}";
        }

        var known = _members.Append(Reserve).ToDictionary(static m => m.Name, StringComparer.Ordinal);
        _left.EnsureCapacity(_left.Count + balances.Count);
        foreach (var (name, balance) in balances)
        {
            if (known.TryGetValue(name, out var account)) House.Pay(account, balance - account.Balance, CreditReason.Loaded, at);
            else _left[name] = balance;
        }

        return null;
    }

    /// <summary>What all accounts have together: 0, or credits were made or lost.</summary>
    internal Int128 Sum()
    {
        var sum = (Int128)House.Balance + Reserve.Balance;
        foreach (var member in _members) sum += member.Balance;
        return sum;
    }

    /// <summary>What may still be made: what waits for names that have left counts as if they were there.</summary>
    private long Issuable
    {
        get
        {
            var known = (Int128)InCirculation;
            foreach (var balance in _left.Values) known += Math.Max(0, balance);
            return (long)Int128.Max(0, CreditAmount.Most - known);
        }
    }

    private long Mean()
    {
        var sum = (Int128)0;
        foreach (var member in _members) sum += member.Balance;
        return (long)(sum / _members.Count);
    }
}
