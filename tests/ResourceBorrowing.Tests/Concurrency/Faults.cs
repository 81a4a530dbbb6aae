using Microsoft.Extensions.Logging;
using ResourceBorrowing.Forecasting;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Users' code that fails now and then: everything that a pool ever calls.</summary>
internal sealed class Faults : ILoggerFactory, ILogger, IReputationPolicy, IResourceMapper
{
    private readonly Forgiving _policy = new();
    private long _thrown;
    private int _areOver;

    internal long Thrown => Interlocked.Read(ref _thrown);

    /// <summary>From now on nothing fails any more.</summary>
    internal void End() => Volatile.Write(ref _areOver, 1);

    /// <summary>Throws once in so many times.</summary>
    internal void Throw(int times)
    {
        if (Volatile.Read(ref _areOver) != 0 || Random.Shared.Next(times) != 0) return;
        Interlocked.Increment(ref _thrown);
        throw new FaultException();
    }

    internal async ValueTask<bool> Consent(LoanRequest request, Participant borrower, CancellationToken cancellationToken)
    {
        Throw(4);
        cancellationToken.Register(() => Throw(2));
        if (Random.Shared.Next(8) == 0) await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        await Task.Yield();
        Throw(4);
        return Random.Shared.Next(2) == 0;
    }

    ReputationRecord IReputationPolicy.Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings)
    {
        Throw(8);
        return _policy.Apply(record, evidence, ref dealings);
    }

    double IReputationPolicy.Score(in ReputationRecord record, TimeSpan now)
    {
        Throw(8);
        return _policy.Score(record, now);
    }

    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation) => Throw(2);

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) { }

    void IDisposable.Dispose() { }

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Throw(4);

    bool ILogger.IsEnabled(LogLevel logLevel)
    {
        Throw(16);
        return true;
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}

/// <summary>What <see cref="Faults"/> throw.</summary>
internal sealed class FaultException() : Exception("a fault, on purpose");

/// <summary>A forecaster that throws now and then, as does making one, and tells nonsense when it does not.</summary>
internal sealed class FaultyForecaster : IDemandForecaster
{
    private readonly Faults _faults;

    internal FaultyForecaster(Faults faults)
    {
        _faults = faults;
        faults.Throw(4);
    }

    public void Observe(double value) => _faults.Throw(4);

    public bool TryForecast(DemandTarget target, Span<double> quantiles)
    {
        _faults.Throw(4);
        foreach (ref var quantile in quantiles) quantile = Random.Shared.Next(4) switch { 0 => double.NaN, 1 => -1, 2 => 1e300, _ => 9 };
        if (Random.Shared.Next(2) == 0) quantiles.Fill(1e300);
        return Random.Shared.Next(4) > 0;
    }
}

/// <summary>A clock that throws now and then, as do its timers.</summary>
internal sealed class FaultyTime(Faults faults) : TimeProvider
{
    public override long GetTimestamp()
    {
        faults.Throw(1_000);
        return base.GetTimestamp();
    }

    public override DateTimeOffset GetUtcNow()
    {
        faults.Throw(10);
        return base.GetUtcNow();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FaultyTimer(faults, base.CreateTimer(callback, state, dueTime, period));

    private sealed class FaultyTimer(Faults faults, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            faults.Throw(20);
            return timer.Change(dueTime, period);
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
