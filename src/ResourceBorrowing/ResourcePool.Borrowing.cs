using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

// Loans as the pool's users see them: asking, evaluating, returning, renewing, recalling.
public sealed partial class ResourcePool
{
    private const int MostTerms = 4096;
    private const int MostAttempts = 4;

    [ThreadStatic] private static List<LoanShare>? _shares;
    private readonly ConcurrentDictionary<LoanTerms, LoanConditions> _terms = new();

    /// <summary>Where to look first for a lender among many, so that not always the same are asked. A hint: races do no harm.</summary>
    internal int LookFrom { get; set; }

    internal static void ThrowIfNoTerm(TimeSpan duration, [CallerArgumentExpression(nameof(duration))] string? name = null)
    {
        if (duration < ShortestTerm || duration > LongestTerm) throw new ArgumentOutOfRangeException(name, duration, "A loan lasts 1 ms to 30 days.");
    }

    internal Loan TryBorrow(Participant borrower, in LoanRequest request)
    {
        var order = OrderOf(borrower, request);
        if (IsObserving)
        {
            Observe(borrower, request, order);
            return Loan.Observed(borrower);
        }

        var loan = IsTooOften(borrower, order) ? RefuseAsTooOften(borrower, request) : Borrow(borrower, request, order, agreed: null);
        CountAsked(borrower, loan.Refusal);
        return loan;
    }

    /// <summary>A request has its answer; some refusals are evidence about who asked.</summary>
    internal void CountAsked(Participant borrower, RefusalReason refusal)
    {
        if (refusal != RefusalReason.None) Reputations.CountRefused(borrower, refusal);
        Metrics.LoanAsked(borrower.Name, refusal);
    }

    internal static bool IsTooOften(Participant borrower, in LoanOrder order) =>
        borrower.Options.RequestsPerSecond is { } most && !borrower.Requests.TryCount(most, order.Now / 1000);

    internal static Loan RefuseAsTooOften(Participant borrower, in LoanRequest request) =>
        new(borrower, new Refusal(RefusalReason.RequestRate, request.Units, borrower.Options.RequestsPerSecond ?? 0));

    internal Loan TryBorrow(Participant borrower, Participant lender, int units, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(lender);
        return TryBorrow(borrower, new LoanRequest(units) { Lender = lender, Duration = duration });
    }

    /// <summary>Makes the loan if it can be made now; outside all locks.</summary>
    internal Loan Borrow(Participant borrower, in LoanRequest request, in LoanOrder order, HashSet<Participant>? agreed)
    {
        var keepsApart = Metrics.ObservesLoans || PoolTracing.IsObserved;
        if (_book.KeepsLoansApart != keepsApart) _book.KeepsLoansApart = keepsApart;
        if (request.Lender is { } lender)
        {
            var share = new LoanShare(lender.Account, request.Units);
            var loan = new LoanHandle();
            var reason = agreed is null
                ? Borrow(order, new ReadOnlySpan<LoanShare>(in share), new Span<LoanHandle>(ref loan))
                : Borrow(order with { IsAgreed = agreed.Contains(lender) }, new ReadOnlySpan<LoanShare>(in share), new Span<LoanHandle>(ref loan));
            return reason == RefusalReason.None ? new Loan(borrower, loan) : Refuse(reason, borrower, lender, request.Units, order.Now);
        }

        return BorrowFromAnyone(borrower, request, order, agreed);
    }

    private Loan BorrowFromAnyone(Participant borrower, in LoanRequest request, in LoanOrder order, HashSet<Participant>? agreed)
    {
        // What was free when it was looked for may be taken when it is asked for; then look again, but not for ever.
        var shares = _shares ??= [];
        Span<LoanHandle> loans = stackalloc LoanHandle[LenderChoice.MostLenders];
        var refusal = RefusalReason.NotEnoughToLend;
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (LoanRules.OfBorrower(order, request.Units) is var own and not RefusalReason.None) return Refuse(own, borrower, borrower, request.Units, order.Now);
            var found = LenderChoice.Choose(order, request.Units, Volatile.Read(ref _participants), LookFrom++, Reserve, shares, agreed);
            if (found < request.Units) return Refuse(RefusalReason.NotEnoughToLend, borrower, borrower, request.Units, order.Now, found);
            var made = loans[..shares.Count];
            // Who began to want to be asked since it was chosen has not been.
            refusal = Borrow(order with { IsAgreed = agreed is not null }, CollectionsMarshal.AsSpan(shares), made);
            if (refusal == RefusalReason.None) return new Loan(borrower, made);
            if (refusal is RefusalReason.PoolLoanLimit or RefusalReason.OpenLoanLimit or RefusalReason.Removed or RefusalReason.InsufficientCredits) break;
        }

        return Refuse(refusal, borrower, borrower, request.Units, order.Now);
    }

    /// <summary>Borrows units that a caller misses, for the default term, from anybody: all of them or none.</summary>
    internal bool TryBorrowMissing(Participant borrower, int units, out Loan loan)
    {
        var account = borrower.Account;
        loan = default;
        if (units > account.BorrowingLimit - account.Borrowed || account.Debt > 0 || !borrower.Options.BorrowOnDemand) return false;
        var order = new LoanOrder(account, _book.OnDemand, TimeSpan.FromMilliseconds(_book.Clock.NowOrLast()), DefaultTerm, account.Score);
        var request = new LoanRequest(units);
        loan = Borrow(borrower, request, order, agreed: null);
        if (loan.Refusal == RefusalReason.NotEnoughToLend && Shortages.TryReturnIdle(borrower, units)) loan = Borrow(borrower, request, order, agreed: null);
        if (loan.IsGranted) Metrics.LoanAsked(borrower.Name, RefusalReason.None);
        return loan.IsGranted;
    }

    /// <summary>Makes a loan that a plan wants: it renews itself until a plan sends it home.</summary>
    internal Loan LendByPlan(Participant lender, Participant borrower, int units, bool isAgreed)
    {
        var term = Math.Min(_book.DefaultTerm, lender.Account.Rules.LongestTerm);
        var order = new LoanOrder(borrower.Account, _book.Standing, TimeSpan.FromMilliseconds(_book.Clock.NowOrLast()), TimeSpan.FromMilliseconds(term), borrower.Account.Score);
        var loan = Borrow(borrower, new LoanRequest(units) { Lender = lender }, order, isAgreed ? [lender] : null);
        Metrics.LoanAsked(borrower.Name, loan.Refusal);
        return loan;
    }

    internal int Return(Allocation borrower, LoanHandle loan, int units)
    {
        var attention = new AttentionList();
        var before = borrower.Home.OutcomeCount;
        var now = _book.HarmedCallers > 0 || _book.Journal is not null || _book.Credits is not null ? _book.Clock.NowOrLast() : LoanOutcomes.NotTimed;
        var returned = borrower.Home.Return(loan, units, now, ref attention);
        // Others may have come up while the lock was held, whatever became of this loan.
        attention.Run(_book);
        if (returned == 0) return 0;
        _scheduler.RetryIfNeeded();

        var outcomes = borrower.Home.OutcomeCount;
        if (outcomes >= LoanBook.OutcomesPerBatch) Reputations.JudgeSettled();
        else if (before == 0 && outcomes > 0) _book.OutcomesPending(_book.Clock.NowOrLast());
        return returned;
    }

    internal RefusalReason Renew(Allocation borrower, LoanHandle loan, TimeSpan duration)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        Reputations.LookAgain(((Participant)borrower.Owner!).Standing);
        var attention = new AttentionList();
        var reason = borrower.Home.Renew(loan, _book.Clock.Elapsed, duration, out var due, ref attention);
        attention.Run(_book);
        if (reason == RefusalReason.None) _scheduler.Arm(due);
        return reason;
    }

    internal int Recall(Allocation borrower, LoanHandle loan, int units)
    {
        var attention = new AttentionList();
        var recalled = borrower.Home.Recall(loan, units, _book.Clock.NowOrLast(), out var lender, ref attention);
        attention.Run(_book);
        if (recalled > 0) Metrics.Recalled(recalled, lender!.Name);
        _scheduler.Arm(_book.NextLook);
        return recalled;
    }

    internal bool WriteOff(Allocation borrower, LoanHandle loan)
    {
        var attention = new AttentionList();
        var isWrittenOff = borrower.Home.TryWriteOff(loan, ref attention);
        attention.Run(_book);
        return isWrittenOff;
    }

    internal LoanEvaluation Evaluate(Participant borrower, in LoanRequest request)
    {
        var order = OrderOf(borrower, request);
        var shares = new List<LoanShare>();
        var (refused, reason) = (default(Loan), RefusalReason.None);
        if (request.Lender is { } lender)
        {
            var share = new LoanShare(lender.Account, request.Units);
            reason = LoanRules.Evaluate(order, share);
            var offer = LenderChoice.Offer(order, lender, null);
            if (offer > 0) shares.Add(new LoanShare(lender.Account, Math.Min(offer, request.Units)));
            if (reason != RefusalReason.None) refused = Refuse(reason, borrower, lender, request.Units, order.Now);
        }
        else
        {
            var found = LenderChoice.Choose(order, request.Units, Volatile.Read(ref _participants), LookFrom, Reserve, shares);
            reason = LoanRules.OfBorrower(order, request.Units);
            if (reason == RefusalReason.None) reason = found < request.Units ? RefusalReason.NotEnoughToLend : LoanRules.OfBorrower(order, request.Units, shares.Count);
            if (reason != RefusalReason.None) refused = Refuse(reason, borrower, borrower, request.Units, order.Now, found);
        }

        if (reason == RefusalReason.None && !CanPay(order, request.Units))
            (reason, refused) = (RefusalReason.InsufficientCredits, Refuse(RefusalReason.InsufficientCredits, borrower, borrower, request.Units, order.Now));
        if (reason == RefusalReason.None && _book.OpenLoans >= _book.OpenLoanLimit)
            (reason, refused) = (RefusalReason.PoolLoanLimit, Refuse(RefusalReason.PoolLoanLimit, borrower, borrower, request.Units, order.Now));
        var offers = shares.Select(static s => new LoanOffer((Participant)s.Lender.Owner!, s.Units)).ToArray();
        return reason == RefusalReason.None
            ? new LoanEvaluation(true, offers, reason, $"'{borrower.Name}' can borrow {request.Units} from {string.Join(", ", offers.Select(static o => $"'{o.Lender.Name}' ({o.Units})"))}", TimeSpan.Zero)
            : new LoanEvaluation(false, offers, reason, refused.Explanation, ExpectedWait(order, request, reason));
    }

    /// <summary>Checks a request and completes it; everything that may be user code is asked here, before any lock.</summary>
    internal LoanOrder OrderOf(Participant borrower, in LoanRequest request)
    {
        var lender = request.Lender;
        if (lender == borrower) throw new ArgumentException($"'{borrower.Name}' cannot borrow from itself.", nameof(request));
        if (lender is not null && lender.Pool != this) throw new ArgumentException($"'{lender.Name}' belongs to another pool.", nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Units, 1, "units");
        var duration = request.Duration ?? DefaultTerm;
        ThrowIfNoTerm(duration);
        var conditions = request.Terms is { } terms ? ConditionsOf(terms) : _book.Conditions;
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);

        return OrderOf(borrower, lender, conditions, duration);
    }

    /// <summary>As the other, for a request that was checked before and waits; asks no user code.</summary>
    internal LoanOrder OrderOf(Participant borrower, in LoanRequest request, long now)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        var conditions = request.Terms is { } terms ? ConditionsOf(terms) : _book.Conditions;
        return new LoanOrder(borrower.Account, conditions, TimeSpan.FromMilliseconds(now), request.Duration ?? DefaultTerm, borrower.Standing.Score);
    }

    private LoanOrder OrderOf(Participant borrower, Participant? lender, LoanConditions conditions, TimeSpan duration)
    {
        var elapsed = _book.Clock.Elapsed;
        // The score at hand knows no decay since the last evidence; before it turns somebody away, look again.
        var score = borrower.Standing.Score;
        if (score < Math.Max(Standing.Newcomer, lender?.Account.Rules.GrantThreshold ?? 0)) score = Math.Max(score, Reputations.ScoreOf(borrower.Standing));
        return new LoanOrder(borrower.Account, conditions, elapsed, duration, score);
    }

    internal Loan Refuse(RefusalReason reason, Participant borrower, Participant lender, int units, long now, int found = 0) => reason switch
    {
        RefusalReason.LenderNotAvailable => new(lender, new Refusal(reason, units, lender.Lendable)),
        RefusalReason.LendingLimit => new(lender, new Refusal(reason, units, lender.Account.LendingLimit - lender.Lent)),
        RefusalReason.HarmBudget => new(lender, new Refusal(reason, units, lender.Account.LendingLimitAt(now) - lender.Lent)),
        RefusalReason.Overload or RefusalReason.LenderHasWaiters or RefusalReason.LenderOwesDebt or RefusalReason.LenderKeepsUnits or RefusalReason.ConsentRefused
            or RefusalReason.ConsentRequired or RefusalReason.TermTooLong => new(lender, new Refusal(reason, units, 0)),
        RefusalReason.Reputation => new(borrower, new Refusal(reason, units, (int)Reputations.ScoreOf(borrower.Standing))),
        RefusalReason.BorrowingLimit => new(borrower, new Refusal(reason, units, borrower.Account.BorrowingLimit - borrower.Borrowed)),
        RefusalReason.CreditLine => new(borrower, new Refusal(reason, units, LoanRules.CreditLineOf(borrower.Account.BorrowingLimit, borrower.Standing.Score) - borrower.Borrowed)),
        RefusalReason.BorrowerOwesDebt => new(borrower, new Refusal(reason, units, borrower.Debt)),
        RefusalReason.OpenLoanLimit => new(borrower, new Refusal(reason, units, borrower.Account.OpenLoans)),
        RefusalReason.InsufficientCredits => new(borrower, new Refusal(reason, units, (int)Math.Clamp(borrower.Account.Credits!.Available / CreditAmount.PerCredit, 0, int.MaxValue))),
        RefusalReason.NotEnoughToLend => new(borrower, new Refusal(reason, units, found)),
        _ => new(lender.Account.IsDraining ? lender : borrower, new Refusal(reason, units, 0)),
    };

    private RefusalReason Borrow(in LoanOrder order, ReadOnlySpan<LoanShare> shares, Span<LoanHandle> loans)
    {
        var attention = new AttentionList();
        var reason = order.Borrower.Home.Borrow(order, shares, loans, out var due, ref attention);
        attention.Run(_book);
        _scheduler.RetryIfNeeded();
        if (reason == RefusalReason.None) _scheduler.Arm(due);
        return reason;
    }

    /// <summary>Interned: a loan's record speaks of its terms through its group, and there are few groups as long as there are few terms.</summary>
    private LoanConditions ConditionsOf(LoanTerms terms)
    {
        if (_terms.TryGetValue(terms, out var known)) return known;
        terms.ThrowIfInvalid("request");
        if (_terms.Count >= MostTerms)
            throw new InvalidOperationException($"The pool has seen {MostTerms} different loan terms, the most it remembers. Make a few LoanTerms once and use them again.");
        return _terms.GetOrAdd(terms, MakeConditions(terms));
    }

    private LoanConditions MakeConditions(LoanTerms terms) => new(
        terms.IsRecallable, Milliseconds(terms.MinimumHold), Milliseconds(terms.Notice), Milliseconds(terms.Grace ?? _options.GracePeriod), terms.AutoRenews, terms.Priority);

    private static long Milliseconds(TimeSpan time) => (long)Math.Ceiling(time.TotalMilliseconds);

    /// <summary>When loans that are out come due and would make room; only where due times are what stands in the way.</summary>
    private TimeSpan? ExpectedWait(in LoanOrder order, in LoanRequest request, RefusalReason reason)
    {
        if (reason is not (RefusalReason.LenderNotAvailable or RefusalReason.LendingLimit or RefusalReason.NotEnoughToLend or RefusalReason.BorrowingLimit)) return null;
        var lender = request.Lender?.Account;
        var missing = reason switch
        {
            RefusalReason.BorrowingLimit => request.Units - (order.Borrower.BorrowingLimit - order.Borrower.Borrowed),
            RefusalReason.NotEnoughToLend => request.Units - LenderChoice.Choose(order, request.Units, Volatile.Read(ref _participants), LookFrom, Reserve, []),
            _ => request.Units - lender!.LendableAt(order.Now, order.Conditions.IsForCallers),
        };
        var dues = new List<(long Due, int Units)>();
        foreach (var group in _book.Groups(order.Borrower, reason == RefusalReason.BorrowingLimit, lender)) group.Borrower.Home.AddDues(group, dues);
        dues.Sort();
        foreach (var (due, units) in dues)
        {
            missing -= units;
            if (missing <= 0) return TimeSpan.FromMilliseconds(Math.Max(0, due - order.Now));
        }

        return null;
    }
}
