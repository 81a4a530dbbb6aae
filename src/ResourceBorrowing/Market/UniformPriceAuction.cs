namespace ResourceBorrowing.Market;

/// <summary>One price for all: what the dearest bid that goes away empty would have paid, or else the least for which all units that are taken are put up.</summary>
/// <remarks>
/// The price is one of those at which most units change hands: the bid next in price to those that fit sets it, as in the (M+1)st-price double auction (Satterthwaite and Williams 1989). Nobody pays more than its bid, nobody lends below its reserve
/// price, and what borrowers pay is what lenders get. When more is asked for at the price than there is, priority comes first, then the higher bid, then the older. A bid that takes no part
/// and does not fit is left out as if it had not been made. Prices count in thousandths. Bids count as far as their borrower can borrow, and pay, at its own price; offers as far as their lender can lend. Thread-safe.
/// </remarks>
public sealed class UniformPriceAuction : IMarketMechanism
{
    // Bids that take no part and do not fit are left out and all is decided anew, so often at the most.
    private const int MostPasses = 16;

    /// <inheritdoc/>
    public MarketOutcome Decide(MarketRound round)
    {
        ArgumentNullException.ThrowIfNull(round);
        var (bids, offers) = (Demand(round), Supply(round));
        var byPrice = Ordered(bids, i => -CreditAmount.Price(round.Bids[i].HighestPrice));
        var byReserve = Ordered(offers, i => CreditAmount.Price(round.Offers[i].ReservePrice));
        var byRank = ByPriority(byPrice, round.Bids);
        for (var pass = 1; ; pass++)
        {
            if (PriceOf(round, bids, byPrice, offers, byReserve) is not { } price) return MarketOutcome.None;
            var (transfers, misfits) = Match(round, price, bids, byRank, offers, byReserve);
            if (misfits.Count == 0 || pass == MostPasses) return transfers.Count == 0 ? MarketOutcome.None : new(transfers, price, []);
            foreach (var misfit in misfits) bids[misfit] = 0;
        }
    }

    /// <summary>What each bid can really be for: as far as its borrower's limits and credits go, the older bid first.</summary>
    private static int[] Demand(MarketRound round)
    {
        var units = new int[round.Bids.Count];
        var borrowable = round.Participants.Select(static p => p.Borrowable).ToArray();
        var credits = round.Participants.Select(static p => p.Credits).ToArray();
        for (var i = 0; i < units.Length; i++)
        {
            var bid = round.Bids[i];
            var most = Math.Min(bid.Units, borrowable[bid.Borrower]);
            var each = bid.HighestPrice * TermOf(bid);
            if (each > 0 && most > 0) most = (int)Math.Min(most, decimal.Floor(Math.Max(0, credits[bid.Borrower]) / each));
            if (most < (bid.TakesPart ? 1 : bid.Units)) continue;
            units[i] = most;
            borrowable[bid.Borrower] -= most;
            credits[bid.Borrower] -= most * each;
        }

        return units;
    }

    /// <summary>Seconds that the pool holds credits for: a term may begin between two milliseconds and then ends after the last.</summary>
    private static decimal TermOf(in MarketBid bid) => (decimal)Math.Ceiling(bid.Term.TotalMilliseconds + 1) / 1000;

    private static int[] Supply(MarketRound round)
    {
        var units = new int[round.Offers.Count];
        var lendable = round.Participants.Select(static p => p.Lendable).ToArray();
        for (var i = 0; i < units.Length; i++)
        {
            var offer = round.Offers[i];
            units[i] = Math.Max(0, Math.Min(offer.Units, lendable[offer.Lender]));
            lendable[offer.Lender] -= units[i];
        }

        return units;
    }

    /// <returns>Null when no bid reaches a reserve price.</returns>
    private static decimal? PriceOf(MarketRound round, int[] bids, int[] byPrice, int[] offers, int[] byReserve)
    {
        // Units are matched from the dearest bid and the cheapest offer on, as long as the one pays for the other.
        var (bid, offer, asked, put) = (0, 0, 0L, 0L);
        decimal? reserve = null;
        while (true)
        {
            while (bid < byPrice.Length && asked == 0)
                if ((asked = bids[byPrice[bid]]) == 0) bid++;
            while (offer < byReserve.Length && put == 0)
                if ((put = offers[byReserve[offer]]) == 0) offer++;
            if (bid == byPrice.Length || offer == byReserve.Length || round.Bids[byPrice[bid]].HighestPrice < round.Offers[byReserve[offer]].ReservePrice) break;
            reserve = round.Offers[byReserve[offer]].ReservePrice;
            var units = Math.Min(asked, put);
            (asked, put) = (asked - units, put - units);
            if (asked == 0) bid++;
            if (put == 0) offer++;
        }

        if (reserve is not { } least) return null;
        return bid < byPrice.Length ? Math.Max(least, round.Bids[byPrice[bid]].HighestPrice) : least;
    }

    private static (List<MarketTransfer> Transfers, List<int> Misfits) Match(MarketRound round, decimal price, int[] bids, int[] byRank, int[] offers, int[] byReserve)
    {
        var (transfers, misfits) = (new List<MarketTransfer>(), new List<int>());
        var left = offers.ToArray();
        var first = 0;
        foreach (var place in byRank)
        {
            var (bid, wanted, began) = (round.Bids[place], bids[place], transfers.Count);
            if (wanted == 0 || bid.HighestPrice < price) continue;
            var borrower = round.Participants[bid.Borrower];
            for (var i = first; i < byReserve.Length && wanted > 0; i++)
            {
                var offer = round.Offers[byReserve[i]];
                if (offer.ReservePrice > price) break;
                ref var rest = ref left[byReserve[i]];
                if (rest == 0)
                {
                    if (i == first) first++;
                    continue;
                }

                if (offer.Lender == bid.Borrower || offer.LongestTerm < bid.Term || borrower.Reputation < round.Participants[offer.Lender].GrantThreshold) continue;
                var units = Math.Min(wanted, rest);
                transfers.Add(new(offer.Lender, bid.Borrower, units, price) { Bid = place, Offer = byReserve[i] });
                (rest, wanted) = (rest - units, wanted - units);
            }

            if (wanted == 0 || bid.TakesPart) continue;
            for (var i = began; i < transfers.Count; i++) left[transfers[i].Offer] += transfers[i].Units;
            if (transfers.Count > began) first = 0;
            transfers.RemoveRange(began, transfers.Count - began);
            misfits.Add(place);
        }

        return (transfers, misfits);
    }

    /// <summary>The places of those that are for anything, lowest key first, the older of equals first.</summary>
    private static int[] Ordered(int[] units, Func<int, int> keyOf)
    {
        var (keys, count) = (new long[units.Length], 0);
        for (var i = 0; i < units.Length; i++)
            if (units[i] > 0) keys[count++] = Key(keyOf(i), i);
        return Sorted(keys.AsSpan(0, count));
    }

    /// <summary>The same places, highest priority first; among equals as before.</summary>
    private static int[] ByPriority(int[] places, IReadOnlyList<MarketBid> bids)
    {
        var keys = new long[places.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = Key(~bids[places[i]].Priority, i);
        return [.. Sorted(keys).Select(i => places[i])];
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
