namespace ResourceBorrowing.Simulator.Quanta;

/// <summary>Among whom units are divided, and by which rules.</summary>
internal sealed record QuantumTerms
{
    /// <summary>
    /// Credits that each begins with for each unit of its fair share, where nothing else is said: enough to borrow its fair share over again for a thousand quanta without lending anything. Credits say who has lent most
    /// only as long as they last; how many there are beyond that does not matter.
    /// </summary>
    internal const long CreditsPerUnit = 1000;

    /// <summary>All names, which differ.</summary>
    internal required IReadOnlyList<string> Names { get; init; }

    /// <summary>Units that each owns; together the capacity.</summary>
    internal required int[] Quotas { get; init; }

    /// <summary>What each begins with, from 0.</summary>
    internal required long InitialCredits { get; init; }

    /// <summary>Karma: the part of its quota that each has for sure, 0 to 1.</summary>
    internal decimal Alpha { get; init; } = 0.5m;

    /// <summary>Karma: whether all get credits for what they do not have for sure; otherwise credits are conserved.</summary>
    internal bool HasFreeCredits { get; init; }

    /// <summary>Karma: whether units that rounding leaves over are lent as well.</summary>
    internal bool SharesRemainder { get; init; } = true;

    /// <summary>Karma: whether what is idle in the end is handed out for nothing.</summary>
    internal bool HasLastPass { get; init; } = true;

    /// <summary>Auction: what is bid; null: all bid for what they miss.</summary>
    internal BidFile? Bids { get; init; }

    internal int Capacity => Quotas.Sum();

    /// <summary>Equal parts of a capacity; where it does not divide evenly, the earlier have one more.</summary>
    internal static int[] EqualQuotas(int capacity, int participants) => QuotaPlan.LargestRemainder(capacity, [.. Enumerable.Repeat(1, participants)]);

    /// <summary>Places in the order of the names.</summary>
    internal int[] PlacesByName() => [.. Enumerable.Range(0, Names.Count).OrderBy(i => Names[i], StringComparer.Ordinal)];
}
