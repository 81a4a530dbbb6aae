using ResourceBorrowing.Market;

namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>By credits that lending earns; among equals the order of the names decides.</summary>
internal sealed class KarmaDivision : Division
{
    /// <summary>Credits that each begins with for each unit of its fair share, where nothing else is said: so that it can borrow its fair share over again for a thousand quanta in which it lends nothing.</summary>
    internal const long CreditsPerUnit = 1000;

    private readonly KarmaQuantum _quantum;
    private readonly int[] _order;           // places of the columns, by name
    private readonly long[] _demands;        // by name
    private readonly long[] _credits;
    private readonly long[] _allocations;
    private long _house;

    internal KarmaDivision(KarmaRules rules, IReadOnlyList<string> names, int[] quotas, long initialCredits)
    {
        _order = [.. Enumerable.Range(0, quotas.Length).OrderBy(i => names[i], StringComparer.Ordinal)];
        _quantum = new(rules, [.. _order.Select(i => quotas[i])]);
        (_demands, _allocations) = (new long[quotas.Length], new long[quotas.Length]);
        _credits = [.. Enumerable.Repeat(initialCredits, quotas.Length)];
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
