using System.Diagnostics.Metrics;
using System.Text.Json;

namespace ResourceBorrowing.Diagnostics;

/// <summary>The pool's instruments. Gauges read the participants' words when collected; counters stand on slow paths only.</summary>
/// <remarks>
/// Tags hold configured names only. Without a meter factory nothing is measured. Thread-safe; with no listener an
/// instrument costs one look at a flag.
/// </remarks>
internal sealed class PoolMetrics
{
    private const string ParticipantTag = "resource_borrowing.participant";
    private const string LenderTag = "resource_borrowing.lender";
    private const string BorrowerTag = "resource_borrowing.borrower";
    private const string ReasonTag = "resource_borrowing.reason";
    private const string ResultTag = "resource_borrowing.result";
    private const string Unit = "{ru}";

    private static readonly string[] Reasons = [.. Enum.GetNames<RefusalReason>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private readonly ResourcePool _pool;
    private readonly Counter<long>? _refusals;
    private readonly Counter<long>? _loans;
    private readonly Counter<long>? _contained;
    private readonly Counter<long>? _recalled;
    private readonly Counter<long>? _observed;
    private readonly Histogram<double>? _loanDuration;
    private readonly Histogram<double>? _timeInQueue;

    internal PoolMetrics(ResourcePool pool, IMeterFactory? factory)
    {
        _pool = pool;
        if (factory is null) return;

        // The factory owns the meter and disposes it.
        var meter = factory.Create(ResourceBorrowingDiagnostics.MeterName);
        meter.CreateObservableUpDownCounter("resource_borrowing.ru.capacity", () => pool.Capacity, Unit, "All units of the pool.");
        Observe(meter, "resource_borrowing.ru.limit", "Units a participant may use now: its allocation.", static p => p.Allocation);
        Observe(meter, "resource_borrowing.ru.usage", "Units in use.", static p => p.InUse);
        Observe(meter, "resource_borrowing.ru.lent", "Units lent to others, debts included.", static p => p.Lent);
        Observe(meter, "resource_borrowing.ru.borrowed", "Units borrowed from others, debts included.", static p => p.Borrowed);
        Observe(meter, "resource_borrowing.ru.waiting", "Units asked for by waiting callers.", static p => p.Waiting);
        Observe(meter, "resource_borrowing.ru.debt", "Units of ended loans still in use.", static p => p.Debt);
        Observe(meter, "resource_borrowing.ru.overdue", "Units owed beyond the grace period.", static p => p.Overdue);
        Observe(meter, "resource_borrowing.loan.active", "Loans of a borrower that are not settled.", static p => p.Account.OpenLoans, "{loan}");
        meter.CreateObservableGauge("resource_borrowing.ru.utilization", () => Measure(static p => Utilization(p)), "1", "Units in use per unit allocated.");
        meter.CreateObservableGauge("resource_borrowing.reputation", () => Measure(static p => p.Reputation), "1", "Reputation, 0 to 100.");

        if (pool.Balancer is not null) ObserveBalance(meter);
        if (pool.MarketOrNone is { } market) ObserveMarket(meter, market);
        meter.CreateObservableGauge("resource_borrowing.health", () => pool.Stability?.Health ?? 1, "1", "Health of the host, 0 to 1: 1 less the worst signal.");
        meter.CreateObservableCounter("resource_borrowing.lender.harm", MeasureHarm, "s", "How long callers of a lender waited, put down to the loans that were out.");
        meter.CreateObservableCounter("resource_borrowing.events.dropped", () => pool.DroppedEvents, "{event}", "Events that readers were too slow for.");

        _recalled = meter.CreateCounter<long>("resource_borrowing.ru.recalled", Unit, "Units recalled by lenders.");
        _observed = meter.CreateCounter<long>("resource_borrowing.observed", "{request}", "What a pool that only observes would have done.");
        _refusals = meter.CreateCounter<long>("resource_borrowing.refusals", "{request}", "Requests for units that were refused.");
        _loans = meter.CreateCounter<long>("resource_borrowing.loans", "{loan}", "Loans asked for, by result.");
        _contained = meter.CreateCounter<long>("resource_borrowing.contained_exceptions", "{exception}", "Exceptions of user code that were contained.");
        _loanDuration = meter.CreateHistogram<double>("resource_borrowing.loan.duration", "s", "How long settled loans lasted.");
        _timeInQueue = meter.CreateHistogram<double>("resource_borrowing.request.time_in_queue", "s", "How long callers waited in a queue.");
    }

    private void ObserveMarket(Meter meter, Marketplace market)
    {
        meter.CreateObservableGauge("resource_borrowing.credits", () => Measure(static p => (double)p.Credits), "{credit}", "Credits a participant has, those held for loans included.");
        meter.CreateObservableGauge("resource_borrowing.market.price", () => (double)(market.ReportRound()?.ClearingPrice ?? 0), "{credit}/{ru}/s", "The clearing price of the last round; 0 when nothing was traded.");
        meter.CreateObservableUpDownCounter("resource_borrowing.market.orders", () => market.Orders.Count, "{order}", "Bids and offers that stand.");
        meter.CreateObservableCounter("resource_borrowing.market.traded", () => market.Traded, Unit, "Units that rounds have lent.");
    }

    private void ObserveBalance(Meter meter)
    {
        Observe(meter, "resource_borrowing.ru.offered", "Units a participant puts up for others, those lent included.", static p => p.Offered);
        meter.CreateObservableCounter("resource_borrowing.plan.moved", () => _pool.Balancer!.Moved, Unit, "Units that moved by plans.");
        if (!_pool.Forecasting.IsEnabled) return;
        meter.CreateObservableCounter("resource_borrowing.forecast.used", () => Measure(static p => p.Demand.Preallocated.Used), "{ru}.s", "Unit-seconds of units that came because of a forecast and were used.");
        meter.CreateObservableCounter("resource_borrowing.forecast.idle", () => Measure(static p => p.Demand.Preallocated.Idle), "{ru}.s", "Unit-seconds of those that were not.");
    }

    internal void Refused(string participant, RefusalReason reason) =>
        Add(_refusals, new(ParticipantTag, participant), new(ReasonTag, Name(reason)));

    internal void LoanAsked(string borrower, RefusalReason reason)
    {
        if (_loans is { Enabled: true }) Add(_loans, new(ParticipantTag, borrower), new(ResultTag, Name(reason)));
    }

    /// <summary>Whether somebody listens to how long loans last.</summary>
    internal bool ObservesLoans => _loanDuration is { Enabled: true };

    internal void LoansSettled(int loans, double seconds, string borrower)
    {
        for (var i = 0; i < loans && ObservesLoans; i++) Record(_loanDuration, seconds, borrower);
    }

    internal void Recalled(int units, string lender) => Add(_recalled, new(ParticipantTag, lender), default, units);

    internal void Observed(string participant, PoolEventKind kind) => Add(_observed, new(ParticipantTag, participant), new(ResultTag, kind switch
    {
        PoolEventKind.WouldLend => "lent",
        PoolEventKind.WouldRecall => "recalled",
        PoolEventKind.WouldWait => "waited",
        _ => "refused",
    }));

    internal void Contained(string source) => Add(_contained, new("resource_borrowing.source", source), default);

    /// <returns>Now, or a negative time when nobody measures waits.</returns>
    internal TimeSpan WaitBegan() => _timeInQueue is { Enabled: true } ? _pool.Elapsed : TimeSpan.MinValue;

    internal void WaitEnded(TimeSpan since, string participant)
    {
        if (since >= TimeSpan.Zero) Record(_timeInQueue, (_pool.Elapsed - since).TotalSeconds, participant);
    }

    // A listener is user code, called here and now: what it throws must not reach who only wanted a unit.
    private void Add(Counter<long>? counter, KeyValuePair<string, object?> first, KeyValuePair<string, object?> second, int amount = 1)
    {
        if (counter is not { Enabled: true }) return;
        try
        {
            if (second.Key is null) counter.Add(amount, first); else counter.Add(amount, first, second);
        }
        catch (Exception exception)
        {
            if (counter != _contained) _pool.Contain("meter listener", exception);
        }
    }

    private void Record(Histogram<double>? histogram, double value, string participant)
    {
        if (histogram is not { Enabled: true }) return;
        try
        {
            histogram.Record(value, new KeyValuePair<string, object?>(ParticipantTag, participant));
        }
        catch (Exception exception)
        {
            _pool.Contain("meter listener", exception);
        }
    }

    private static double Utilization(Participant participant)
    {
        var word = participant.Account.Cell.Read();
        return word.Allocation == 0 ? 0 : (double)word.InUse / word.Allocation;
    }

    private static string Name(RefusalReason reason) => reason == RefusalReason.None ? "granted" : Reasons[(int)reason];

    private IEnumerable<Measurement<double>> MeasureHarm()
    {
        foreach (var lender in _pool.AllWithReserve)
        {
            foreach (var pair in lender.Account.Harm.Pairs)
                yield return new(lender.Account.Harm.Of(pair) / 1000, new(LenderTag, lender.Name), new(BorrowerTag, pair.Borrower.Name));
        }
    }

    private void Observe(Meter meter, string name, string description, Func<Participant, int> read, string unit = Unit) =>
        meter.CreateObservableUpDownCounter(name, () => Measure(read), unit, description);

    private IEnumerable<Measurement<T>> Measure<T>(Func<Participant, T> read) where T : struct
    {
        foreach (var participant in _pool.AllWithReserve)
            yield return new Measurement<T>(read(participant), new KeyValuePair<string, object?>(ParticipantTag, participant.Name));
    }
}
