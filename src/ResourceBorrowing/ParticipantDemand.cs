using ResourceBorrowing.Balancing;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing;

/// <summary>What the balancer knows of one participant: what it demanded, what it will need, and since when units of it lie idle.</summary>
/// <remarks>Belongs to whoever makes the plan, but for the notes, what has been published, and the history, which has a lock of its own.</remarks>
internal sealed class ParticipantDemand
{
    /// <summary>So many periods are remembered.</summary>
    internal const int Remembered = 60;

    private readonly Lock _lock = new();
    private readonly Queue<DemandPeriod> _history = new();
    private readonly IdleWatch _idle = new();
    private double _smooth;
    private double _foreseen;
    private double _usedBefore;
    private double _idleBefore;
    private int _offered;
    private int _lastMost;

    /// <summary>Where callers leave what is not to be seen between two looks.</summary>
    internal DemandNotes Notes { get; } = new();

    /// <summary>Whether plans may ask it for a loan now.</summary>
    internal PlanConsent Consent { get; } = new();

    internal DemandForecast? Forecast { get; set; }

    /// <summary>Of which forecaster it is; null before it has been tried to make one.</summary>
    internal string? ForecastKind { get; set; }

    /// <summary>Demand as smoothed: a peak counts at once and is forgotten slowly.</summary>
    internal double Smooth => _smooth;

    /// <summary>Unit-seconds of units borrowed because of a forecast: those that were then used, and those that lay idle.</summary>
    internal (double Used, double Idle) Preallocated => (Volatile.Read(ref _usedBefore), Volatile.Read(ref _idleBefore));

    /// <summary>Units put up for others, those lent included; as of the last plan.</summary>
    internal int Offered { get => Volatile.Read(ref _offered); set => Volatile.Write(ref _offered, value); }

    /// <summary>Its highest demand of the last period.</summary>
    internal int LastMost => Volatile.Read(ref _lastMost);

    internal DemandPeriod[] History()
    {
        lock (_lock) return [.. _history];
    }

    /// <summary>Makes its forecaster; when that throws, there will be none.</summary>
    internal void MakeForecast(string name, ForecastingOptions forecasting)
    {
        ForecastKind = "";
        var forecaster = forecasting.Make(name);
        (Forecast, ForecastKind) = (new DemandForecast(forecaster), forecasting.KindOf(forecaster));
    }

    /// <summary>A period is over.</summary>
    /// <param name="period">What was demanded in it.</param>
    /// <param name="time">How long it was, in milliseconds.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="nominal">What is owned.</param>
    /// <param name="standing">Units borrowed by plans.</param>
    /// <param name="balancing">How demand is watched.</param>
    internal void Add(in DemandPeriod period, long time, long now, int nominal, int standing, BalancingOptions balancing)
    {
        lock (_lock)
        {
            if (_history.Count == Remembered) _history.Dequeue();
            _history.Enqueue(period);
        }

        Volatile.Write(ref _lastMost, period.Most);

        _idle.Add(period.Most, now, (long)balancing.OfferAfter.TotalMilliseconds);
        _smooth = DemandEnvelope.Next(_smooth, period.Envelope, time, balancing.DemandHalfLife.TotalMilliseconds);
        if (_foreseen > nominal)
        {
            var before = Math.Min(standing, Math.Ceiling(_foreseen) - nominal);
            var used = Math.Clamp(period.Mean - nominal, 0, before);
            Volatile.Write(ref _usedBefore, _usedBefore + used * time / 1000);
            Volatile.Write(ref _idleBefore, _idleBefore + (before - used) * time / 1000);
        }

        _foreseen = 0;
    }

    /// <summary>What it is expected to need: its smoothed demand, or what is foreseen by a forecaster that has earned it.</summary>
    internal double Need(in DemandPeriod period, int nominal)
    {
        if (Forecast is not { IsTrusted: true, SafeMost: var most } || double.IsNaN(most)) return _smooth;
        if (Forecast.LikelyMost <= nominal) return Math.Max(period.Envelope, Math.Min(_smooth, most));
        _foreseen = most;
        return Math.Max(period.Envelope, most);
    }

    /// <summary>The most it demanded of late; without bound while it has not been watched for so long.</summary>
    internal int Recent(long now, BalancingOptions balancing) => _idle.TryGet(now, (long)balancing.OfferAfter.TotalMilliseconds, out var most) ? most : int.MaxValue;

    /// <summary>Units it owns that it has not needed of late, and will not need by the forecast: what it can put up.</summary>
    internal int Idle(int recent, int nominal, int headroom)
    {
        var need = Forecast is { IsRefuted: false, SafeMost: var safe } && safe > recent ? Math.Ceiling(safe) : recent;
        return (int)Math.Max(0, nominal - headroom - need);
    }
}
