namespace ResourceBorrowing.Loans;

/// <summary>
/// Lender harm: the time for which callers of a participant wait while units it owns are lent out, put down to the loans
/// outstanding meanwhile in proportion to their units. An integral over time, taken in steps: a step ends whenever the
/// number of callers or the units lent are about to change.
/// </summary>
/// <remarks>
/// Thread-safe: a lock of its own, under which nothing else is locked and no user code runs. Only callers that begin to wait
/// while something is lent are counted; nothing is lent to others while callers wait, so it can matter to no one else.
/// </remarks>
internal sealed class LenderHarm
{
    /// <summary>The rate of harm is that of about this long, older harm fading away.</summary>
    private const double RateMilliseconds = 10_000;

    // So many groups are kept before it is looked which of them lend no more.
    private const int FewGroups = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<Allocation, LoanPair> _pairs = [];
    private LoanGroup[] _groups = [];
    private int _mostGroups = FewGroups;
    private int _callers;
    private long _at;
    private double _rate;
    private double _total;
    private long _ratedAt;

    /// <summary>Every group in which the participant lends, and some in which it did.</summary>
    internal LoanGroup[] Groups => Volatile.Read(ref _groups);

    /// <summary>Everybody to whom it has ever lent.</summary>
    internal LoanPair[] Pairs
    {
        get
        {
            lock (_lock) return [.. _pairs.Values];
        }
    }

    internal LoanPair? Find(Allocation borrower)
    {
        lock (_lock) return _pairs.GetValueOrDefault(borrower);
    }

    internal LoanPair FindOrAdd(Allocation lender, Allocation borrower)
    {
        lock (_lock) return _pairs.TryGetValue(borrower, out var pair) ? pair : _pairs[borrower] = new LoanPair(lender, borrower);
    }

    /// <summary>The participant lends in a group that is not listed: a recall must find it.</summary>
    internal void List(LoanGroup group)
    {
        lock (_lock)
        {
            if (group.IsListedByLender) return;
            var kept = _groups;
            if (kept.Length >= _mostGroups)
            {
                kept = [.. kept.Where(static g => !TryUnlist(g))];
                _mostGroups = Math.Max(FewGroups, 2 * kept.Length);
            }

            group.IsListedByLender = true;
            Volatile.Write(ref _groups, [.. kept, group]);
        }
    }

    internal void Remove(LoanGroup group)
    {
        lock (_lock)
        {
            Volatile.Write(ref _groups, [.. _groups.Where(g => g != group)]);
            _pairs.Remove(group.Borrower);
        }
    }

    /// <summary>A group in which nothing is lent goes. Whoever lends raises its live units and then looks whether it is listed: one of the two sees the other.</summary>
    private static bool TryUnlist(LoanGroup group)
    {
        group.IsListedByLender = false;
        Interlocked.MemoryBarrier();
        if (group.LiveUnits == 0 && group.Units == 0) return true;
        group.IsListedByLender = true;
        return false;
    }

    /// <summary>The number of callers that wait changes.</summary>
    internal void Change(int callers, long now)
    {
        lock (_lock)
        {
            Step(now);
            Volatile.Write(ref _callers, _callers + callers);
        }
    }

    /// <summary>The units that are lent out are about to change.</summary>
    internal void Settle(long now)
    {
        if (Volatile.Read(ref _callers) == 0) return;
        lock (_lock) Step(now);
    }

    /// <summary>Milliseconds of harm, all borrowers together, per second of late.</summary>
    internal double RateAt(long now)
    {
        lock (_lock)
        {
            Step(now);
            return _rate * Math.Exp(-Math.Max(0, now - _ratedAt) / RateMilliseconds) / (RateMilliseconds / 1000);
        }
    }

    internal double Of(LoanPair pair)
    {
        lock (_lock) return pair.HarmMilliseconds;
    }

    /// <summary>Milliseconds of all harm ever, by borrowers that have left too.</summary>
    internal double Total
    {
        get
        {
            lock (_lock) return _total;
        }
    }

    private void Step(long now)
    {
        var passed = now - _at;
        if (passed <= 0) return;
        _at = now;
        if (_callers == 0) return;

        long lent = 0;
        foreach (var group in _groups) lent += group.Units;
        if (lent == 0) return;
        var harm = (double)passed * _callers;
        _total += harm;
        foreach (var group in _groups)
            if (group.Units is var units and > 0) group.Pair.HarmMilliseconds += harm * units / lent;
        _rate = _rate * Math.Exp(-Math.Max(0, now - _ratedAt) / RateMilliseconds) + harm;
        _ratedAt = now;
    }
}
