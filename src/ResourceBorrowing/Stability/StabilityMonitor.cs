namespace ResourceBorrowing.Stability;

/// <summary>
/// The health of the host: 1 less the worst of all signals, so that it explains itself. Of what participants report, latencies and errors, a signal of the host is what
/// most of them suffer: the burst of one is no overload, and lending is what helps it. The pool's one loop calls <see cref="Sample"/> about once a second.
/// </summary>
/// <remarks>
/// <i>Ownership:</i> samples, rings and <see cref="WasSteady"/> belong to the loop; recorders come and go by any thread; health and overload are read by anybody without a lock.
/// <i>Order:</i> what a sample has read is shown under one lock, all gauges at once, so no report mixes two samples. <i>Progress:</i> user code runs under no lock; texts are made when
/// they are asked for.
/// </remarks>
internal sealed class StabilityMonitor : IDisposable
{
    // By how much of its scale a signal of the host may move within a span that counts as steady.
    private const double SteadyBand = 0.25;

    private readonly Lock _lock = new();
    private readonly IHostReadings? _readings;
    private readonly HostSignals? _host;
    private readonly UserSignal[] _signals;
    private readonly Gauge[] _ofHost;
    private readonly SampleRing[] _strains;
    private readonly OverloadLimits _limits;
    private OutcomeRecorder[] _recorders = [];
    private double[] _sorted = [];
    private Gauge[] _sortedGauges = [];
    private TimeSpan _sampledAt;
    private long _samples;
    private long _failures;
    private double _health = 1;
    private bool _isOverloaded;
    private Overload _overload;
    private Gauge? _worst;

    /// <param name="readings">The host's; null leaves all its signals out. Disposed with the monitor.</param>
    /// <param name="signals">The users'.</param>
    /// <param name="limits">When the host is overloaded; null for the default.</param>
    /// <exception cref="ArgumentException">A signal has no name, or limits between which no line can be drawn; says which.</exception>
    internal StabilityMonitor(IHostReadings? readings, IReadOnlyList<IStabilitySignal>? signals = null, OverloadLimits? limits = null)
    {
        _readings = readings;
        _host = readings is null ? null : new HostSignals(readings);
        _signals = [.. (signals ?? []).Select(static s => new UserSignal(s))];
        _ofHost = [.. _host?.Gauges ?? [], .. _signals.Select(static s => s.Gauge)];
        _strains = [.. _ofHost.Select(static _ => new SampleRing())];
        _limits = limits ?? OverloadLimits.Default;
    }

    /// <summary>From 1, all is well or nothing was measured yet, down to 0.</summary>
    internal double Health => Volatile.Read(ref _health);

    internal bool IsOverloaded => Volatile.Read(ref _isOverloaded);

    /// <summary>How many samples were taken; the next has this number. A loan remembers it when it begins and ends.</summary>
    internal long Samples => Volatile.Read(ref _samples);

    /// <summary>How often a signal threw, or gave no number.</summary>
    internal long SignalFailures => Volatile.Read(ref _failures);

    /// <summary>From the next sample on this one's outcomes count. Made when a participant first reports an outcome.</summary>
    internal void Add(OutcomeRecorder recorder)
    {
        lock (_lock) Volatile.Write(ref _recorders, [.. _recorders, recorder]);
    }

    internal void Remove(OutcomeRecorder recorder)
    {
        lock (_lock)
        {
            Volatile.Write(ref _recorders, [.. _recorders.Where(r => r != recorder)]);
            if (_worst?.Participant == recorder.Participant) _worst = null;
        }
    }

    /// <summary>Takes a sample; for the loop only. A time that is not after the last is none: no sample is taken.</summary>
    internal void Sample(TimeSpan now)
    {
        if (_samples > 0 && now <= _sampledAt) return;
        var elapsed = _samples == 0 ? TimeSpan.Zero : now - _sampledAt;
        _sampledAt = now;
        SampleHost(elapsed, now);
        var recorders = Volatile.Read(ref _recorders);
        foreach (var recorder in recorders) recorder.Sample(_samples);
        for (var i = 0; i < _ofHost.Length; i++) _strains[i].Add(_samples, _ofHost[i].HasReading ? _ofHost[i].Strain : double.NaN);
        Show(recorders);
        Volatile.Write(ref _samples, _samples + 1);
    }

    /// <summary>
    /// Whether nothing happened to the host as a whole in the <paramref name="count"/> samples before number <paramref name="end"/>: every signal of the host, the users' among them, was
    /// read in at least half of them, never was as bad as its scale goes, and moved by at most a quarter of that. For the loop only.
    /// </summary>
    internal bool WasSteady(long end, int count)
    {
        count = Math.Min(count, SampleRing.Length);
        if (count < 1) return false;
        Span<double> strains = stackalloc double[SampleRing.Length];
        strains = strains[..count];
        var watched = 0;
        for (var i = 0; i < _ofHost.Length; i++)
        {
            if (_ofHost[i].Use == GaugeUse.Shown) continue;
            _strains[i].CopyTo(end, strains);
            var (least, most, known) = (1.0, 0.0, 0);
            foreach (var strain in strains)
            {
                if (double.IsNaN(strain)) continue;
                (least, most, known) = (Math.Min(least, strain), Math.Max(most, strain), known + 1);
            }

            if (2 * known < count || most >= 1 || most - least > SteadyBand) return false;
            watched++;
        }

        return watched > 0;
    }

    /// <summary>The worst signal in words; made on demand.</summary>
    internal string Reason
    {
        get
        {
            lock (_lock) return ReasonOf(_worst);
        }
    }

    internal StabilityReport Report()
    {
        lock (_lock)
        {
            var gauges = _ofHost.Concat(_recorders.SelectMany(static r => new[] { r.LatencyRatio, r.ErrorRise }));
            return new(_health, _isOverloaded, ReasonOf(_worst), [.. gauges.Select(static g => g.ToReading())], _host?.Missing ?? HostSignals.All);
        }
    }

    public void Dispose() => _readings?.Dispose();

    private void SampleHost(TimeSpan elapsed, TimeSpan now)
    {
        try
        {
            _host?.Sample(elapsed);
        }
        catch (Exception)
        {
            // The time provider behind the readings is user code.
            _failures++;
        }

        foreach (var signal in _signals)
            if (!signal.TryRead(now)) _failures++;
    }

    private void Show(OutcomeRecorder[] recorders)
    {
        lock (_lock)
        {
            var (worst, strain) = (default(Gauge), 0.0);
            foreach (var gauge in _ofHost) Show(gauge, ref worst, ref strain);
            ShowShared(recorders, static r => r.LatencyRatio, ref worst, ref strain);
            ShowShared(recorders, static r => r.ErrorRise, ref worst, ref strain);
            _worst = worst;
            _overload = _overload.After(1 - strain, _limits);
            Volatile.Write(ref _health, 1 - strain);
            Volatile.Write(ref _isOverloaded, _overload.IsOverloaded);
        }
    }

    private static void Show(Gauge gauge, ref Gauge? worst, ref double strain)
    {
        gauge.Show();
        if (gauge.Use != GaugeUse.Health || gauge.Strain <= strain) return;
        (worst, strain) = (gauge, gauge.Strain);
    }

    /// <summary>Of a signal that each participant has, that which more than half of those with a reading share.</summary>
    private void ShowShared(OutcomeRecorder[] recorders, Func<OutcomeRecorder, Gauge> gaugeOf, ref Gauge? worst, ref double strain)
    {
        if (_sorted.Length < recorders.Length) (_sorted, _sortedGauges) = (new double[recorders.Length], new Gauge[recorders.Length]);
        var count = 0;
        foreach (var recorder in recorders)
        {
            var gauge = gaugeOf(recorder);
            gauge.Show();
            if (!gauge.HasReading) continue;
            (_sorted[count], _sortedGauges[count]) = (gauge.Strain, gauge);
            count++;
        }

        if (count == 0) return;
        Array.Sort(_sorted, _sortedGauges, 0, count);
        var shared = (count - 1) / 2;
        if (_sorted[shared] > strain) (worst, strain) = (_sortedGauges[shared], _sorted[shared]);
    }

    private string ReasonOf(Gauge? worst) => worst?.ToReading().ToString() ?? (_samples == 0 ? "nothing has been measured yet" : "all signals are healthy");
}
