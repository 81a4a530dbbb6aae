using ResourceBorrowing.Market;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>By credits that lending earns; among equals the order of the names decides.</summary>
internal sealed class KarmaDivision : Division
{
    private readonly KarmaQuantum _quantum;
    private readonly int[] _order;           // places of the columns, by name
    private readonly long[] _demands;        // by name
    private readonly long[] _credits;
    private readonly long[] _allocations;
    private long _house;

    internal KarmaDivision(QuantumTerms terms)
    {
        _order = terms.PlacesByName();
        _quantum = new(new(terms.Alpha, terms.HasFreeCredits, terms.SharesRemainder, terms.HasLastPass), [.. _order.Select(i => terms.Quotas[i])]);
        (_demands, _allocations) = (new long[_order.Length], new long[_order.Length]);
        _credits = [.. Enumerable.Repeat(terms.InitialCredits, _order.Length)];
    }

    /// <summary>What all have together and could not yet be divided among them.</summary>
    internal long House => _house;

    internal override IReadOnlyList<long> Credits
    {
        get
        {
            var credits = new long[_order.Length];
            for (var i = 0; i < credits.Length; i++) credits[_order[i]] = _credits[i];
            return credits;
        }
    }

    internal override void Divide(ReadOnlySpan<long> demands, Span<long> allocations)
    {
        for (var i = 0; i < _order.Length; i++) _demands[i] = demands[_order[i]];
        _quantum.Run(_demands, _credits, ref _house, _allocations);
        for (var i = 0; i < _order.Length; i++) allocations[_order[i]] = _allocations[i];
    }
}
