namespace ResourceBorrowing.Balancing;

/// <summary>How far a plan may go.</summary>
/// <param name="Capacity">All units.</param>
/// <param name="DeadBand">The part of its allocation by which a participant must be off before units move for it.</param>
/// <param name="MostMoved">The part of the capacity that may move in a round; those that callers wait for come on top.</param>
internal readonly record struct PlanLimits(int Capacity, double DeadBand, double MostMoved);

/// <summary>One participant as a plan sees it.</summary>
/// <param name="Nominal">What it owns.</param>
/// <param name="Floor">The least that lending may leave it.</param>
/// <param name="Ceiling">The most that borrowing may bring it, its reputation considered.</param>
/// <param name="Allocation">What it may use now.</param>
/// <param name="Free">What of it nobody uses.</param>
/// <param name="Most">Its highest demand of the last period.</param>
/// <param name="Recent">The same of the time for which units must lie idle before they count as such.</param>
/// <param name="Demand">What it is expected to need: smoothed, or foreseen.</param>
/// <param name="Offered">Units that it has put up and not yet lent.</param>
/// <param name="Lendable">Units that it would lend now to callers that wait.</param>
/// <param name="Borrowable">Units that it may borrow beyond what it has borrowed.</param>
/// <param name="Waiting">Units that callers wait for who have no other way to them.</param>
/// <param name="Score">Its reputation.</param>
/// <param name="Threshold">The reputation that it asks of those to whom it lends.</param>
/// <param name="MustBeAsked">Whether it may say no: those that need not be asked lend first.</param>
internal readonly record struct Situation(
    int Nominal, int Floor, int Ceiling, int Allocation, int Free, int Most, int Recent, double Demand, int Offered, int Lendable, int Borrowable, int Waiting, double Score,
    double Threshold = 0, bool MustBeAsked = false);

/// <summary>Units that an earlier plan has lent and nobody has recalled since.</summary>
internal readonly record struct StandingLoan(int Lender, int Borrower, int Units);

/// <summary>What a plan would have moved.</summary>
/// <param name="Lender">Whose units, by place.</param>
/// <param name="Borrower">To whom; back from there when <paramref name="IsReturn"/>.</param>
/// <param name="Units">How many.</param>
/// <param name="IsReturn">Whether a standing loan ends, in part or whole; otherwise a new one is made.</param>
internal readonly record struct PlannedMove(int Lender, int Borrower, int Units, bool IsReturn);

/// <summary>What everybody should have, and what moves for it.</summary>
internal sealed record Plan(double[] Targets, double[] Lowers, int[] Allocations, List<PlannedMove> Moves);

/// <summary>
/// Makes a plan: bounded water-filling in proportion to demand, in whole units, and the moves that bring the standing loans nearer to it. Pure: the same situation, the
/// same plan.
/// </summary>
/// <remarks>
/// <para>What a participant should have lies between its floor, or what it owns and needs, and its ceiling (source: Kubernetes API Priority and Fairness). Where there is more
/// than all need, nobody borrows more than it needs: the rest stays at home.</para>
/// <para>Only free units move. First those go home that are no longer needed, or that their owner needs; then whoever needs more borrows, those with waiting callers first, then
/// by reputation, from those that offer most, and from those that want to be asked last. What callers wait for comes from whatever could be lent; the rest only from what has been put up.</para>
/// </remarks>
internal static class Planner
{
    // Demand fades away and is never quite gone: so little of a unit is none.
    private const double Trace = 0.01;

    internal static Plan Make(in PlanLimits limits, ReadOnlySpan<Situation> situations, ReadOnlySpan<StandingLoan> standing)
    {
        var count = situations.Length;
        var (claims, targets, lowers) = (new Claim[count], new double[count], new double[count]);
        var share = ShareOfLowers(limits.Capacity, situations);
        for (var i = 0; i < count; i++)
        {
            ref readonly var one = ref situations[i];
            lowers[i] = one.Floor + share * (LowerOf(one) - one.Floor);
            targets[i] = Math.Max(lowers[i], one.Demand);
            claims[i] = new(targets[i], lowers[i], Math.Max(lowers[i], one.Ceiling));
        }

        var allocations = new int[count];
        WholeUnits.Round(WaterFilling.Fill(limits.Capacity, claims), limits.Capacity, allocations);
        return new(targets, lowers, allocations, new Moves(limits, situations, allocations, targets).Find(MostMovedOf(limits), standing));
    }

    /// <summary>However small the pool, one unit can move: or nothing would ever go home.</summary>
    private static int MostMovedOf(in PlanLimits limits) => limits.MostMoved > 0 ? (int)Math.Max(1, limits.MostMoved * limits.Capacity) : 0;

    private static int LowerOf(in Situation one) => Math.Max(one.Floor, Math.Min(one.Nominal, one.Most));

    /// <summary>How much of what the lower bounds ask for beyond the floors there is: all of it, but while a lowered capacity has not gone yet.</summary>
    private static double ShareOfLowers(int capacity, ReadOnlySpan<Situation> situations)
    {
        var (floors, lowers) = (0.0, 0.0);
        foreach (ref readonly var one in situations)
        {
            floors += one.Floor;
            lowers += LowerOf(one);
        }

        return lowers <= capacity ? 1 : Math.Max(0, (capacity - floors) / (lowers - floors));
    }

    /// <summary>How one participant stands while the moves of a plan are being found.</summary>
    private struct Position
    {
        internal int Gain;        // units still missing
        internal int Excess;      // units that it does not need, its own included
        internal int Relief;      // units that callers wait for
        internal int Borrowable;
        internal int Lendable;
        internal int Spare;       // units that it offers and the plan does not leave to it
        internal int Free;

        internal readonly int Wanted(bool isRelief) => isRelief ? Relief : Gain;

        internal readonly int Supply(bool isRelief) => Math.Min(Free, isRelief ? Lendable : Spare);
    }

    /// <summary>The moves of one plan, while they are being found.</summary>
    private readonly ref struct Moves
    {
        // A participant's place, and before it what it is sorted by.
        private const int PlaceBits = 31;
        private const double BestScore = 100;
        private const double ScoreSteps = 1 << 24;

        private readonly ReadOnlySpan<Situation> _situations;
        private readonly Position[] _all;
        private readonly List<PlannedMove> _moves;

        internal Moves(in PlanLimits limits, ReadOnlySpan<Situation> situations, int[] allocations, double[] targets)
        {
            _situations = situations;
            _all = new Position[situations.Length];
            _moves = new(situations.Length);
            for (var i = 0; i < situations.Length; i++)
            {
                ref readonly var one = ref situations[i];
                ref var position = ref _all[i];
                var need = (int)Math.Min(Math.Ceiling(targets[i] - Trace), allocations[i]);
                var band = limits.DeadBand * one.Allocation;
                var (gain, excess) = (need - one.Allocation, one.Allocation - Math.Max(need, one.Recent));
                if (gain > 0 && gain >= band) position.Gain = gain;
                // Whoever needs no more than it owns need not borrow, however little: or some would lend to each other in a circle, and nobody could lend on.
                if (excess > 0 && (excess >= band || need <= one.Nominal)) position.Excess = excess;
                position.Relief = Math.Clamp(one.Waiting - one.Free, 0, Math.Max(0, one.Ceiling - one.Allocation));
                position.Borrowable = one.Borrowable;
                (position.Free, position.Lendable) = (one.Free, Math.Min(one.Free, one.Lendable));
                position.Spare = Math.Clamp(one.Allocation - need, 0, Math.Min(position.Lendable, one.Offered));
            }
        }

        internal List<PlannedMove> Find(int most, ReadOnlySpan<StandingLoan> standing)
        {
            var left = standing.ToArray();
            GiveBack(left, ref most, isRelief: true);
            GiveBack(left, ref most, isRelief: false);
            Lend(ref most, isRelief: true);
            Lend(ref most, isRelief: false);
            return _moves;
        }

        /// <summary>What its owner wants or its borrower does not need goes home: never what somebody uses.</summary>
        private void GiveBack(StandingLoan[] standing, ref int most, bool isRelief)
        {
            foreach (ref var loan in standing.AsSpan())
            {
                ref var borrower = ref _all[loan.Borrower];
                var needless = isRelief ? 0 : borrower.Excess;
                var units = Math.Min(Math.Min(loan.Units, borrower.Free), Math.Max(needless, _all[loan.Lender].Wanted(isRelief)));
                if (!isRelief) units = Math.Min(units, most);
                if (units <= 0) continue;
                borrower.Excess = Math.Max(0, borrower.Excess - units);
                loan = loan with { Units = loan.Units - units };
                if (!isRelief) most -= units;
                Move(new(loan.Lender, loan.Borrower, units, IsReturn: true), ref _all[loan.Lender], ref borrower);
            }
        }

        private void Lend(ref int most, bool isRelief)
        {
            var (takers, givers) = (Takers(isRelief), Givers(isRelief));
            var next = 0;
            foreach (var taker in takers)
            {
                ref var gaining = ref _all[taker];
                for (var place = next; place < givers.Length && gaining.Wanted(isRelief) > 0 && (isRelief || most > 0); place++)
                {
                    var giver = givers[place];
                    ref var losing = ref _all[giver];
                    var supply = losing.Supply(isRelief);
                    var isRefused = giver == taker || _situations[taker].Score < _situations[giver].Threshold;
                    var units = isRefused ? 0 : Math.Min(Math.Min(gaining.Wanted(isRelief), gaining.Borrowable), supply);
                    if (!isRelief) units = Math.Min(units, most);
                    if (units > 0)
                    {
                        if (!isRelief) most -= units;
                        Move(new(giver, taker, units, IsReturn: false), ref gaining, ref losing);
                    }

                    if (place == next && units == supply) next++;
                }
            }
        }

        private void Move(in PlannedMove move, ref Position gaining, ref Position losing)
        {
            _moves.Add(move);
            losing.Free -= move.Units;
            if (!move.IsReturn)
            {
                gaining.Borrowable -= move.Units;
                losing.Lendable -= move.Units;
                losing.Spare -= move.Units;
            }
            else if (move.Units - Math.Max(gaining.Gain, gaining.Relief) is var more and > 0)
            {
                // What its owner does not need it may lend anew.
                gaining.Free += more;
                gaining.Lendable += more;
                gaining.Spare += more;
            }

            gaining.Gain = Math.Max(0, gaining.Gain - move.Units);
            gaining.Relief = Math.Max(0, gaining.Relief - move.Units);
        }

        /// <summary>Those that want units: the best reputation first, the earlier of equals.</summary>
        private int[] Takers(bool isRelief)
        {
            var (keys, count) = (new long[_all.Length], 0);
            for (var i = 0; i < _all.Length; i++)
                if (_all[i].Wanted(isRelief) > 0) keys[count++] = (long)((BestScore - _situations[i].Score) * ScoreSteps) << PlaceBits | (long)i;
            return Sorted(keys.AsSpan(0, count));
        }

        /// <summary>Those that have units to give: those that need not be asked first, and who has most.</summary>
        private int[] Givers(bool isRelief)
        {
            var (keys, count) = (new long[_all.Length], 0);
            for (var i = 0; i < _all.Length; i++)
                if (_all[i].Supply(isRelief) is var supply and > 0) keys[count++] = (_situations[i].MustBeAsked ? 0 : -(1L << 62)) + ((long)(int.MaxValue - supply) << PlaceBits | (long)i);
            return Sorted(keys.AsSpan(0, count));
        }

        private static int[] Sorted(Span<long> keys)
        {
            keys.Sort();
            var places = new int[keys.Length];
            for (var i = 0; i < places.Length; i++) places[i] = (int)(keys[i] & int.MaxValue);
            return places;
        }
    }
}
