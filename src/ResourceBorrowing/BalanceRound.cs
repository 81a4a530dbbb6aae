using System.Globalization;
using ResourceBorrowing.Balancing;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>One plan, from what was demanded to the units that moved.</summary>
/// <remarks>Run once, by one thread; afterwards anybody may ask for the report.</remarks>
internal sealed class BalanceRound(ResourcePool pool, LoanBook book, Participant[] participants, DemandPeriod[] periods, long time, long now)
{
    private readonly Situation[] _situations = new Situation[participants.Length];
    private readonly ParticipantForecast?[] _forecasts = new ParticipantForecast?[participants.Length];
    private readonly (double Smooth, int Offered)[] _demands = new (double, int)[participants.Length];
    private readonly int[] _gained = new int[participants.Length];
    private readonly int[] _lost = new int[participants.Length];
    private readonly SortedDictionary<RefusalReason, int> _refused = [];
    private Plan? _plan;
    private string _reason = "";
    private readonly List<PlannedMove> _questions = [];
    private readonly List<(Participant Lender, Participant Borrower, int Units)>? _trades = pool.MarketplaceOptions is { IsEnabled: true, TradesPlans: true } ? [] : null;
    private int _asked;

    internal int Moved { get; private set; }

    private int Lent { get; set; }

    private long Pause => (long)pool.Balancing.OfferAfter.TotalMilliseconds;

    internal void Run()
    {
        var balancing = pool.Balancing;
        var standing = Standing();
        var borrowed = new int[participants.Length];
        foreach (var loan in standing) borrowed[loan.Borrower] += loan.Units;
        for (var i = 0; i < participants.Length; i++) _situations[i] = Describe(i, borrowed[i], balancing);
        _plan = Planner.Make(new(_situations.Sum(static s => s.Nominal), balancing.DeadBand, balancing.MostMoved), _situations, standing);
        if (balancing.Mode == BalancingMode.Observe || pool.IsObserving) _reason = "the pool only observes";
        else if (pool.Now - now > book.PlanningPeriod) _reason = "the plan took longer than a planning period";
        else
        {
            foreach (var move in _plan.Moves) Carry(move);
            AskForConsent();
            if (_trades is not null) pool.Market.TradePlan(_trades);
        }

        if (_asked > 0) _reason = $"{_asked} wait for consent";
        if (pool.IsDisposed) _reason = "the pool was disposed";
    }

    internal BalanceReport Report() => new(
        TimeSpan.FromMilliseconds(now), _plan!.Moves.Sum(static m => m.Units), Lent, Moved - Lent, ReasonText(), [.. participants.Select((_, i) => Report(i))]);

    private string ReasonText() => string.Join(", ", _refused.Select(static r => string.Create(CultureInfo.InvariantCulture, $"{r.Value} refused: {r.Key}")).Prepend(_reason).Where(static t => t.Length > 0));

    private ParticipantBalance Report(int i)
    {
        ref readonly var one = ref _situations[i];
        return new(
            participants[i].Name, one.Nominal, one.Allocation, _plan!.Allocations[i], _plan.Targets[i], _plan.Lowers[i], one.Ceiling, periods[i], _demands[i].Smooth,
            _demands[i].Offered, _gained[i], _lost[i], _forecasts[i]);
    }

    private Situation Describe(int i, int standing, BalancingOptions balancing)
    {
        var (participant, period) = (participants[i], periods[i]);
        var (account, demand) = (participant.Account, participant.Demand);
        var (nominal, word) = (account.Nominal, account.Cell.Read());
        demand.Add(period, time, now, nominal, standing, balancing);
        Foresee(i, participant, period, nominal);
        // What time has healed: who does not borrow has nobody else who would look.
        pool.Reputations.LookAgain(participant.Standing);
        var (isLender, threshold) = (participant.Leaving is null && account.Rules.Consent != LendingConsent.Never, account.Rules.GrantThreshold);
        var limit = isLender ? Math.Min(nominal, account.LendingLimitAt(now)) : 0;
        var mustBeAsked = account.Rules.Consent == LendingConsent.Ask && demand.Consent.Agreed == 0;
        var lendable = isLender && (!mustBeAsked || demand.Consent.IsOpen(now, Pause)) ? account.LendableAt(now, isForCallers: false) : 0;
        // Nobody misses the reserve's units: it puts all of them up.
        var recent = demand.Recent(now, balancing);
        var idle = participant == pool.Reserve ? nominal : demand.Idle(recent, nominal, account.Rules.Headroom);
        var ceiling = CeilingOf(participant, nominal);
        demand.Offered = Math.Min(idle, limit);
        _demands[i] = (demand.Smooth, demand.Offered);
        return new(
            nominal, nominal - limit, ceiling, word.Allocation, Math.Max(0, word.Free), period.Most, recent, Math.Min(demand.Need(period, nominal), pool.Capacity),
            Math.Min(lendable, Math.Max(0, demand.Offered - account.Lent)), lendable, Math.Max(0, ceiling - nominal - account.Borrowed), WaitingFor(participant, period, word.Allocation, word.Free),
            account.Score, threshold, mustBeAsked);
    }

    private void Foresee(int i, Participant participant, in DemandPeriod period, int nominal)
    {
        if (participant == pool.Reserve || pool.Forecasting is not { IsEnabled: true } forecasting) return;
        var demand = participant.Demand;
        try
        {
            if (demand.ForecastKind is null) demand.MakeForecast(participant.Name, forecasting);
            if (demand.Forecast is not { } forecast) return;
            forecast.Add(period.Mean, period.Deviation, time, now, (long)forecasting.Step.TotalMilliseconds, nominal);
            var (used, unused) = demand.Preallocated;
            var (known, precision) = forecast.Alarms;
            _forecasts[i] = new(OrNull(forecast.LikelyMost), OrNull(forecast.SafeMost), forecast.IsTrusted, known, precision, used, unused);
        }
        catch (Exception exception)
        {
            pool.Contain("forecaster", exception);
        }
    }

    private static double? OrNull(double quantile) => double.IsNaN(quantile) ? null : quantile;

    /// <summary>The most that borrowing may bring it, its reputation considered.</summary>
    internal static int CeilingOf(Participant participant, int nominal)
    {
        var account = participant.Account;
        if (participant.Leaving is not null || account.Debt > 0) return nominal;
        var most = LoanRules.CreditLineOf(account.BorrowingLimit, account.Score);
        return nominal + (account.IsNewcomer ? Math.Min(most, Math.Max(1, nominal)) : most);
    }

    /// <summary>Units that callers wait for, or were refused, whose participant does not borrow for them.</summary>
    private static int WaitingFor(Participant participant, in DemandPeriod period, int allocation, int free) =>
        participant.Options.BorrowOnDemand || participant.Leaving is not null ? 0
        : Math.Max(participant.Waiting, period.Refused > 0 ? period.Most - allocation + free : 0);

    private StandingLoan[] Standing()
    {
        var standing = new List<StandingLoan>();
        for (var lender = 0; lender < participants.Length; lender++)
        {
            foreach (var group in participants[lender].Account.Harm.Groups)
            {
                if (!group.Conditions.IsStanding || group.LiveUnits == 0 || group.Borrower.Owner is not Participant { Place: var borrower }) continue;
                if (borrower < participants.Length && participants[borrower].Account == group.Borrower) standing.Add(new(lender, borrower, group.LiveUnits));
            }
        }

        return [.. standing];
    }

    private void Carry(in PlannedMove move)
    {
        if (pool.IsDisposed) return;
        if (_trades is not null && !move.IsReturn)
        {
            _trades.Add((participants[move.Lender], participants[move.Borrower], move.Units));
            return;
        }

        var moved = move.IsReturn ? GiveBack(participants[move.Lender].Account, participants[move.Borrower].Account, move.Units) : Lend(move);
        if (moved == 0) return;
        Moved += moved;
        if (!move.IsReturn) Lent += moved;
        var (from, to) = move.IsReturn ? (move.Borrower, move.Lender) : (move.Lender, move.Borrower);
        _lost[from] += moved;
        _gained[to] += moved;
    }

    private int GiveBack(Allocation lender, Allocation borrower, int units)
    {
        var left = units;
        foreach (var group in lender.Harm.Groups)
        {
            if (group.Borrower != borrower || !group.Conditions.IsStanding) continue;
            for (var part = -1; left > 0 && part != 0; left -= part)
            {
                var attention = new AttentionList();
                part = borrower.Home.ReturnStanding(group, left, now, ref attention);
                attention.Run(book);
            }
        }

        return units - left;
    }

    private int Lend(in PlannedMove move)
    {
        var (lender, borrower) = (participants[move.Lender], participants[move.Borrower]);
        var units = Math.Min(move.Units, lender.Account.LendableAt(now, isForCallers: false));
        if (units < move.Units) Refused(RefusalReason.LenderNotAvailable, move.Units - units);
        if (units == 0) return 0;
        var isAsked = lender.Account.Rules.Consent == LendingConsent.Ask;
        if (isAsked)
        {
            var consent = lender.Demand.Consent;
            if (consent.Borrower != borrower || consent.Agreed == 0)
            {
                _questions.Add(move with { Units = units });
                return 0;
            }

            units = Math.Min(units, consent.Agreed);
            consent.Forget();
        }

        var loan = pool.LendByPlan(lender, borrower, units, isAsked);
        if (loan.IsGranted) return units;
        if (isAsked) lender.Demand.Consent.Refuse(now);
        return Refused(loan.Refusal, units);
    }

    /// <summary>One question for each lender and each borrower at a time: what the next would be depends on the answer. Of several borrowers, not the one that was asked for last.</summary>
    private void AskForConsent()
    {
        var borrowers = new HashSet<Participant>();
        foreach (var participant in participants)
        {
            var consent = participant.Demand.Consent;
            if (consent is { IsAsked: true, Borrower: { } borrower }) borrowers.Add(borrower);
            // Nobody wanted it in this plan.
            else if (consent.Agreed > 0) consent.Forget();
        }

        foreach (var question in _questions.OrderBy(q => participants[q.Lender].Demand.Consent.Borrower == participants[q.Borrower]))
        {
            var (lender, borrower) = (participants[question.Lender], participants[question.Borrower]);
            if (!lender.Demand.Consent.IsOpen(now, Pause) || !borrowers.Add(borrower))
            {
                Refused(RefusalReason.ConsentRequired, question.Units);
                continue;
            }

            lender.Demand.Consent.Ask(lender, borrower, question.Units);
            _asked += question.Units;
        }
    }

    private int Refused(RefusalReason reason, int units)
    {
        _refused[reason] = _refused.GetValueOrDefault(reason) + units;
        return 0;
    }
}
