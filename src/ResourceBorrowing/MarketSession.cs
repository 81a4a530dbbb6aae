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
    // A loan that goes on from round to round outlives a round that comes late.
    private const int RoundsHeld = 2;

    private MarketOrder[] _bids = [];
    private MarketOrder[] _offers = [];
    private readonly SortedDictionary<RefusalReason, long> _refused = [];
    private readonly List<(StandingTransfer Transfer, int Units)> _before = [];
    private MarketOutcome _outcome = MarketOutcome.None;
    private string _reason = "";
    private long _renewed;
    private long _returned;

    internal List<StandingTransfer> StandingAfter { get; private set; } = [];

    internal long Lent { get; private set; }

    private long StandingTerm => Math.Min(RoundsHeld * period, (long)ResourcePool.LongestTerm.TotalMilliseconds);

    internal void Run(IMarketMechanism mechanism)
    {
        foreach (var transfer in earlier)
            if (LiveUnitsOf(transfer, out _) is var units and > 0) _before.Add((transfer, units));
        StandingAfter = [.. _before.Select(static b => b.Transfer)];
        var round = Describe();
        _outcome = mechanism.Decide(round) ?? throw new InvalidOperationException("The market mechanism decided nothing: null.");
        MarketRules.Check(_outcome, round);
        if (pool.IsObserving) _reason = "the pool only observes";
        else if (pool.Now - now > Math.Max(period, book.PlanningPeriod)) _reason = "the market mechanism took longer than a round";
        else CarryOut();
        Settle();
    }

    internal MarketReport Report() => new(
        TimeSpan.FromMilliseconds(now), _outcome.ClearingPrice, _bids.Length, _offers.Length, _outcome.Transfers.Sum(static t => (long)t.Units), Lent, _renewed, _returned,
        string.Join(", ", _refused.Select(static r => string.Create(CultureInfo.InvariantCulture, $"{r.Value} refused: {r.Key}")).Prepend(_reason).Where(static t => t.Length > 0)));

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
            [.. _offers.Select(o => new MarketOffer(places[o.Participant], o.UnitsLeft, o.Price, o.Term))], before);
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
            Math.Max(0, BalanceRound.CeilingOf(participant, nominal) - nominal - account.Borrowed + borrowed), CreditAmount.Credits(account.Credits!.Available + held), account.Score, account.Rules.GrantThreshold);
    }

    private void CarryOut()
    {
        foreach (var group in _outcome.Transfers.Where(static t => t.Bid >= 0).GroupBy(static t => t.Bid))
        {
            if (_bids[group.Key].TakesPart) foreach (var transfer in group) Fill(_bids[group.Key], [transfer]);
            else Fill(_bids[group.Key], [.. group]);
        }

        GoOn([.. _outcome.Transfers.Where(static t => t.Bid < 0)]);
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
            var price = CreditAmount.Price(transfers[0].Price);
            var loan = pool.LendByMarket(
                bid.Participant, [.. transfers.Select(t => (participants[t.Lender], t.Units))], price, bid.Term, bid.Priority, transfers[0].PaysAll, isAgreed: transfers[0].Offer >= 0);
            if (loan.IsGranted)
            {
                Lent += units;
                bid.Add(loan, price);
                foreach (var offer in transfers.Where(static t => t.Offer >= 0).Select(t => _offers[t.Offer]).Distinct()) offer.Add(loan, price);
                return;
            }

            reason = loan.Refusal;
        }

        bid.GiveBack(asked, reason);
        for (var i = 0; i < transfers.Length; i++)
            if (transfers[i].Offer >= 0) _offers[transfers[i].Offer].GiveBack(taken[i], reason);
        Refused(reason, units);
    }

    /// <summary>What goes on from the last round is renewed, what does not is given back, and what is new is lent.</summary>
    private void GoOn(MarketTransfer[] transfers)
    {
        var wanted = new Dictionary<(Participant Lender, Participant Borrower, int Price, bool PaysAll, int Priority), int>();
        foreach (var transfer in transfers)
        {
            var key = (participants[transfer.Lender], participants[transfer.Borrower], CreditAmount.Price(transfer.Price), transfer.PaysAll, transfer.Priority);
            wanted[key] = wanted.GetValueOrDefault(key) + transfer.Units;
        }

        var after = new List<StandingTransfer>();
        foreach (var (transfer, units) in _before)
        {
            var key = (transfer.Lender, transfer.Borrower, transfer.Price, transfer.PaysAll, transfer.Priority);
            var kept = Math.Min(units, wanted.GetValueOrDefault(key));
            wanted[key] = wanted.GetValueOrDefault(key) - kept;
            if (kept < units) _returned += pool.Return(transfer.Borrower.Account, transfer.Loan, units - kept);
            if (kept == 0) continue;
            after.Add(transfer);
            var reason = pool.Renew(transfer.Borrower.Account, transfer.Loan, TimeSpan.FromMilliseconds(StandingTerm));
            if (reason == RefusalReason.None) _renewed += kept;
            else Refused(reason, kept);
        }

        foreach (var ((lender, borrower, price, paysAll, priority), units) in wanted)
        {
            if (units == 0 || pool.IsDisposed) continue;
            var loan = pool.LendByMarket(borrower, [(lender, units)], price, TimeSpan.FromMilliseconds(Math.Min(StandingTerm, lender.Account.Rules.LongestTerm)), priority, paysAll, isAgreed: false);
            if (loan.IsGranted)
            {
                Lent += units;
                after.Add(new(lender, borrower, loan.Handle, price, paysAll, priority));
            }
            else
            {
                Refused(loan.Refusal, units);
            }
        }

        StandingAfter = after;
    }

    /// <summary>Posts what moves without a loan, divides what all have earned, and sees that not a credit was made or lost.</summary>
    private void Settle() => book.Attend(book.Audit((ref _) =>
    {
        foreach (var transfer in pool.IsObserving ? [] : _outcome.Credits)
        {
            var (from, to) = (transfer.From < 0 ? ledger.House : participants[transfer.From].Account.Credits!, participants[transfer.To].Account.Credits!);
            if (!ledger.TryPay(from, to, CreditAmount.Of(transfer.Credits), transfer.Reason, now)) Refused(RefusalReason.InsufficientCredits, 0);
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
