using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The hot path against the least that any lock-free counter must do.</summary>
internal sealed class AcquireReleaseGate(int units, double most) : Gate($"acquire-release/n={units}", Bound.AtMost(most))
{
    internal override Reading Measure()
    {
        using var pool = Stage.Pool();
        return Slices.Ratio(Pair(pool["p0"], units), RawPair(units));
    }

    internal static Workload RawPair(int units = 1)
    {
        var raw = new RawPair();
        return new Workload(() =>
        {
            for (var i = 0; i < Workload.Operations; i++) raw.AcquireRelease(units);
        });
    }

    internal static Workload Pair(Participant participant, int units = 1) => new(() =>
    {
        for (var i = 0; i < Workload.Operations; i++) participant.TryAcquire(units).Dispose();
    });
}
