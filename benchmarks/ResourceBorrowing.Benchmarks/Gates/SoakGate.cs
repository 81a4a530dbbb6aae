namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>What must never happen, however busy the pool is: counted over some seconds of everything at once.</summary>
internal sealed class SoakGate(string name, Func<Soak, long> count) : Gate($"soak/{name}", Bound.Never)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    internal override Reading Measure()
    {
        using var soak = new Soak();
        soak.Run(Duration);
        return new Reading(count(soak), $"{soak.Operations} operations");
    }
}
