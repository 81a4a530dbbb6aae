namespace ResourceBorrowing.Market;

/// <summary>Divides units for one quantum by credits that are earned by lending: who has lent most of late borrows first, and who is poorest lends first. Source: Karma (OSDI'23).</summary>
/// <remarks>Pure but for its workspace: the same credits and demands, the same division. Not thread-safe. Allocates when it is made only.</remarks>
internal sealed class KarmaQuantum
{
    private readonly KarmaRules _rules;
    private readonly long[] _guaranteed;
    private readonly long[] _free;          // credits for each, each quantum
    private readonly long _capacity;
    private readonly long _shared;
    private readonly Side _donors;
    private readonly Side _borrowers;

    /// <param name="rules">How.</param>
    /// <param name="quotas">What each owns, in the order of their names: the earlier comes first among equals.</param>
    internal KarmaQuantum(KarmaRules rules, ReadOnlySpan<int> quotas)
    {
        _rules = rules;
        var count = quotas.Length;
        (_guaranteed, _free) = (new long[count], new long[count]);
        (_donors, _borrowers) = (new Side(count), new Side(count));
        var isEven = true;
        foreach (var quota in quotas)
        {
            _capacity += quota;
            isEven &= quota == quotas[0];
        }

        if (count == 0) return;
        _shared = (long)decimal.Floor((1 - rules.Alpha) * _capacity);
        var guaranteed = 0L;
        for (var i = 0; i < count; i++)
        {
            _guaranteed[i] = isEven ? (_capacity - _shared) / count : (long)decimal.Floor(rules.Alpha * quotas[i]);
            if (rules.HasFreeCredits) _free[i] = isEven ? _shared / count : quotas[i] - _guaranteed[i];
            guaranteed += _guaranteed[i];
        }

        if (rules.SharesRemainder) _shared = _capacity - guaranteed;
    }

    /// <summary>Divides.</summary>
    /// <param name="demands">Units that each asks for, from 0.</param>
    /// <param name="credits">What each has, from 0; receives what it has afterwards.</param>
    /// <param name="house">What nobody has: receives what is paid for units that nobody lent, less what of it is divided among all.</param>
    /// <param name="allocations">Receives what each may use.</param>
    /// <exception cref="OverflowException">Credits beyond 64 bits.</exception>
    internal void Run(ReadOnlySpan<long> demands, Span<long> credits, ref long house, Span<long> allocations)
    {
        _donors.Clear();
        _borrowers.Clear();
        var (sure, wanted) = (0L, 0L);
        for (var i = 0; i < demands.Length; i++)
        {
            var (credit, demand, guaranteed) = (checked(credits[i] + _free[i]), demands[i], _guaranteed[i]);
            credits[i] = credit;
            // More than there is need not be told apart, and would not add up.
            var missing = Math.Min(demand - guaranteed, _capacity);
            allocations[i] = Math.Min(demand, guaranteed);
            sure += allocations[i];
            if (missing < 0) _donors.Add(i, credit, -missing);
            if (missing <= 0) continue;
            wanted += missing;
            _borrowers.Add(i, -credit, Math.Min(missing, credit));
        }

        var supply = _donors.Total + _shared;
        var lent = Math.Min(supply, _borrowers.Total);
        _donors.Fill(Math.Min(lent, _donors.Total));
        _borrowers.Fill(lent);
        for (var i = 0; i < _donors.Count; i++)
        {
            ref var credit = ref credits[_donors.Places[i]];
            credit = checked(credit + _donors.Given[i]);
        }

        for (var i = 0; i < _borrowers.Count; i++)
        {
            var (place, units) = (_borrowers.Places[i], _borrowers.Given[i]);
            credits[place] -= units;
            allocations[place] += units;
        }

        if (!_rules.HasFreeCredits) Divide(ref house, Math.Max(0, lent - _donors.Total), credits);
        if (_rules.IsWorkConserving && lent < wanted && sure + lent < _capacity) HandOut(_capacity - sure - lent, demands, allocations);
    }

    /// <summary>What was paid for units that nobody lent belongs to all.</summary>
    private static void Divide(ref long house, long paid, Span<long> credits)
    {
        house = checked(house + paid);
        var share = credits.Length == 0 ? 0 : house / credits.Length;
        if (share == 0) return;
        foreach (ref var credit in credits) credit = checked(credit + share);
        house -= share * credits.Length;
    }

    /// <summary>Where credits are scarce units would lie idle: those that have least get them, for nothing.</summary>
    private void HandOut(long idle, ReadOnlySpan<long> demands, Span<long> allocations)
    {
        _borrowers.Clear();
        for (var i = 0; i < demands.Length; i++)
            if (demands[i] > allocations[i]) _borrowers.Add(i, allocations[i], Math.Min(demands[i] - allocations[i], _capacity));
        _borrowers.Fill(Math.Min(idle, _borrowers.Total));
        for (var i = 0; i < _borrowers.Count; i++) allocations[_borrowers.Places[i]] += _borrowers.Given[i];
    }

    /// <summary>Those that give, or those that take.</summary>
    private sealed class Side(int most)
    {
        private readonly long[] _levels = new long[most];
        private readonly long[] _capacities = new long[most];
        private readonly int[] _workspace = new int[most];

        internal int[] Places { get; } = new int[most];

        internal long[] Given { get; } = new long[most];

        internal int Count { get; private set; }

        /// <summary>Of all capacities.</summary>
        internal long Total { get; private set; }

        internal void Clear() => (Count, Total) = (0, 0);

        internal void Add(int place, long level, long capacity)
        {
            var count = Count++;
            (Places[count], _levels[count], _capacities[count]) = (place, level, capacity);
            Total += capacity;
        }

        internal void Fill(long units)
        {
            var capacities = _capacities.AsSpan(0, Count);
            if (units == Total) capacities.CopyTo(Given);
            else LevelFill.Fill(units, _levels.AsSpan(0, Count), capacities, Given.AsSpan(0, Count), _workspace);
        }
    }
}
