using BenchmarkDotNet.Attributes;
using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Comparisons;

/// <summary>A loan made and returned, with schedule, evidence and judgement. Nobody else lends; the rival is the least it must do.</summary>
[MemoryDiagnoser]
public class BorrowReturn
{
    private readonly FourInterlocked _floor = new();
    private readonly ResourcePool _pool = Stage.Pool(participants: 2);
    private Participant _borrower = null!;
    private Participant _lender = null!;

    [GlobalSetup]
    public void Setup() => (_borrower, _lender) = (_pool["p0"], _pool["p1"]);

    [GlobalCleanup]
    public void Cleanup() => _pool.Dispose();

    [Benchmark(Baseline = true, Description = "four interlocked operations")]
    public void Floor() => _floor.Run();

    [Benchmark(Description = "TryBorrow + Dispose")]
    public void Loan() => _borrower.TryBorrow(_lender, 1, TimeSpan.FromSeconds(10)).Dispose();
}
