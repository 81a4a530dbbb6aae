using System.Numerics;
using System.Runtime.InteropServices;

namespace ResourceBorrowing.Market;

/// <summary>Divides units for one quantum by credits that are earned by lending: who has lent most of late borrows first, and who is poorest lends first. Source: Karma (OSDI'23).</summary>
/// <remarks>Pure but for its workspace and its guesses: the same credits and demands, the same division. Not thread-safe. Allocates when it is made only.</remarks>
internal sealed class KarmaQuantum
{
    private readonly KarmaRules _rules;
    private readonly long[] _guaranteed;
    private readonly long[] _free;          // credits for each, each quantum
    private readonly long _capacity;
    private readonly long _shared;
    private readonly long _lendable;        // what may be in use together

    // Of the last quantum, by place.
    private readonly long[] _credits;       // with those that are free
    private readonly long[] _debits;        // the same below 0: the richest first
    private readonly long[] _offers;
    private readonly long[] _wants;
    private readonly long[] _earned;
    private readonly long[] _paid;
    private readonly long[] _handedOut;
    private readonly int[] _workspace;
    private long[] _given = [];             // who earned how much, and who paid: one of those above
    private long[] _taken = [];

    // Where those stood in the end that lent, and that borrowed: about there they stand the next time.
    private long _donorLevel;
    private long _borrowerLevel;

    /// <param name="rules">How.</param>
    /// <param name="quotas">What each owns, in the order of their names: the earlier comes first among equals.</param>
    /// <param name="reserve">What nobody owns: it is shared like what is not guaranteed.</param>
    /// <param name="floors">What each has for sure at the least, up to its quota. Default nothing.</param>
    internal KarmaQuantum(KarmaRules rules, ReadOnlySpan<int> quotas, int reserve = 0, ReadOnlySpan<int> floors = default)
    {
        _rules = rules;
        var count = quotas.Length;
        (_guaranteed, _free, _workspace) = (new long[count], new long[count], new int[count]);
        (_credits, _debits, _offers, _wants) = (new long[count], new long[count], new long[count], new long[count]);
        (_earned, _paid, _handedOut) = (new long[count], new long[count], new long[count]);
        var isEven = true;
        foreach (var quota in quotas)
        {
            _capacity += quota;
            isEven &= quota == quotas[0];
        }

        _shared = (long)decimal.Floor((1 - rules.Alpha) * _capacity);
        var even = count == 0 ? 0 : (_capacity - _shared) / count;
        var (guaranteed, raised) = (0L, 0L);
        for (var i = 0; i < count; i++)
        {
            var share = isEven ? even : (long)decimal.Floor(rules.Alpha * quotas[i]);
            _guaranteed[i] = floors.Length > 0 ? Math.Max(share, floors[i]) : share;
            guaranteed += _guaranteed[i];
            raised += _guaranteed[i] - share;
        }

        if (rules.HasFreeCredits)
            for (var i = 0; i < count; i++) _free[i] = isEven && raised == 0 ? _shared / count : quotas[i] - _guaranteed[i];
        // What rounding leaves over may have gone to those whose floors are higher.
        _shared = rules.SharesRemainder ? _capacity - guaranteed : Math.Max(0, _shared - raised);
        _capacity += reserve;
        _shared += reserve;
        _lendable = guaranteed + _shared;
    }

    /// <summary>What each has for sure.</summary>
    internal ReadOnlySpan<long> Guaranteed => _guaranteed;

    /// <summary>Credits that each got for nothing.</summary>
    internal ReadOnlySpan<long> Free => _free;

    /// <summary>Units of each that were lent in the last quantum, for one credit each.</summary>
    internal ReadOnlySpan<long> Earned => _given;

    /// <summary>Units that each got in the last quantum beyond what it has for sure, for one credit each.</summary>
    internal ReadOnlySpan<long> Paid => _taken;

    /// <summary>Divides.</summary>
    /// <param name="demands">Units that each asks for, from 0.</param>
    /// <param name="credits">What each has, from 0; receives what it has afterwards.</param>
    /// <param name="house">What nobody has: receives what is paid for units that nobody lent, less what of it is divided among all.</param>
    /// <param name="allocations">Receives what each may use.</param>
    /// <exception cref="OverflowException">Credits beyond 61 bits, or below 0.</exception>
    internal void Run(ReadOnlySpan<long> demands, Span<long> credits, ref long house, Span<long> allocations)
    {
        if (demands.Length != _free.Length || credits.Length != _free.Length || allocations.Length != _free.Length)
            throw new ArgumentException($"There are {_free.Length} participants, and there must be as many demands, credits and allocations.", nameof(demands));
        var sides = Sort(demands, credits, allocations);
        var supply = sides.Offered + _shared;
        var lent = Math.Min(supply, sides.Affordable);
        (_given, _donorLevel) = Fill(Math.Min(lent, sides.Offered), sides.Offered, _credits, _offers, _earned, _donorLevel);
        (_taken, _borrowerLevel) = Fill(lent, sides.Affordable, _debits, _wants, _paid, _borrowerLevel);
        Settle(credits, allocations);
        if (!_rules.HasFreeCredits) Divide(ref house, Math.Max(0, lent - sides.Offered), credits);
        if (_rules.IsWorkConserving && lent < sides.Wanted && sides.Sure + lent < _lendable) HandOut(_lendable - sides.Sure - lent, demands, allocations);
    }

    /// <summary>What each has for sure, and beyond that what it offers, or wants and can pay.</summary>
    private Sides Sort(ReadOnlySpan<long> demands, ReadOnlySpan<long> credits, Span<long> allocations)
    {
        var (sides, signs, i) = (default(Sides), 0L, 0);
        if (Vector.IsHardwareAccelerated && demands.Length >= Vector<long>.Count)
        {
            ref var demandAt = ref MemoryMarshal.GetReference(demands);
            ref var creditAt = ref MemoryMarshal.GetReference(credits);
            ref var allocationAt = ref MemoryMarshal.GetReference(allocations);
            ref var guaranteedAt = ref MemoryMarshal.GetArrayDataReference(_guaranteed);
            ref var freeAt = ref MemoryMarshal.GetArrayDataReference(_free);
            ref var ownAt = ref MemoryMarshal.GetArrayDataReference(_credits);
            ref var debitAt = ref MemoryMarshal.GetArrayDataReference(_debits);
            ref var offerAt = ref MemoryMarshal.GetArrayDataReference(_offers);
            ref var wantAt = ref MemoryMarshal.GetArrayDataReference(_wants);
            var (sure, offered, wanted, affordable, sign) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
            var capacity = new Vector<long>(_capacity);
            for (; i <= demands.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var place = (nuint)i;
                var demand = Vector.LoadUnsafe(ref demandAt, place);
                var guaranteed = Vector.LoadUnsafe(ref guaranteedAt, place);
                var credit = Vector.LoadUnsafe(ref creditAt, place) + Vector.LoadUnsafe(ref freeAt, place);
                credit.StoreUnsafe(ref ownAt, place);
                (-credit).StoreUnsafe(ref debitAt, place);
                sign |= credit;
                var certain = Vector.Min(demand, guaranteed);
                certain.StoreUnsafe(ref allocationAt, place);
                sure += certain;
                var offers = guaranteed - certain;
                offers.StoreUnsafe(ref offerAt, place);
                offered += offers;
                // Never below 0: what is certain is no more than the demand.
                var missing = Vector.Min(demand - certain, capacity);
                wanted += missing;
                var wants = Vector.Min(missing, credit);
                wants.StoreUnsafe(ref wantAt, place);
                affordable += wants;
            }

            sides = new(Vector.Sum(sure), Vector.Sum(offered), Vector.Sum(wanted), Vector.Sum(affordable));
            for (var lane = 0; lane < Vector<long>.Count; lane++) signs |= sign[lane];
        }

        for (; i < demands.Length; i++)
        {
            var credit = credits[i] + _free[i];
            // More than there is need not be told apart, and would not add up.
            var certain = Math.Min(demands[i], _guaranteed[i]);
            var missing = Math.Min(demands[i] - certain, _capacity);
            (allocations[i], _credits[i], _debits[i], _offers[i], _wants[i]) = (certain, credit, -credit, _guaranteed[i] - certain, Math.Min(missing, credit));
            sides = new(sides.Sure + certain, sides.Offered + _offers[i], sides.Wanted + missing, sides.Affordable + _wants[i]);
            signs |= credit;
        }

        return signs is >= 0 and <= CreditAmount.Most ? sides : throw new OverflowException("Credits are more than can be counted, or below 0.");
    }

    /// <returns>What each gets, and the level to which all are filled.</returns>
    private (long[] Given, long Level) Fill(long units, long all, long[] levels, long[] capacities, long[] given, long guess) =>
        units < all ? (given, LevelFill.Fill(units, levels, capacities, given, _workspace, guess)) : (capacities, guess);

    private void Settle(Span<long> credits, Span<long> allocations)
    {
        var i = 0;
        if (Vector.IsHardwareAccelerated && credits.Length >= Vector<long>.Count)
        {
            ref var creditAt = ref MemoryMarshal.GetReference(credits);
            ref var allocationAt = ref MemoryMarshal.GetReference(allocations);
            ref var ownAt = ref MemoryMarshal.GetArrayDataReference(_credits);
            ref var givenAt = ref MemoryMarshal.GetArrayDataReference(_given);
            ref var takenAt = ref MemoryMarshal.GetArrayDataReference(_taken);
            for (; i <= credits.Length - Vector<long>.Count; i += Vector<long>.Count)
            {
                var place = (nuint)i;
                var taken = Vector.LoadUnsafe(ref takenAt, place);
                (Vector.LoadUnsafe(ref ownAt, place) + Vector.LoadUnsafe(ref givenAt, place) - taken).StoreUnsafe(ref creditAt, place);
                (Vector.LoadUnsafe(ref allocationAt, place) + taken).StoreUnsafe(ref allocationAt, place);
            }
        }

        for (; i < credits.Length; i++)
        {
            credits[i] = _credits[i] + _given[i] - _taken[i];
            allocations[i] += _taken[i];
        }
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
        var missing = 0L;
        for (var i = 0; i < demands.Length; i++) missing += _credits[i] = Math.Min(demands[i] - allocations[i], _capacity);
        allocations.CopyTo(_debits);
        var (given, _) = Fill(Math.Min(idle, missing), missing, _debits, _credits, _handedOut, guess: 0);
        for (var i = 0; i < allocations.Length; i++) allocations[i] += given[i];
    }

    /// <param name="Sure">Units that are given for sure.</param>
    /// <param name="Offered">Units that are guaranteed to somebody who does not ask for them.</param>
    /// <param name="Wanted">Units asked for beyond what is guaranteed.</param>
    /// <param name="Affordable">Those of them that can be paid.</param>
    private readonly record struct Sides(long Sure, long Offered, long Wanted, long Affordable);
}
