using System.Runtime.CompilerServices;

namespace ResourceBorrowing.AspNetCore;

/// <summary>The pools whose host has the guard in its pipeline, and how often. Without it an endpoint would silently be open to all.</summary>
internal static class GuardedPools
{
    private static readonly ConditionalWeakTable<ResourcePool, StrongBox<int>> Pools = [];

    internal static void Add(ResourcePool pool) => Interlocked.Increment(ref Pools.GetOrCreateValue(pool).Value);

    internal static int CountOf(ResourcePool pool) => Pools.TryGetValue(pool, out var count) ? count.Value : 0;
}
