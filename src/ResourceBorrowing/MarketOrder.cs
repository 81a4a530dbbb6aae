using System.Globalization;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

/// <summary>What an order is for.</summary>
public enum MarketOrderKind
{
    /// <summary>Units are asked for.</summary>
    Bid,

    /// <summary>Units are put up.</summary>
    Offer,
}

/// <summary>What became of an order.</summary>
public enum MarketOrderStatus
{
    /// <summary>It takes part in the next round.</summary>
    Standing,

    /// <summary>All its units have been lent.</summary>
    Filled,

    /// <summary>Its time was over; what had been lent by then goes on.</summary>
    Expired,

    /// <summary>It was cancelled; what had been lent by then goes on.</summary>
    Cancelled,

    /// <summary>Its participant has left, or the pool was disposed.</summary>
    Withdrawn,
}

/// <summary>A bid or an offer that stands until it is filled, expires or is cancelled.</summary>
/// <remarks>Thread-safe. Figures are as of now.</remarks>
public sealed class MarketOrder
{
    private readonly Lock _lock = new();
    private readonly List<Loan> _loans = [];
    private readonly TaskCompletionSource<MarketOrderStatus> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Marketplace _market;
    private int _left;
    private int _lastPrice;
    private MarketOrderStatus _status;
    private RefusalReason _refusal;

    internal MarketOrder(MarketOrderKind kind, Participant participant, int units, int price, long term, long expiresAt, Marketplace market)
    {
        (Kind, Participant, Units, _left, PriceInThousandths, TermInMilliseconds, ExpiresAt, _market) = (kind, participant, units, units, price, term, expiresAt, market);
    }

    /// <summary>Whether it asks or puts up.</summary>
    public MarketOrderKind Kind { get; }

    /// <summary>Whose it is.</summary>
    public Participant Participant { get; }

    /// <summary>Units it is for.</summary>
    public int Units { get; }

    /// <summary>The most a bid pays, or the least an offer lends for, in credits for a unit and a second.</summary>
    public decimal Price => CreditAmount.PriceInCredits(PriceInThousandths);

    /// <summary>For how long a bid asks for units; the longest term for which an offer lends them.</summary>
    public TimeSpan Term => TimeSpan.FromMilliseconds(TermInMilliseconds);

    /// <summary>Bids of higher priority are served first; their loans are recalled last.</summary>
    public int Priority { get; internal init; }

    /// <summary>Whether a bid takes fewer units too.</summary>
    public bool TakesPart { get; internal init; } = true;

    /// <summary>Units that have not been lent yet.</summary>
    public int UnitsLeft
    {
        get
        {
            lock (_lock) return _left;
        }
    }

    /// <summary>What became of it.</summary>
    public MarketOrderStatus Status
    {
        get
        {
            lock (_lock) return _status;
        }
    }

    /// <summary>Why the last loan that a round wanted to make for it was not made; <see cref="RefusalReason.None"/> when none was refused.</summary>
    public RefusalReason LastRefusal
    {
        get
        {
            lock (_lock) return _refusal;
        }
    }

    /// <summary>How much has been lent for it, and why not more: what stands in the way now, as far as can be told without a round; made when asked for.</summary>
    public string Explanation => _market.Explain(this);

    /// <summary>What the last loan that it brought costs, in credits for a unit and a second; null before the first.</summary>
    public decimal? LastPrice
    {
        get
        {
            lock (_lock) return _loans.Count == 0 ? null : CreditAmount.PriceInCredits(_lastPrice);
        }
    }

    /// <summary>The loans that it brought, in the order in which they were made: a bid's to its borrower, an offer's from its lender.</summary>
    public IReadOnlyList<Loan> Loans
    {
        get
        {
            lock (_lock) return [.. _loans];
        }
    }

    /// <summary>Completes when the order stands no longer, with what became of it.</summary>
    public Task<MarketOrderStatus> Completion => _completion.Task;

    internal int PriceInThousandths { get; }

    internal long TermInMilliseconds { get; }

    /// <summary>When it expires, in milliseconds of pool time.</summary>
    internal long ExpiresAt { get; }

    /// <summary>Its place among those that stand, under their lock.</summary>
    internal LinkedListNode<MarketOrder>? Place { get; set; }

    /// <summary>Whether it stands for what a plan would have lent.</summary>
    internal bool IsPlanned { get; init; }

    /// <summary>Takes it back. What has been lent for it goes on.</summary>
    /// <returns>False when it stands no longer.</returns>
    public bool Cancel() => TryEnd(MarketOrderStatus.Cancelled);

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} of '{Participant.Name}' for {Units} at {Price} credits: {Explanation}");

    internal bool TryEnd(MarketOrderStatus status)
    {
        lock (_lock)
        {
            if (_status != MarketOrderStatus.Standing) return false;
            _status = status;
        }

        _market.Remove(this);
        _completion.TrySetResult(status);
        return true;
    }

    /// <summary>Sets units aside for a loan that is about to be made.</summary>
    /// <returns>How many; fewer than asked for, or 0, when it no longer stands for so many.</returns>
    internal int Take(int units)
    {
        lock (_lock)
        {
            if (_status != MarketOrderStatus.Standing) return 0;
            var taken = Math.Min(units, _left);
            _left -= taken;
            return taken;
        }
    }

    /// <summary>No loan was made.</summary>
    internal void GiveBack(int units, RefusalReason reason)
    {
        lock (_lock) (_left, _refusal) = (_left + units, reason);
    }

    internal void Add(Loan loan, int price)
    {
        bool isFilled;
        lock (_lock)
        {
            _loans.Add(loan);
            _lastPrice = price;
            isFilled = _left == 0;
        }

        if (isFilled) TryEnd(MarketOrderStatus.Filled);
    }
}
