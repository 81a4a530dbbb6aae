using System.Globalization;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

/// <summary>One round of the marketplace, from the orders to the loans.</summary>
/// <remarks>
/// Run once, by one thread, outside all locks. The mechanism decides on what was read without a lock; each transfer is then decided anew by the rules of all loans.
/// </remarks>
internal sealed class MarketSession(
    ResourcePool pool, LoanBook book, CreditLedger ledger, Participant[] participants, IReadOnlyList<MarketOrder> orders, List<StandingTransfer> earlier, long now, long period)
{
    private MarketOrder[] _bids = [];
    private MarketOrder[] _offers = [];
    private readonly SortedDictionary<RefusalReason, long> _refused = [];
    private readonly List<(StandingTransfer Transfer, int Units)> _before = [];
    private MarketOutcome _outcome = MarketOutcome.None;
    private string _reason = "";
    private int _unpaid;
    private long _renewed;
    private long _returned;

    internal List<StandingTransfer> StandingAfter { get; private set; } = [];

    internal long Lent { get; private set; }

    internal void Run(IMarketMechanism mechanism)
    {
        foreach (var transfer in earlier)
            if (LiveUnitsOf(transfer, out _) is var units and > 0) _before.Add((transfer, units));
        StandingAfter = [.. _before.Select(static b => b.Transfer)];
        var round = Describe();
        _outcome = MarketRules.Copy(mechanism.Decide(round));
        MarketRules.Check(_outcome, round);
        if (pool.IsObserving) _reason = "the pool only observes";
        else if (pool.Now - now > Math.Max(period, book.PlanningPeriod)) _reason = "the market mechanism took longer than a round";
        else CarryOut();
        Settle(_reason.Length == 0);
    }

    internal MarketReport Report() => new(
        TimeSpan.FromMilliseconds(now), _outcome.ClearingPrice, _bids.Length, _offers.Length, _outcome.Transfers.Sum(static t => (long)t.Units), Lent, _renewed, _returned,
        string.Join(", ", Reasons().Where(static t => t.Length > 0)));

    private IEnumerable<string> Reasons() =>
    [
        _reason, .. _refused.Select(static r => string.Create(CultureInfo.InvariantCulture, $"{r.Value} refused: {r.Key}")),
        _unpaid == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{_unpaid} credit entries not posted: who was to pay has not so much"),
    ];

    private MarketRound Describe()
    {
        var places = new Dictionary<Participant, int>(participants.Length);
        for (var i = 0; i < participants.Length; i++) places.Add(participants[i], i);
        _bids = [.. orders.Where(o => o.Kind == MarketOrderKind.Bid && places.ContainsKey(o.Participant))];
        _offers = [.. orders.Where(o => o.Kind == MarketOrderKind.Offer && places.ContainsKey(o.Participant))];
        var (lent, borrowed, held) = (new int[participants.Length], new int[participants.Length], new long[participants.Length]);
        var before = new List<MarketTransfer>();
        foreach (var (transfer, units) in _before)
        {
            if (!places.TryGetValue(transfer.Lender, out var lender) || !places.TryGetValue(transfer.Borrower, out var borrower)) continue;
            lent[lender] += units;
            borrowed[borrower] += units;
            LiveUnitsOf(transfer, out var left);
            held[borrower] += (long)CreditAmount.Cost(transfer.Price, units, left);
            before.Add(new(lender, borrower, units, CreditAmount.PriceInCredits(transfer.Price)) { PaysAll = transfer.PaysAll, Priority = transfer.Priority });
        }

        var offering = _offers.Select(static o => o.Participant).ToHashSet();
        return new(
            TimeSpan.FromMilliseconds(period), CreditAmount.PriceInCredits(book.Price), [.. participants.Select((p, i) => Describe(p, lent[i], borrowed[i], held[i], offering.Contains(p)))],
            [.. _bids.Select(b => new MarketBid(places[b.Participant], b.UnitsLeft, b.Term, b.Price, b.Priority, b.TakesPart))],
            [.. _offers.Select(o => new MarketOffer(places[o.Participant], o.UnitsLeft, o.Price, TimeSpan.FromMilliseconds(Math.Min(o.TermInMilliseconds, o.Participant.Account.Rules.LongestTerm))))], before);
    }

    private MarketParticipant Describe(Participant participant, int lent, int borrowed, long held, bool isOffering)
    {
        var account = participant.Account;
        var (nominal, word) = (account.Nominal, account.Cell.Read());
        var mayLend = participant.Leaving is null && account.Rules.Consent != LendingConsent.Never && (account.Rules.Consent != LendingConsent.Ask || isOffering);
        var demand = word.InUse + (long)account.Waiters.WaitingUnits - (account.Borrowed - borrowed) + (account.Lent - lent);
        if (pool.Balancer is not null) demand = Math.Max(demand, participant.Demand.LastMost);
        return new(
            participant.Name, nominal, (int)Math.Clamp(demand, 0, pool.Capacity), mayLend ? Math.Min(nominal, account.LendableAt(now, isForCallers: false) + lent) : 0,
            account.IsNewcomer && account.Borrowed > borrowed ? 0 : Math.Max(0, BalanceRound.CeilingOf(participant, nominal) - nominal - account.Borrowed + borrowed), CreditAmount.Credits(account.Credits!.Available + held), account.Score, account.Rules.GrantThreshold,
            mayLend ? nominal - Math.Min(nominal, account.LendingLimit) : nominal);
    }

    /// <summary>What shall not go on is given back first, and serves the bids of this round.</summary>
    private void CarryOut()
    {
        var wanted = new Dictionary<(Participant Lender, Participant Borrower, bool PaysAll, int Priority), (long Units, int Price)>();
        foreach (var transfer in _outcome.Transfers.Where(static t => t.Bid < 0))
        {
            var key = (participants[transfer.Lender], participants[transfer.Borrower], transfer.PaysAll, transfer.Priority);
            wanted[key] = (wanted.GetValueOrDefault(key).Units + transfer.Units, CreditAmount.Price(transfer.Price));
        }

        StandingAfter = [.. _before.Select(static b => b.Transfer).Where(transfer => GoesOn(transfer, wanted))];
        foreach (var group in _outcome.Transfers.Where(static t => t.Bid >= 0).GroupBy(static t => t.Bid))
        {
            // A newcomer may have one loan at a time.
            if (_bids[group.Key] is { TakesPart: true, Participant.Account.IsNewcomer: false }) foreach (var transfer in group) Fill(_bids[group.Key], [transfer]);
            else Fill(_bids[group.Key], [.. group]);
        }

        foreach (var ((lender, borrower, paysAll, priority), (units, price)) in wanted)
            if (units > 0) Begin(lender, borrower, (int)units, price, paysAll, priority);
    }

    /// <summary>Keeps of a standing loan what is wanted of it, and gives the rest back; it renews itself.</summary>
    private bool GoesOn(StandingTransfer transfer, Dictionary<(Participant, Participant, bool, int), (long Units, int Price)> wanted)
    {
        var key = (transfer.Lender, transfer.Borrower, transfer.PaysAll, transfer.Priority);
        var (units, price) = wanted.GetValueOrDefault(key);
        var live = LiveUnitsOf(transfer, out _);
        var kept = (int)Math.Min(live, units);
        wanted[key] = (units - kept, price);
        if (kept < live) _returned += pool.Return(transfer.Borrower.Account, transfer.Loan, live - kept);
        _renewed += kept;
        return kept > 0;
    }

    /// <summary>Makes the loans of a bid: all of them or none.</summary>
    private void Fill(MarketOrder bid, MarketTransfer[] transfers)
    {
        if (pool.IsDisposed) return;
        var units = transfers.Sum(static t => t.Units);
        var taken = transfers.Select(t => t.Offer < 0 ? t.Units : _offers[t.Offer].Take(t.Units)).ToArray();
        var isWhole = taken.SequenceEqual(transfers.Select(static t => t.Units));
        var asked = bid.Take(units);
        var reason = RefusalReason.LenderNotAvailable;
        if (isWhole && asked == units)
        {
            // One lender may stand there with several offers.
            var shares = transfers.GroupBy(static t => t.Lender).Select(g => new LoanShare(participants[g.Key].Account, g.Sum(static t => t.Units))).ToArray();
            var price = CreditAmount.Price(transfers[0].Price);
            var loan = pool.LendByMarket(
                bid.Participant, shares, price, bid.Term, LoanTerms.Default with { Priority = bid.Priority }, transfers[0].PaysAll, isAgreed: transfers.All(static t => t.Offer >= 0));
            if (loan.IsGranted)
            {
                Lent += units;
                bid.Add(loan, price);
                foreach (var offer in transfers.Where(static t => t.Offer >= 0).Select(t => _offers[t.Offer]).Distinct())
                    offer.Add(loan.Part(Array.FindIndex(shares, s => s.Lender == offer.Participant.Account)), price);
                return;
            }

            reason = loan.Refusal;
        }

        bid.GiveBack(asked, reason);
        for (var i = 0; i < transfers.Length; i++)
            if (transfers[i].Offer >= 0) _offers[transfers[i].Offer].GiveBack(taken[i], reason);
        Refused(reason, units);
    }

    /// <summary>Makes a loan that goes on, term by term, until a round decides otherwise.</summary>
    private void Begin(Participant lender, Participant borrower, int units, int price, bool paysAll, int priority)
    {
        if (pool.IsDisposed) return;
        var term = TimeSpan.FromMilliseconds(Math.Min(period, lender.Account.Rules.LongestTerm));
        var loan = pool.LendByMarket(borrower, [new(lender.Account, units)], price, term, LoanTerms.Default with { Priority = priority, AutoRenews = true }, paysAll, isAgreed: false);
        if (loan.IsGranted)
        {
            Lent += units;
            StandingAfter.Add(new(lender, borrower, loan.Handle, price, paysAll, priority));
        }
        else
        {
            Refused(loan.Refusal, units);
        }
    }

    /// <summary>Posts what moves without a loan, divides what all have earned, and sees that not a credit was made or lost.</summary>
    private void Settle(bool isCarriedOut) => book.Attend(book.Audit((ref _) =>
    {
        foreach (var transfer in isCarriedOut ? _outcome.Credits : [])
        {
            var (from, to) = (transfer.From < 0 ? ledger.House : participants[transfer.From].Account.Credits!, participants[transfer.To].Account.Credits!);
            if (!ledger.TryPay(from, to, CreditAmount.Of(transfer.Credits), transfer.Reason, now)) _unpaid++;
        }

        ledger.DivideEarnings(now);
        if (ledger.Sum() is var sum && sum != 0) throw new InvalidOperationException($"The credits of all accounts add up to {sum} millionths, not to 0.");
    }));

    /// <returns>Units of a standing transfer that its borrower still has.</returns>
    private static int LiveUnitsOf(StandingTransfer transfer, out long left)
    {
        left = 0;
        if (!transfer.Borrower.Account.Home.TryRead(transfer.Loan, out var record, out _) || record.State != LoanState.Active) return 0;
        left = Math.Min(record.Term, Math.Max(0, record.Due - transfer.Borrower.Pool.Now));
        return record.Left;
    }

    private void Refused(RefusalReason reason, long units) => _refused[reason] = _refused.GetValueOrDefault(reason) + units;
}
