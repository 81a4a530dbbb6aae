namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>How the throughput of two pinned threads compares with that of one, beside the same for pure arithmetic.</summary>
internal static class Scaling
{
    /// <summary>Less from two arithmetic loops, and the machine has no two cores to spare.</summary>
    internal const double LeastOfArithmetic = 1.8;

    private const int Rounds = 80;

    /// <param name="ours">One workload for each of the two threads; they must not share anything by themselves.</param>
    /// <returns>The scaling of the workloads, and of arithmetic in the same run; 2 would be perfect.</returns>
    internal static (double Ours, double Arithmetic) OfTwo(Workload[] ours)
    {
        Workload[] arithmetic = [Arithmetic(1), Arithmetic(2)];
        Slices.WarmUp([.. ours.Concat(arithmetic).Select(static w => (Action)w.Run)]);
        foreach (var workload in ours.Concat(arithmetic)) workload.Calibrate(Slices.Length);

        double one = double.MaxValue, two = double.MaxValue, oneOfArithmetic = double.MaxValue, twoOfArithmetic = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            one = Math.Min(one, Slowest(ours, threads: 1));
            two = Math.Min(two, Slowest(ours, threads: 2));
            oneOfArithmetic = Math.Min(oneOfArithmetic, Slowest(arithmetic, threads: 1));
            twoOfArithmetic = Math.Min(twoOfArithmetic, Slowest(arithmetic, threads: 2));
        }

        return (2 * one / two, 2 * oneOfArithmetic / twoOfArithmetic);
    }

    internal static double OfArithmetic()
    {
        var (_, arithmetic) = OfTwo([Arithmetic(3), Arithmetic(4)]);
        return arithmetic;
    }

    private static double Slowest(Workload[] workloads, int threads)
    {
        var nanoseconds = new double[threads];
        PinnedTeam.Run(threads, member => nanoseconds[member] = workloads[member].Slice());
        return nanoseconds.Max();
    }

    internal static Workload Arithmetic(ulong seed) => new(() =>
    {
        var x = seed;
        for (var i = 0; i < 16 * Workload.Operations; i++) x = x * 6364136223846793005 + 1442695040888963407;
        seed = x;
    });
}
