using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>How long a change of an allocation takes to reach a mapper on an idle host, p99; wrong when a storm of changes is not coalesced, or its last is not told.</summary>
internal sealed class MapperGate(double most) : Gate("mapper/p99", Bound.AtMostMilliseconds(most))
{
    private const int Changes = 2_000;
    private const int Storm = 100_000;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants: 2, units: 100, lendsAll: true);
        var (borrower, lender) = (pool["p0"], pool["p1"]);
        using var mapper = new Recording();
        pool.Attach(borrower, mapper);
        mapper.WaitFor(100);
        var latencies = new double[Changes];
        for (var i = 0; i < Changes; i++)
        {
            var units = 1 + i % 50;
            var began = Stopwatch.GetTimestamp();
            using var loan = borrower.TryBorrow(lender, units, TimeSpan.FromHours(1));
            mapper.WaitFor(100 + units);
            latencies[i] = Stopwatch.GetElapsedTime(began, mapper.ToldAt).TotalMilliseconds;
            loan.Dispose();
            mapper.WaitFor(100);
        }

        var before = mapper.Times;
        for (var i = 0; i < Storm; i++) borrower.TryBorrow(lender, 1 + i % 50, TimeSpan.FromHours(1)).Dispose();
        using var last = borrower.TryBorrow(lender, 77, TimeSpan.FromHours(1));
        mapper.WaitFor(177);
        var told = mapper.Times - before;
        if (told >= Storm) return Reading.Wrong($"{told} calls for {2 * Storm} changes");
        Array.Sort(latencies);
        return new Reading(latencies[Changes * 99 / 100], $"p50 {latencies[Changes / 2]:F3} ms; in a storm {told} calls for {2 * Storm} changes");
    }

    private sealed class Recording : IResourceMapper, IDisposable
    {
        private readonly AutoResetEvent _isTold = new(initialState: false);
        private int _allocation = -1;

        internal int Times { get; private set; }

        internal long ToldAt { get; private set; }

        public void OnAllocationChanged(Participant participant, int allocation)
        {
            ToldAt = Stopwatch.GetTimestamp();
            Times++;
            Volatile.Write(ref _allocation, allocation);
            _isTold.Set();
        }

        internal void WaitFor(int allocation)
        {
            while (Volatile.Read(ref _allocation) != allocation) _isTold.WaitOne();
        }

        public void Dispose() => _isTold.Dispose();
    }
}
