using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Units that an adapter has in use as one amount, which grows and shrinks: what a lease, which ends as a whole, cannot do.</summary>
/// <remarks>Not thread-safe: its owner locks, except that <see cref="GiveBack"/>, which may run others' code, belongs outside of its lock.</remarks>
internal sealed class UsedUnits(Participant participant)
{
    internal int Count { get; private set; }

    /// <summary>Takes over what a lease holds; the lease is over then.</summary>
    internal void Add(ResourceLease lease) => Count += lease.Detach();

    /// <summary>Takes units off the amount; give them back after the lock is released.</summary>
    internal int Take(int units)
    {
        Count -= units;
        return units;
    }

    internal void GiveBack(int units)
    {
        if (units > 0) participant.Account.Cell.Release(units);
    }
}
