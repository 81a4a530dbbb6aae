using ResourceBorrowing.Market;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>
/// An auction each quantum: everybody uses what it needs of its quota, puts the rest up for nothing, and pays from its credits for what it buys; what is paid goes to the lenders. Without bids of their own all bid one credit
/// a unit for what they miss.
/// </summary>
internal sealed class AuctionDivision : Division
{
    private static readonly TimeSpan Quantum = TimeSpan.FromSeconds(1);

    private readonly UniformPriceAuction _auction = new();
    private readonly IReadOnlyList<string> _names;
    private readonly int[] _quotas;
    private readonly int[] _order;           // places of the columns, by name
    private readonly int[] _places;          // places by name, of the columns
    private readonly decimal[] _credits;
    private readonly BidFile? _bids;
    private readonly int _capacity;
    private long _now = -1;

    internal AuctionDivision(QuantumTerms terms)
    {
        (_names, _quotas, _bids, _capacity) = (terms.Names, terms.Quotas, terms.Bids, terms.Capacity);
        _order = terms.PlacesByName();
        _places = new int[_order.Length];
        for (var i = 0; i < _order.Length; i++) _places[_order[i]] = i;
        _credits = [.. Enumerable.Repeat((decimal)terms.InitialCredits, _order.Length)];
    }

    /// <summary>To the last thousandth.</summary>
    internal IReadOnlyList<decimal> ExactCredits => _credits;

    internal override IReadOnlyList<long> Credits => [.. _credits.Select(static c => (long)decimal.Floor(c))];

    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        _now++;
        var (bids, offers, participants) = (new List<MarketBid>(), new List<MarketOffer>(), new MarketParticipant[_quotas.Length + 1]);
        for (var i = 0; i < _quotas.Length; i++)
        {
            allocations[i] = Math.Min(demands[i], _quotas[i]);
            var idle = _quotas[i] - (int)allocations[i];
            participants[_places[i]] = new(_names[i], _quotas[i], (int)Math.Min(demands[i], _capacity), idle, _capacity, _credits[i]);
            if (idle > 0) offers.Add(new(_places[i], idle, 0, Quantum));
            if (_bids is null && demands[i] > _quotas[i]) bids.Add(new(_places[i], (int)Math.Min(demands[i] - _quotas[i], _capacity), Quantum, 1));
        }

        foreach (var bid in _bids?.At(_now) ?? []) bids.Add(new(_places[bid.Column], bid.Units, Quantum, bid.Price, bid.Priority, bid.TakesPart));
        // The reserve, which has nothing here.
        participants[^1] = new("", 0, 0, 0, 0, 0);
        foreach (var transfer in _auction.Decide(new(Quantum, 1, participants, bids, offers, [])).Transfers)
        {
            var (lender, borrower) = (_order[transfer.Lender], _order[transfer.Borrower]);
            allocations[borrower] += transfer.Units;
            _credits[borrower] -= transfer.Units * transfer.Price;
            _credits[lender] += transfer.Units * transfer.Price;
        }
    }
}
