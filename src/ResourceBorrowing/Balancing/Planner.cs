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

    /// <summary>The moves of one plan, while they are being found.</summary>
    private readonly ref struct Moves
    {
        private readonly ReadOnlySpan<Situation> _situations;
        private readonly int[] _gains;     // units still missing
        private readonly int[] _excess;    // units that it does not need, its own included
        private readonly int[] _relief;    // units that callers wait for
        private readonly int[] _lendable;
        private readonly int[] _borrowable;
        private readonly int[] _spare;     // units that it offers and the plan does not leave to it
        private readonly int[] _free;
        private readonly List<PlannedMove> _moves;

        internal Moves(in PlanLimits limits, ReadOnlySpan<Situation> situations, int[] allocations, double[] targets)
        {
            _situations = situations;
            _moves = new(situations.Length);
            (_gains, _excess, _relief) = (new int[situations.Length], new int[situations.Length], new int[situations.Length]);
            _borrowable = new int[situations.Length];
            (_lendable, _spare, _free) = (new int[situations.Length], new int[situations.Length], new int[situations.Length]);
            for (var i = 0; i < situations.Length; i++)
            {
                ref readonly var one = ref situations[i];
                var need = (int)Math.Min(Math.Ceiling(targets[i] - Trace), allocations[i]);
                var band = limits.DeadBand * one.Allocation;
                var (gain, excess) = (need - one.Allocation, one.Allocation - Math.Max(need, one.Recent));
                if (gain > 0 && gain >= band) _gains[i] = gain;
                // Whoever needs no more than it owns need not borrow, however little: or some would lend to each other in a circle, and nobody could lend on.
                if (excess > 0 && (excess >= band || need <= one.Nominal)) _excess[i] = excess;
                _relief[i] = Math.Clamp(one.Waiting - one.Free, 0, Math.Max(0, one.Ceiling - one.Allocation));
                _borrowable[i] = one.Borrowable;
                (_free[i], _lendable[i]) = (one.Free, Math.Min(one.Free, one.Lendable));
                _spare[i] = Math.Clamp(one.Allocation - need, 0, Math.Min(_lendable[i], one.Offered));
            }
        }

        internal List<PlannedMove> Find(int most, ReadOnlySpan<StandingLoan> standing)
        {
            var left = standing.ToArray();
            GiveBack(left, _relief, ref most, isRelief: true);
            GiveBack(left, _gains, ref most, isRelief: false);
            Lend(_relief, _lendable, ref most, isRelief: true);
            Lend(_gains, _spare, ref most, isRelief: false);
            return _moves;
        }

        /// <summary>What its owner wants or its borrower does not need goes home: never what somebody uses.</summary>
        private void GiveBack(StandingLoan[] standing, int[] wants, ref int most, bool isRelief)
        {
            foreach (ref var loan in standing.AsSpan())
            {
                var needless = isRelief ? 0 : _excess[loan.Borrower];
                var units = Math.Min(Math.Min(loan.Units, _free[loan.Borrower]), Math.Max(needless, wants[loan.Lender]));
                if (!isRelief) units = Math.Min(units, most);
                if (units <= 0) continue;
                _excess[loan.Borrower] = Math.Max(0, _excess[loan.Borrower] - units);
                loan = loan with { Units = loan.Units - units };
                Move(new(loan.Lender, loan.Borrower, units, IsReturn: true), gaining: loan.Lender, losing: loan.Borrower, ref most, isRelief);
            }
        }

        private void Lend(int[] wants, int[] supply, ref int most, bool isRelief)
        {
            var situations = _situations;
            var (takers, givers) = (Places(wants), Places(supply));
            var (scores, supplies) = (new double[takers.Length], new long[givers.Length]);
            for (var i = 0; i < takers.Length; i++) scores[i] = -situations[takers[i]].Score;
            for (var i = 0; i < givers.Length; i++) supplies[i] = (situations[givers[i]].MustBeAsked ? 1L << 32 : 0) - supply[givers[i]];
            Array.Sort(scores, takers);
            Array.Sort(supplies, givers);
            var next = 0;
            foreach (var taker in takers)
            {
                for (var place = next; place < givers.Length && wants[taker] > 0 && (isRelief || most > 0); place++)
                {
                    var giver = givers[place];
                    var has = Math.Min(supply[giver], _free[giver]);
                    var isRefused = giver == taker || situations[taker].Score < situations[giver].Threshold;
                    var units = isRefused ? 0 : Math.Min(Math.Min(wants[taker], _borrowable[taker]), has);
                    if (!isRelief) units = Math.Min(units, most);
                    if (units > 0) Move(new(giver, taker, units, IsReturn: false), gaining: taker, losing: giver, ref most, isRelief);
                    if (place == next && units == has) next++;
                }
            }
        }

        private void Move(PlannedMove move, int gaining, int losing, ref int most, bool isRelief)
        {
            _moves.Add(move);
            if (!isRelief) most -= move.Units;
            _free[losing] -= move.Units;
            if (!move.IsReturn)
            {
                _borrowable[gaining] -= move.Units;
                _lendable[losing] -= move.Units;
                _spare[losing] -= move.Units;
            }
            else if (move.Units - Math.Max(_gains[gaining], _relief[gaining]) is var more and > 0)
            {
                // What its owner does not need it may lend anew.
                _free[gaining] += more;
                _lendable[gaining] += more;
                _spare[gaining] += more;
            }

            _gains[gaining] = Math.Max(0, _gains[gaining] - move.Units);
            _relief[gaining] = Math.Max(0, _relief[gaining] - move.Units);
        }

        private static int[] Places(int[] amounts)
        {
            var count = 0;
            foreach (var amount in amounts)
                if (amount > 0) count++;
            var places = new int[count];
            for (var i = amounts.Length - 1; i >= 0; i--)
                if (amounts[i] > 0) places[--count] = i;
            return places;
        }
    }
}
