using ResourceBorrowing.Benchmarks.Gates;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Benchmarks;

/// <summary>A participant whose tasks come all at once, more of them than it owns units, on threads of its own that stand ready as far as its allocation goes; and one that can lend it enough.</summary>
internal sealed class SpikyHost : IDisposable
{
    private const int Owned = 16;
    private const int Tasks = 64;
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(150);

    private readonly ResourcePool _pool;
    private readonly DedicatedThreads _threads;
    private readonly TaskFactory _factory;
    private readonly ManualResetEventSlim _never = new();
    private readonly Lock _lock = new();
    private Task _spike = Task.CompletedTask;

    internal SpikyHost(TimeSpan step, int season, bool isForeseen, bool borrowsOnDemand)
    {
        var options = new ResourcePoolOptions { Capacity = Owned + 4 * Tasks, PlanningPeriod = step / 2, DefaultTerm = 2 * step, Stability = { IsEnabled = false } };
        options.Balancing.Mode = BalancingMode.On;
        (options.Balancing.DemandHalfLife, options.Balancing.OfferAfter, options.Balancing.MostMoved) = (step, step, 1);
        options.Forecasting.IsEnabled = isForeseen;
        options.Forecasting.Step = step;
        options.Forecasting.Seasons.Add(season * step);
        options.AddParticipant("spiky", Owned, spiky => (spiky.BorrowOnDemand, spiky.BorrowingLimit) = (borrowsOnDemand, 2 * Tasks));
        options.AddParticipant("steady", 4 * Tasks, static steady => steady.LendingLimit = 3 * Tasks);
        _pool = new ResourcePool(options);
        _threads = new DedicatedThreads(_pool["spiky"], new DedicatedThreadsOptions { StartsAhead = true });
        _factory = new TaskFactory(_threads);
    }

    /// <summary>How long tasks waited that were measured.</summary>
    internal Latencies Waits { get; } = new();

    internal ParticipantForecast? Forecast => _pool.ReportBalance()?.Participants[0].Forecast;

    internal void Spike(bool isMeasured)
    {
        var tasks = new Task[Tasks];
        var came = Stopwatch.GetTimestamp();
        for (var i = 0; i < Tasks; i++) tasks[i] = _factory.StartNew(() => Run(came, isMeasured));
        _spike = Task.WhenAll(tasks);
    }

    /// <summary>Until the last spike is over.</summary>
    internal void AwaitRest() => _spike.Wait();

    public void Dispose()
    {
        _threads.DisposeAsync().AsTask().Wait();
        _pool.Dispose();
        _never.Dispose();
    }

    private void Run(long came, bool isMeasured)
    {
        var waited = Stopwatch.GetTimestamp() - came;
        if (isMeasured)
        {
            lock (_lock) Waits.Add(waited);
        }

        _never.Wait(Busy);
    }
}
