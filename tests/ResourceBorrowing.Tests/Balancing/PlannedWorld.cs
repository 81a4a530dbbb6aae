using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>A pool in a few arrays, to carry plans out in: who owns what, who needs what, and what plans have lent.</summary>
internal sealed class PlannedWorld
{
    internal const double DeadBand = 0.1;

    private readonly Random _random;
    private readonly int[,] _lent;

    internal PlannedWorld(int seed)
    {
        _random = new Random(seed);
        Count = _random.Next(2, 12);
        _lent = new int[Count, Count];
        Nominal = Each(() => _random.Next(0, 40));
        Nominal[0] = Math.Max(1, Nominal[0]);
        LendingLimit = Each(i => _random.Next(4) == 0 ? 0 : _random.Next(0, Nominal[i] + 1));
        BorrowingLimit = Each(() => _random.Next(4) == 0 ? 0 : _random.Next(0, 100));
        Scores = Each(() => _random.Next(0, 101));
        Demand = new int[Count];
        Waits = new bool[Count];
        NewDemand();
    }

    internal int Count { get; }

    internal int[] Nominal { get; }

    internal int[] LendingLimit { get; }

    internal int[] BorrowingLimit { get; }

    internal int[] Scores { get; }

    internal int[] Demand { get; }

    /// <summary>Whether its callers wait for units in vain.</summary>
    internal bool[] Waits { get; }

    internal int Capacity => Nominal.Sum();

    internal double MostMoved { get; init; } = 0.1;

    internal PlanLimits Limits => new(Capacity, DeadBand, MostMoved);

    internal void NewDemand()
    {
        for (var i = 0; i < Count; i++) (Demand[i], Waits[i]) = (_random.Next(3) switch { 0 => 0, 1 => _random.Next(0, Nominal[i] + 1), _ => _random.Next(0, 80) }, _random.Next(3) == 0);
    }

    internal int Lent(int lender) => Enumerable.Range(0, Count).Sum(b => _lent[lender, b]);

    internal int Borrowed(int borrower) => Enumerable.Range(0, Count).Sum(l => _lent[l, borrower]);

    internal int Allocation(int i) => Nominal[i] - Lent(i) + Borrowed(i);

    internal int InUse(int i) => Math.Min(Demand[i], Allocation(i));

    internal int Free(int i) => Allocation(i) - InUse(i);

    internal int Ceiling(int i) => Nominal[i] + BorrowingLimit[i];

    /// <summary>What it would lend: free units of its own, within its limit.</summary>
    internal int Lendable(int i) => Math.Max(0, Math.Min(Free(i) - Borrowed(i), LendingLimit[i] - Lent(i)));

    internal Situation[] Situations() => [.. Enumerable.Range(0, Count).Select(i => new Situation(
        Nominal[i], Nominal[i] - LendingLimit[i], Ceiling(i), Allocation(i), Free(i), Demand[i], Demand[i], Demand[i],
        Math.Min(Lendable(i), Math.Max(0, Nominal[i] - Demand[i])), Lendable(i), BorrowingLimit[i] - Borrowed(i), Waits[i] ? Math.Max(0, Demand[i] - InUse(i)) : 0, Scores[i]))];

    internal StandingLoan[] Standing() =>
        [.. from lender in Enumerable.Range(0, Count) from borrower in Enumerable.Range(0, Count) where _lent[lender, borrower] > 0 select new StandingLoan(lender, borrower, _lent[lender, borrower])];

    internal Plan Make() => Planner.Make(Limits, Situations(), Standing());

    internal void Carry(IEnumerable<PlannedMove> moves)
    {
        foreach (var move in moves) _lent[move.Lender, move.Borrower] += move.IsReturn ? -move.Units : move.Units;
    }

    private int[] Each(Func<int> of) => Each(_ => of());

    private int[] Each(Func<int, int> of) => [.. Enumerable.Range(0, Count).Select(of)];
}
