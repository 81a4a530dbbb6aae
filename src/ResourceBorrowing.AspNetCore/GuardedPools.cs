using System.Runtime.CompilerServices;

namespace ResourceBorrowing.AspNetCore;

/// <summary>The pools whose host has the guard in its pipeline. Without it an endpoint would silently be open to all.</summary>
internal static class GuardedPools
{
    private static readonly ConditionalWeakTable<ResourcePool, object> Pools = [];
    private static readonly object Mark = new();

    internal static void Add(ResourcePool pool) => Pools.AddOrUpdate(pool, Mark);

    internal static bool Contains(ResourcePool pool) => Pools.TryGetValue(pool, out _);
}
