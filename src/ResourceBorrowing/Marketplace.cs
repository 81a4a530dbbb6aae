using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

/// <summary>Where units are bid for and offered, and where each participant's credits are on record.</summary>
/// <remarks>
/// Thread-safe. Orders are matched in rounds, every <see cref="MarketplaceOptions.RoundPeriod"/>, on the pool's one timer. What a round decides becomes ordinary loans: consent, limits, reputation and the lender's own
/// callers come first, as always, and what they do not allow is not lent and not paid. An offer is its lender's consent to what is lent from it.
/// </remarks>
public sealed partial class Marketplace
{
    private const int MostPriority = 100;
    private static readonly TimeSpan DefaultLife = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly ResourcePool _pool;
    private readonly LoanBook _book;
    private readonly CreditLedger _ledger;
    private readonly IMarketMechanism _mechanism;
    private readonly LinkedList<MarketOrder> _orders = [];
    private Participant[] _known = [];
    private Participant[] _sorted = [];
    private List<StandingTransfer> _standing = [];
    private long _lastRound;
    private long _nextExpiry = TimerWheel.Never;
    private int _isBusy;
    private bool _isLate;
    private MarketReport? _last;
    private long _traded;

    internal Marketplace(ResourcePool pool, LoanBook book, IMarketMechanism mechanism) => (_pool, _book, _ledger, _mechanism) = (pool, book, book.Credits!, mechanism);

    /// <summary>The orders that stand, the oldest first.</summary>
    public IReadOnlyList<MarketOrder> Orders
    {
        get
        {
            lock (_lock) return [.. _orders];
        }
    }

    /// <summary>All credits of all participants and of the reserve: they change when somebody joins or leaves, by what a mechanism gives for nothing, and when a state is loaded, but by nothing that is lent.</summary>
    public decimal CreditsInCirculation => CreditAmount.Credits(_ledger.InCirculation);

    /// <summary>Units that rounds have lent so far.</summary>
    internal long Traded => Volatile.Read(ref _traded);

    /// <summary>The last round; null before the first.</summary>
    public MarketReport? ReportRound() => Volatile.Read(ref _last);

    /// <summary>Asks for units, from the next round on.</summary>
    /// <param name="borrower">Who asks.</param>
    /// <param name="units">How many, 1 to the capacity.</param>
    /// <param name="highestPrice">The most it pays, in credits for a unit and a second: 0 to 1,000,000, in thousandths. All pay the price of the round, which may be less.</param>
    /// <param name="term">For how long, 1 ms to 30 days. Default the pool's default term.</param>
    /// <param name="priority">Higher ones are served first where units are short, and recalled last; -100 to 100. Default 0.</param>
    /// <param name="takesPart">Whether fewer units are welcome, and the rest goes on standing. Default true.</param>
    /// <param name="expiresAfter">How long it stands at the most. Default 1 min.</param>
    /// <returns>The order; it holds no credits while it stands, so it may yet be refused.</returns>
    /// <exception cref="MarketException">It cannot be right; <see cref="MarketException.Error"/> says why, and nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public MarketOrder Bid(Participant borrower, int units, decimal highestPrice, TimeSpan? term = null, int priority = 0, bool takesPart = true, TimeSpan? expiresAfter = null)
    {
        var (price, time, expiry) = Check(borrower, units, highestPrice, term ?? _pool.DefaultTerm, expiresAfter ?? DefaultLife);
        if (priority is < -MostPriority or > MostPriority) throw new MarketException(MarketError.Priority, $"A priority is -{MostPriority} to {MostPriority}, not {priority}.");
        var cost = CreditAmount.Cost(price, units, time);
        if (cost > CreditAmount.Most) throw new MarketException(MarketError.Overflow, $"{units} units at {highestPrice} for {time} ms cost more credits than can be counted.");
        if (!borrower.Account.Credits!.CanHold(cost))
            throw new MarketException(MarketError.InsufficientCredits, $"'{borrower.Name}' cannot bid: that would cost up to {CreditAmount.Credits((long)cost)} credits, and it has {CreditAmount.Credits(borrower.Account.Credits.Available)} to spend.");
        return Add(new(MarketOrderKind.Bid, borrower, units, price, time, expiry, this) { Priority = priority, TakesPart = takesPart });
    }

    /// <summary>Puts units up, from the next round on.</summary>
    /// <param name="lender">Who lends.</param>
    /// <param name="units">How many, 1 to the capacity; they are lent once, as far as they are free then.</param>
    /// <param name="reservePrice">The least it lends for, in credits for a unit and a second: 0 to 1,000,000, in thousandths.</param>
    /// <param name="longestTerm">The longest term, 1 ms to 30 days. Default 30 days.</param>
    /// <param name="expiresAfter">How long it stands at the most. Default 1 min.</param>
    /// <returns>The order.</returns>
    /// <exception cref="MarketException">It cannot be right; <see cref="MarketException.Error"/> says why, and nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public MarketOrder Offer(Participant lender, int units, decimal reservePrice, TimeSpan? longestTerm = null, TimeSpan? expiresAfter = null)
    {
        var (price, time, expiry) = Check(lender, units, reservePrice, longestTerm ?? ResourcePool.LongestTerm, expiresAfter ?? DefaultLife);
        if (lender.Account.Rules.Consent == LendingConsent.Never) throw new MarketException(MarketError.Participant, $"'{lender.Name}' cannot offer units: it never lends.");
        return Add(new(MarketOrderKind.Offer, lender, units, price, time, expiry, this));
    }

    /// <summary>How many credits somebody has, and why.</summary>
    /// <param name="name">A participant's, or <c>(reserve)</c>: what that has earned is divided among all with the next round.</param>
    /// <exception cref="KeyNotFoundException">There is no participant of that name.</exception>
    public CreditStatement StatementOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (name == ResourcePool.ReserveName ? _ledger.Reserve : _pool[name].Account.Credits!).Statement();
    }

    internal void Start()
    {
        Volatile.Write(ref _lastRound, _pool.Now);
        _pool.Arm(NextRound);
    }

    /// <summary>Ends orders whose time is over, and runs a round when it is time for one.</summary>
    /// <returns>When to come again.</returns>
    internal long OnTimer(long now)
    {
        // After a jump of the clock one round stands for all that were missed, and comes before orders end that stood when it was due.
        var due = NextRound;
        ExpireUntil(Math.Min(now, due));
        if (now >= due)
        {
            Volatile.Write(ref _lastRound, now);
            if (Interlocked.Exchange(ref _isBusy, 1) == 0)
            {
                _isLate = false;
                Begin(now);
            }
            else if (!_isLate)
            {
                _isLate = true;
                _pool.Log(PoolLog.RoundIsLate);
            }
        }

        ExpireUntil(now);
        return Math.Min(NextRound, Volatile.Read(ref _nextExpiry));
    }

    /// <summary>The period may have changed.</summary>
    internal void LookAgain() => _pool.Arm(NextRound);

    private void ExpireUntil(long now)
    {
        if (now < Volatile.Read(ref _nextExpiry)) return;
        var over = new List<MarketOrder>();
        lock (_lock)
        {
            var next = TimerWheel.Never;
            foreach (var order in _orders)
            {
                if (order.ExpiresAt <= now) over.Add(order);
                else next = Math.Min(next, order.ExpiresAt);
            }

            Volatile.Write(ref _nextExpiry, next);
        }

        foreach (var order in over) order.TryEnd(MarketOrderStatus.Expired);
    }

    /// <summary>A participant leaves, or, when none is named, the pool ends: its orders stand no longer.</summary>
    internal void Withdraw(Participant? participant)
    {
        foreach (var order in Orders)
            if (participant is null || order.Participant == participant) order.TryEnd(MarketOrderStatus.Withdrawn);
    }

    /// <summary>Bids for, and offers, what a plan would lend, for those that do not do so themselves; what the last plan wanted stands no longer.</summary>
    internal void TradePlan(IReadOnlyList<(Participant Lender, Participant Borrower, int Units)> moves)
    {
        var (own, planned) = (new HashSet<(Participant, MarketOrderKind)>(), new Dictionary<(Participant Participant, MarketOrderKind Kind), int>());
        foreach (var order in Orders)
        {
            if (order.IsPlanned) order.TryEnd(MarketOrderStatus.Cancelled);
            else own.Add((order.Participant, order.Kind));
        }

        foreach (var (lender, borrower, units) in moves)
        {
            planned[(lender, MarketOrderKind.Offer)] = planned.GetValueOrDefault((lender, MarketOrderKind.Offer)) + units;
            planned[(borrower, MarketOrderKind.Bid)] = planned.GetValueOrDefault((borrower, MarketOrderKind.Bid)) + units;
        }

        var expiry = _pool.Now + 2 * Math.Max(_book.PlanningPeriod, Period);
        foreach (var ((participant, kind), units) in planned)
        {
            // An offer is consent, which a plan does not have of those that want to be asked.
            if (own.Contains((participant, kind)) || kind == MarketOrderKind.Offer && participant.Account.Rules.Consent != LendingConsent.Automatic) continue;
            var term = kind == MarketOrderKind.Bid ? _book.DefaultTerm : (long)ResourcePool.LongestTerm.TotalMilliseconds;
            if (TryAdd(new(kind, participant, units, _book.Price, term, expiry, this) { IsPlanned = true }) is null) return;
        }
    }

    private long Period => (long)_pool.MarketplaceOptions.RoundPeriod.TotalMilliseconds;

    private long NextRound => Volatile.Read(ref _lastRound) + Period;

    private (int Price, long Term, long ExpiresAt) Check(Participant participant, int units, decimal price, TimeSpan term, TimeSpan life)
    {
        ArgumentNullException.ThrowIfNull(participant);
        ObjectDisposedException.ThrowIf(_pool.IsDisposed, _pool);
        if (participant.Pool != _pool || participant.Leaving is not null || participant == _pool.Reserve)
            throw new MarketException(MarketError.Participant, $"'{participant.Name}' cannot trade here: {(participant.Pool != _pool ? "it belongs to another pool" : participant == _pool.Reserve ? "the reserve belongs to all" : "it is leaving the pool")}.");
        if (units < 1 || units > _pool.Capacity) throw new MarketException(MarketError.Units, $"An order is for 1 to {_pool.Capacity} units, not {units}.");
        if (!CreditAmount.IsPrice(price))
            throw new MarketException(MarketError.Price, $"A price is 0 to {CreditAmount.HighestPrice} credits for a unit and a second, in thousandths, not {price}.");
        if (term < ResourcePool.ShortestTerm || term > ResourcePool.LongestTerm) throw new MarketException(MarketError.Time, $"A loan lasts 1 ms to 30 days, not {term}.");
        if (life <= TimeSpan.Zero || life > ResourcePool.LongestTerm) throw new MarketException(MarketError.Time, $"An order stands for up to 30 days, not for {life}.");
        return (CreditAmount.Price(price), CreditAmount.Milliseconds(term), PoolClock.TickAfter(_book.Clock.Elapsed + life));
    }

    private MarketOrder Add(MarketOrder order)
    {
        var added = TryAdd(order) ?? throw new MarketException(MarketError.TooManyOrders, $"{_pool.MarketplaceOptions.OrderLimit} orders stand, which is as many as may.");
        _pool.Arm(order.ExpiresAt);
        return added;
    }

    private MarketOrder? TryAdd(MarketOrder order)
    {
        lock (_lock)
        {
            if (_orders.Count >= _pool.MarketplaceOptions.OrderLimit) return null;
            order.Place = _orders.AddLast(order);
            Volatile.Write(ref _nextExpiry, Math.Min(_nextExpiry, order.ExpiresAt));
        }

        // Who left, or what ended, meanwhile has not seen it.
        if (order.Participant.Leaving is not null || _pool.IsDisposed) order.TryEnd(MarketOrderStatus.Withdrawn);
        return order;
    }

    /// <summary>It stands no longer.</summary>
    internal void Remove(MarketOrder order)
    {
        lock (_lock)
            if (order.Place is { List: not null } place) _orders.Remove(place);
    }

    private void Begin(long now)
    {
        // The orders first: whoever has any is then among the participants, or has left.
        var orders = Orders;
        var all = _pool.AllWithReserve;
        if (all != _known) (_known, _sorted) = (all, [.. all.SkipLast(1).OrderBy(static p => p.Name, StringComparer.Ordinal), all[^1]]);
        var session = new MarketSession(_pool, _book, _ledger, _sorted, orders, _standing, now, Period);
        if (_pool.Time == TimeProvider.System) ThreadPool.UnsafeQueueUserWorkItem(static run => run.Market.Run(run.Session), (Market: this, Session: session), preferLocal: false);
        else Run(session);
    }

    private void Run(MarketSession session)
    {
        try
        {
            session.Run(_mechanism);
            _standing = session.StandingAfter;
            Volatile.Write(ref _traded, _traded + session.Lent);
            Volatile.Write(ref _last, session.Report());
        }
        catch (Exception exception)
        {
            _pool.Contain("market mechanism", exception);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }
}

/// <summary>A loan that goes on from round to round, until one decides otherwise.</summary>
internal sealed record StandingTransfer(Participant Lender, Participant Borrower, LoanHandle Loan, int Price, bool PaysAll, int Priority);
