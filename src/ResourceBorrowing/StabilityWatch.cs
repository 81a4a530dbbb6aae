using ResourceBorrowing.Loans;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing;

/// <summary>Samples the host once a second on the pool's loop, lends less when it is overloaded, and finds out what loans do to their lenders.</summary>
/// <remarks><b>Ownership.</b> All but the making of recorders belongs to the loop; what is judged by others is handed over under the lock of <see cref="ImpactBook"/>.</remarks>
internal sealed class StabilityWatch : IDisposable
{
    internal const long SampleMilliseconds = 1000;

    // In overload a quarter of what is out goes back each second: half of it is home in three.
    private const double RecalledPerSample = 0.25;

    private readonly Lock _recording = new();
    private readonly ResourcePool _pool;
    private readonly StabilityMonitor _monitor;
    private readonly bool _hasSignals;
    private readonly OverloadLimits _limits;
    private bool _hasRecorders;
    private long _next;
    private long _failures;

    internal StabilityWatch(ResourcePool pool, IHostReadings? readings, IReadOnlyList<IStabilitySignal> signals, OverloadLimits limits)
    {
        _pool = pool;
        _limits = limits;
        _hasSignals = readings is not null || signals.Count > 0;
        _monitor = new StabilityMonitor(readings, signals, limits);
        Impacts = new ImpactBook(pool, _monitor);
    }

    internal ImpactBook Impacts { get; }

    internal double Health => _monitor.Health;

    internal bool IsOverloaded => _monitor.IsOverloaded;

    internal StabilityReport Report() => _monitor.Report();

    /// <summary>Begins, if there is anything to look at.</summary>
    internal void Start()
    {
        if (_hasSignals || Volatile.Read(ref _hasRecorders)) _pool.Arm(_pool.Now + SampleMilliseconds);
    }

    /// <summary>From now on the outcomes of a participant are recorded; null when it is leaving.</summary>
    internal OutcomeRecorder? Record(Participant participant)
    {
        lock (_recording)
        {
            if (participant.Outcomes is not null || participant.Leaving is not null) return participant.Outcomes;
            var recorder = new OutcomeRecorder(participant.Name);
            _monitor.Add(recorder);
            participant.Outcomes = recorder;
            Volatile.Write(ref _hasRecorders, true);
        }

        Start();
        return participant.Outcomes;
    }

    /// <summary>A participant has left.</summary>
    internal void Forget(Participant participant)
    {
        Impacts.Forget(participant);
        lock (_recording)
            if (participant.Outcomes is { } outcomes) _monitor.Remove(outcomes);
    }

    /// <summary>Takes a sample when it is time.</summary>
    /// <returns>When to come again.</returns>
    internal long OnTimer(long now)
    {
        if (!_hasSignals && !Volatile.Read(ref _hasRecorders)) return TimerWheel.Never;
        if (now < _next) return _next;
        // After a jump of the clock one sample stands for all that were missed.
        _next = now + SampleMilliseconds;
        _monitor.Sample(TimeSpan.FromMilliseconds(now));
        for (; _failures < _monitor.SignalFailures; _failures++) _pool.Metrics.Contained("stability signal");
        Impacts.Sample(now);
        Govern();
        return _next;
    }

    public void Dispose() => _monitor.Dispose();

    private void Govern()
    {
        var (before, health) = (_pool.Book.LendingShare, _monitor.Health);
        var share = _monitor.IsOverloaded ? 0
            : health >= _limits.Recovery ? 1
            : Math.Clamp((health - _limits.Threshold) / (_limits.Recovery - _limits.Threshold), 0, 1);
        _pool.Book.LendingShare = share;
        if (share == 0 && before > 0) _pool.Tell(_monitor.Report());
        if (share > before) _pool.Wants.LookAgain();
        if (_monitor.IsOverloaded) _pool.Shortages.RecallRiskiest(RecalledPerSample);
    }
}
