namespace ResourceBorrowing.Market;

/// <summary>
/// Divides units anew each round by credits that lending earns: everybody has a part of its quota for sure; of the rest, and of what others do not need of theirs, who has lent most of late gets most. As efficient as
/// max-min fairness, and fairer over time. Source: "Karma: Resource Allocation for Dynamic Demands" (OSDI'23).
/// </summary>
/// <remarks>
/// Who bids asks for its quota and what its bids are for together, if they reach the price; who does not, for its demand. Bids are only asked by, and stand until they expire: what is lent goes on from round to round. A unit and a round cost what a loan of a unit for that time does. Units lent that
/// their owner did not need are paid to it; those of the reserve and those that all have pledged are paid to all. A participant that needs much before it has earned credits can fare worse than under
/// max-min fairness, but its floor, nominal quota less lending limit, is its own whatever it has. Thread-safe.
/// </remarks>
public sealed class Karma : IMarketMechanism
{
    private readonly Lock _lock = new();
    private readonly KarmaRules _rules;
    private KarmaQuantum? _quantum;
    private int[] _quotas = [];
    private int[] _floors = [];
    private int _reserve;

    /// <param name="alpha">The part of its quota that each has for sure, 0 to 1. Default 0.5, which fits the default lending limit.</param>
    /// <param name="freeCredits">Whether all get credits each round for what they do not have for sure. Default false: credits are conserved, and what all have pledged earns for all.</param>
    /// <param name="sharesRemainder">Whether units that rounding leaves over are lent as well. Default true.</param>
    /// <param name="isWorkConserving">Whether what is idle in the end, because those who need it have no credits, is lent for nothing, and recalled first. Default true.</param>
    /// <exception cref="ArgumentOutOfRangeException">An alpha below 0 or above 1.</exception>
    public Karma(decimal alpha = 0.5m, bool freeCredits = false, bool sharesRemainder = true, bool isWorkConserving = true)
    {
        if (alpha is < 0 or > 1) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "The part that each has for sure is 0 to 1.");
        _rules = new(alpha, freeCredits, sharesRemainder, isWorkConserving);
    }

    /// <inheritdoc/>
    public MarketOutcome Decide(MarketRound round)
    {
        ArgumentNullException.ThrowIfNull(round);
        if (round.Participants.Count < 2) return MarketOutcome.None;
        lock (_lock) return new Division(round, QuantumOf(round)).Outcome();
    }

    private KarmaQuantum QuantumOf(MarketRound round)
    {
        var (count, reserve) = (round.Participants.Count - 1, round.Participants[^1].NominalQuota);
        var isKnown = _quantum is not null && _reserve == reserve && _quotas.Length == count;
        for (var i = 0; isKnown && i < count; i++) isKnown = _quotas[i] == round.Participants[i].NominalQuota && _floors[i] == round.Participants[i].Floor;
        if (isKnown) return _quantum!;
        (_quotas, _reserve) = ([.. round.Participants.Take(count).Select(static p => p.NominalQuota)], reserve);
        _floors = [.. round.Participants.Take(count).Select(static p => p.Floor)];
        return _quantum = new(_rules, _quotas, reserve, _floors);
    }

    /// <summary>What a loan is, as far as who is paid for it goes.</summary>
    private enum Kind
    {
        /// <summary>Of units that the lender did not need: paid to it.</summary>
        Donated,

        /// <summary>Of units that belong, or were pledged, to all: paid to all.</summary>
        Shared,

        /// <summary>Of units that would lie idle: for nothing.</summary>
        Free,
    }

    /// <summary>One round, from the division to who lends to whom.</summary>
    private sealed class Division
    {
        private readonly MarketRound _round;
        private readonly KarmaQuantum _quantum;
        private readonly int _count;
        private readonly decimal _each;          // what a unit costs for a round
        private readonly int[] _paid;            // units to be lent to each that it pays for, and those it does not
        private readonly int[] _free;
        private readonly int[] _donated;         // units that each can lend, by what becomes of their price
        private readonly int[] _shared;
        private readonly int[] _idle;
        private readonly MarketTransfer[] _standing;
        private readonly int[] _stands;          // units of each that have not been decided yet
        private readonly List<MarketTransfer> _transfers = [];
        private readonly List<CreditTransfer> _credits = [];

        internal Division(MarketRound round, KarmaQuantum quantum)
        {
            (_round, _quantum, _count) = (round, quantum, round.Participants.Count - 1);
            (_paid, _free, _donated, _shared, _idle) = (new int[_count], new int[_count], new int[_count + 1], new int[_count + 1], new int[_count + 1]);
            // In the order in which they are decided: the same again is then divided as before.
            _standing = [.. round.Standing.Where(s => s.Borrower < _count).OrderBy(s => s.Lender < _count || KindOf(s) != Kind.Shared).ThenBy(static s => s.Borrower).ThenBy(static s => s.Lender)];
            _stands = [.. _standing.Select(static s => s.Units)];
            _each = round.Price * (decimal)round.Period.TotalSeconds;
        }

        internal MarketOutcome Outcome()
        {
            var (demands, credits, allocations, house) = (Demands(), Credits(), new long[_count], 0L);
            _quantum.Run(demands, credits, ref house, allocations);
            for (var i = 0; i < _count; i++) Weigh(i, (int)allocations[i]);
            _shared[_count] = Math.Max(0, _round.Participants[_count].Lendable);
            Lend(Kind.Donated, _donated, _paid);
            Lend(Kind.Shared, _shared, _paid);
            // Where those that should have lent do not trust who borrows, others do that have something.
            Lend(Kind.Donated, _idle, _paid);
            for (var i = 0; i <= _count; i++) _idle[i] += _donated[i] + _shared[i];
            Lend(Kind.Free, _idle, _free);
            if (_each > 0) PostWithoutLoans();
            return new(_transfers, _transfers.Count > 0 ? _round.Price : null, _credits);
        }

        /// <summary>What each asks for, no more than its limits let it have; who has less to lend than it does not need offers only that.</summary>
        private long[] Demands()
        {
            var (demands, bids) = (new long[_count], new long[_count]);
            foreach (var bid in _round.Bids)
                if (bid.HighestPrice >= _round.Price) bids[bid.Borrower] += bid.Units;
            for (var i = 0; i < _count; i++)
            {
                var one = _round.Participants[i];
                long demand = bids[i] > 0 ? one.NominalQuota + bids[i] : Math.Max(0, one.Demand);
                demand = Math.Min(demand, one.NominalQuota + (long)Math.Max(0, one.Borrowable));
                demands[i] = Math.Max(demand, Math.Min(_quantum.Guaranteed[i], _quantum.Guaranteed[i] - one.Lendable));
            }

            return demands;
        }

        /// <summary>How many units each can pay for a round; where they cost nothing, whole credits only set the order.</summary>
        private long[] Credits() =>
            [.. _round.Participants.Take(_count).Select(p => (long)Math.Clamp(decimal.Floor(p.Credits / (_each > 0 ? _each : 1)), 0, CreditAmount.MostCredits))];

        /// <summary>What one can lend, and must borrow so that it can use what it was given.</summary>
        private void Weigh(int i, int allocation)
        {
            var (one, guaranteed) = (_round.Participants[i], (int)_quantum.Guaranteed[i]);
            var need = Math.Max(0, allocation - one.NominalQuota);
            _paid[i] = (int)Math.Clamp(_quantum.Paid[i] - (one.NominalQuota - guaranteed), 0, need);
            _free[i] = need - _paid[i];
            var spare = Math.Max(0, Math.Min(one.Lendable, one.NominalQuota - allocation));
            _donated[i] = (int)Math.Min(_quantum.Earned[i], spare);
            _shared[i] = Math.Min(spare - _donated[i], Math.Max(0, one.NominalQuota - Math.Max(allocation, guaranteed)));
            _idle[i] = spare - _donated[i] - _shared[i];
        }

        /// <summary>Matches lenders and borrowers: those that stand first, so that no unit moves without need.</summary>
        private void Lend(Kind kind, int[] supply, int[] need)
        {
            for (var i = 0; i < _stands.Length; i++)
            {
                var standing = _standing[i];
                if (KindOf(standing) == kind) _stands[i] -= Transfer(kind, standing.Lender, standing.Borrower, _stands[i], supply, need);
            }

            // What belongs to all comes from the reserve first.
            for (var borrower = 0; borrower < _count && kind == Kind.Shared; borrower++) Transfer(kind, _count, borrower, int.MaxValue, supply, need);
            var first = 0;
            for (var borrower = 0; borrower < _count; borrower++)
            {
                for (var lender = first; lender <= _count && need[borrower] > 0; lender++)
                {
                    if (supply[lender] > 0) Transfer(kind, lender, borrower, int.MaxValue, supply, need);
                    else if (lender == first) first++;
                }
            }
        }

        /// <returns>Units that go.</returns>
        private int Transfer(Kind kind, int lender, int borrower, int most, int[] supply, int[] need)
        {
            var units = Math.Min(most, Math.Min(supply[lender], need[borrower]));
            if (units <= 0 || lender == borrower || _round.Participants[borrower].Reputation < _round.Participants[lender].GrantThreshold) return 0;
            supply[lender] -= units;
            need[borrower] -= units;
            _transfers.Add(new(lender, borrower, units, kind == Kind.Free ? 0 : _round.Price) { PaysAll = kind == Kind.Shared, Priority = kind == Kind.Free ? int.MinValue : 0 });
            return units;
        }

        private static Kind KindOf(in MarketTransfer standing) => standing.Priority == int.MinValue ? Kind.Free : standing.PaysAll ? Kind.Shared : Kind.Donated;

        /// <summary>Whoever uses units of its own that it had pledged pays for them as if it had borrowed them: to those that earn more than they lent, and then to all.</summary>
        private void PostWithoutLoans()
        {
            var (unpaid, payee) = (_donated, 0);
            for (var i = 0; i < _count; i++)
            {
                if (_quantum.Free[i] > 0) _credits.Add(new(-1, i, _quantum.Free[i] * _each, CreditReason.Free));
                for (var own = (int)Math.Min(_quantum.Paid[i], _round.Participants[i].NominalQuota - _quantum.Guaranteed[i]); own > 0;)
                {
                    while (payee < _count && unpaid[payee] == 0) payee++;
                    var units = payee < _count ? Math.Min(own, unpaid[payee]) : own;
                    if (payee < _count) unpaid[payee] -= units;
                    own -= units;
                    _credits.Add(new(i, payee, units * _each, CreditReason.Pledged));
                }
            }
        }
    }
}
