namespace ResourceBorrowing.Market;

/// <summary>One price for all: what the dearest bid that goes away empty would have paid, or else the least for which all units that are taken are put up.</summary>
/// <remarks>
/// As many units change hands as can at any one price. Of the bids that reach the lowest such price, those of higher priority are served first, then the higher, then the older. The price is then what
/// the dearest of those left would have paid, as in the (M+1)st-price double auction (Satterthwaite and Williams 1989), or the lowest bid that was served, if that is less. So nobody pays more than its bid, nobody lends below its reserve
/// price, and what borrowers pay is what lenders get. A bid that takes no part
/// and does not fit is left out as if it had not been made. Prices count in thousandths. Bids count as far as their borrower can borrow, and pay, at its own price; offers as far as their lender can lend. Thread-safe.
/// </remarks>
public sealed class UniformPriceAuction : IMarketMechanism
{
    /// <inheritdoc/>
    public MarketOutcome Decide(MarketRound round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return new Matching(round).Outcome();
    }

    /// <summary>One side of the market, in arrays: prices in thousandths, units as far as they can really be traded.</summary>
    private sealed class Side(int count)
    {
        internal int[] Whose { get; } = new int[count];

        internal int[] Units { get; } = new int[count];

        internal int[] Prices { get; } = new int[count];

        internal long[] Terms { get; } = new long[count];

        internal void Set(int place, int whose, decimal price, TimeSpan term) => (Whose[place], Prices[place], Terms[place]) = (whose, CreditAmount.Price(price), term.Ticks);

        /// <summary>The places of those that are for anything, lowest price first, or highest; the older of equals first.</summary>
        internal int[] Ordered(bool highestFirst)
        {
            var (keys, count) = (new long[Units.Length], 0);
            for (var i = 0; i < Units.Length; i++)
                if (Units[i] > 0) keys[count++] = Key(highestFirst ? -Prices[i] : Prices[i], i);
            return Sorted(keys.AsSpan(0, count));
        }
    }

    private sealed class Matching
    {
        // What cannot be matched is left out and all is decided anew, so often at the most.
        private const int MostPasses = 16;

        private readonly MarketRound _round;
        private readonly double[] _reputations;      // of the participants, and what they ask for of others
        private readonly double[] _thresholds;
        private readonly bool[] _takesPart;          // of the bids
        private readonly Side _bids;
        private readonly Side _offers;
        private readonly int[] _byPrice;
        private readonly int[] _byRank;
        private readonly int[] _byReserve;
        private readonly List<(int Bid, int Offer, int Units)> _matches = [];
        private readonly List<int> _misfits = [];
        private readonly List<int> _stranded = [];   // bids that reach the price and got nothing
        private readonly int[] _left;                // units of offers that nobody took
        private bool _isAnyLeft;
        private int _price;

        internal Matching(MarketRound round)
        {
            (_round, _bids, _offers) = (round, new(round.Bids.Count), new(round.Offers.Count));
            (_reputations, _thresholds) = ([.. round.Participants.Select(static p => p.Reputation)], [.. round.Participants.Select(static p => p.GrantThreshold)]);
            _takesPart = [.. round.Bids.Select(static b => b.TakesPart)];
            Ask();
            PutUp();
            (_byPrice, _byReserve) = (_bids.Ordered(highestFirst: true), _offers.Ordered(highestFirst: false));
            _byRank = ByPriority(_byPrice, round.Bids);
            _left = new int[round.Offers.Count];
            foreach (var bid in _byPrice)
                if (!HasOffer(bid)) _bids.Units[bid] = 0;
            foreach (var offer in _byReserve)
                if (!HasBid(offer)) _offers.Units[offer] = 0;
        }

        internal MarketOutcome Outcome()
        {
            for (var pass = 1; LeastPrice() is { } price; pass++)
            {
                var served = Match(price);
                if (pass == MostPasses || !LeaveOut()) return Outcome(CreditAmount.PriceInCredits(served));
            }

            return MarketOutcome.None;
        }

        /// <summary>Leaves out bids that take no part and do not fit, or else those bids and offers that found nobody although there is somebody: they must not stand in the way of others.</summary>
        /// <returns>Whether there were any.</returns>
        private bool LeaveOut()
        {
            foreach (var misfit in _misfits) _bids.Units[misfit] = 0;
            if (_misfits.Count > 0) return true;
            if (!_isAnyLeft || _stranded.Count == 0) return false;
            foreach (var bid in _stranded) _bids.Units[bid] = 0;
            foreach (var offer in _byReserve)
                if (_left[offer] == _offers.Units[offer] && _offers.Prices[offer] <= _price) _offers.Units[offer] = 0;
            return true;
        }

        private MarketOutcome Outcome(decimal price) => _matches.Count == 0 ? MarketOutcome.None
            : new([.. _matches.Select(m => new MarketTransfer(_offers.Whose[m.Offer], _bids.Whose[m.Bid], m.Units, price) { Bid = m.Bid, Offer = m.Offer })], price, []);

        /// <summary>What each bid can really be for: as far as its borrower's limits and credits go, the older bid first.</summary>
        private void Ask()
        {
            var borrowable = new int[_round.Participants.Count];
            var credits = new long[borrowable.Length];
            for (var i = 0; i < borrowable.Length; i++)
                (borrowable[i], credits[i]) = (_round.Participants[i].Borrowable, CreditAmount.Of(Math.Clamp(_round.Participants[i].Credits, 0, CreditAmount.MostCredits)));
            for (var i = 0; i < _bids.Units.Length; i++)
            {
                var bid = _round.Bids[i];
                _bids.Set(i, bid.Borrower, bid.HighestPrice, bid.Term);
                ref var left = ref credits[bid.Borrower];
                var units = Math.Min(bid.Units, borrowable[bid.Borrower]);
                var each = _bids.Prices[i] * CreditAmount.Milliseconds(bid.Term);
                if (each > 0) units = (int)Math.Min(units, left / each);
                if (units < (bid.TakesPart ? 1 : bid.Units)) continue;
                _bids.Units[i] = units;
                borrowable[bid.Borrower] -= units;
                left -= units * each;
            }
        }

        /// <summary>What each offer can really be for.</summary>
        private void PutUp()
        {
            var lendable = new int[_round.Participants.Count];
            for (var i = 0; i < lendable.Length; i++) lendable[i] = _round.Participants[i].Lendable;
            for (var i = 0; i < _offers.Units.Length; i++)
            {
                var offer = _round.Offers[i];
                _offers.Set(i, offer.Lender, offer.ReservePrice, offer.LongestTerm);
                _offers.Units[i] = Math.Max(0, Math.Min(offer.Units, lendable[offer.Lender]));
                lendable[offer.Lender] -= _offers.Units[i];
            }
        }

        /// <returns>The lowest price at which most units can change hands; null when no bid reaches a reserve price.</returns>
        private int? LeastPrice()
        {
            // Units are matched from the dearest bid and the cheapest offer on, as long as the one pays for the other.
            var (bid, offer, asked, put) = (0, 0, 0, 0);
            int? least = null;
            while (true)
            {
                while (asked == 0 && bid < _byPrice.Length)
                    if ((asked = _bids.Units[_byPrice[bid]]) == 0) bid++;
                while (put == 0 && offer < _byReserve.Length)
                    if ((put = _offers.Units[_byReserve[offer]]) == 0) offer++;
                if (asked == 0 || put == 0 || _bids.Prices[_byPrice[bid]] < _offers.Prices[_byReserve[offer]]) break;
                least = _offers.Prices[_byReserve[offer]];
                var units = Math.Min(asked, put);
                if ((asked -= units) == 0) bid++;
                if ((put -= units) == 0) offer++;
            }

            return least;
        }

        /// <summary>Serves the bids in their order.</summary>
        /// <returns>The price: above the least one where the units at that do not suffice.</returns>
        private int Match(int price)
        {
            _matches.Clear();
            _misfits.Clear();
            _stranded.Clear();
            (_price, _isAnyLeft) = (price, false);
            _offers.Units.CopyTo(_left, 0);
            var (left, first, lowest, dearest) = (_left, 0, int.MaxValue, price);
            foreach (var bid in _byRank)
            {
                var (wanted, began) = (_bids.Units[bid], _matches.Count);
                if (wanted == 0 || _bids.Prices[bid] < price) continue;
                for (var i = first; i < _byReserve.Length && wanted > 0; i++)
                {
                    var offer = _byReserve[i];
                    if (_offers.Prices[offer] > price) break;
                    if (left[offer] == 0)
                    {
                        if (i == first) first++;
                        continue;
                    }

                    if (!CanLend(offer, bid)) continue;
                    var units = Math.Min(wanted, left[offer]);
                    _matches.Add((bid, offer, units));
                    wanted -= units;
                    left[offer] -= units;
                }

                if (wanted == 0 || _takesPart[bid])
                {
                    if (_matches.Count == began) _stranded.Add(bid);
                    else lowest = Math.Min(lowest, _bids.Prices[bid]);
                    if (wanted > 0) dearest = Math.Max(dearest, _bids.Prices[bid]);
                    continue;
                }

                for (var i = began; i < _matches.Count; i++) left[_matches[i].Offer] += _matches[i].Units;
                _matches.RemoveRange(began, _matches.Count - began);
                _misfits.Add(bid);
            }

            // Who was not served although there are units is not the one that presses the price: nobody it may borrow from has any.
            foreach (var offer in _byReserve)
                _isAnyLeft |= left[offer] > 0 && _offers.Prices[offer] <= price;
            return _isAnyLeft ? price : Math.Min(lowest, dearest);
        }

        /// <summary>Whether there is any offer that a bid could take.</summary>
        private bool HasOffer(int bid)
        {
            foreach (var offer in _byReserve)
            {
                if (_offers.Prices[offer] > _bids.Prices[bid]) return false;
                if (CanLend(offer, bid)) return true;
            }

            return false;
        }

        /// <summary>Whether there is any bid, of those that are left, that could take an offer.</summary>
        private bool HasBid(int offer)
        {
            foreach (var bid in _byPrice)
            {
                if (_offers.Prices[offer] > _bids.Prices[bid]) return false;
                if (_bids.Units[bid] > 0 && CanLend(offer, bid)) return true;
            }

            return false;
        }

        private bool CanLend(int offer, int bid)
        {
            var (lender, borrower) = (_offers.Whose[offer], _bids.Whose[bid]);
            return lender != borrower && _offers.Terms[offer] >= _bids.Terms[bid] && _reputations[borrower] >= _thresholds[lender];
        }
    }

    /// <summary>The same places, highest priority first; among equals as before.</summary>
    private static int[] ByPriority(int[] places, IReadOnlyList<MarketBid> bids)
    {
        var keys = new long[places.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = Key(~bids[places[i]].Priority, i);
        var sorted = Sorted(keys);
        for (var i = 0; i < sorted.Length; i++) sorted[i] = places[sorted[i]];
        return sorted;
    }

    private static long Key(int key, int place) => (long)key << 32 | (uint)place;

    private static int[] Sorted(Span<long> keys)
    {
        keys.Sort();
        var places = new int[keys.Length];
        for (var i = 0; i < places.Length; i++) places[i] = (int)(uint)keys[i];
        return places;
    }
}
