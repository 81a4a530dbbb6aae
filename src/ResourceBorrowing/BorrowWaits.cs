using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>A request that may wait: asks lenders for consent where they want to be asked, then for the units, until they are there.</summary>
internal static class BorrowWaits
{
    internal static async Task<Loan> BorrowAsync(Participant borrower, LoanRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var pool = borrower.Pool;
        cancellationToken.ThrowIfCancellationRequested();
        var order = pool.OrderOf(borrower, request);
        if (pool.IsObserving) return pool.TryBorrow(borrower, request);

        // A timeout that is longer than time itself is none.
        var isEndless = timeout == Timeout.InfiniteTimeSpan || timeout > TimeSpan.MaxValue / 2;
        var deadline = isEndless ? TimerWheel.Never : PoolClock.TickAfter(order.Elapsed + timeout);
        var activity = pool.Tracing.WaitBegan(borrower, request);
        var result = "not granted";
        try
        {
            var loan = ResourcePool.IsTooOften(borrower, order)
                ? ResourcePool.RefuseAsTooOften(borrower, request)
                : await AskAndWaitAsync(borrower, request, order, deadline, cancellationToken).ConfigureAwait(false);
            pool.CountAsked(borrower, loan.Refusal);
            result = loan.Explanation;
            return loan;
        }
        finally
        {
            pool.Tracing.WaitEnded(activity, result);
        }
    }

    private static async Task<Loan> AskAndWaitAsync(Participant borrower, LoanRequest request, LoanOrder order, long deadline, CancellationToken cancellationToken)
    {
        var pool = borrower.Pool;
        HashSet<Participant>? agreed = null;
        var loan = pool.Borrow(borrower, request, order, agreed);
        if (!loan.IsGranted && CanBeAsked(pool, request, loan.Refusal))
        {
            agreed = [];
            foreach (var lender in pool.AllWithReserve)
            {
                if (loan.IsGranted || !IsAsked(borrower, lender, request)) continue;
                if (!await ConsentCallback.AskAsync(lender, borrower, request, deadline, ended: null, cancellationToken).ConfigureAwait(false)) continue;
                agreed.Add(lender);
                loan = pool.Borrow(borrower, request, pool.OrderOf(borrower, request), agreed);
            }
        }

        if (loan.IsGranted) return loan;
        if (agreed is { Count: 0 } && request.Lender is { } asked) return pool.Refuse(RefusalReason.ConsentRefused, borrower, asked, request.Units, order.Now);
        if (loan.Refusal is RefusalReason.Removed or RefusalReason.ConsentRefused or RefusalReason.ConsentRequired or RefusalReason.TermTooLong || IsHopeless(pool, borrower, request)) return loan;
        return await WaitAsync(pool, new LoanWant(borrower, request, agreed, deadline), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Loan> WaitAsync(ResourcePool pool, LoanWant want, CancellationToken cancellationToken)
    {
        pool.Wants.Add(want);
        await using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((LoanWant)state!).Cancel(token), want).ConfigureAwait(false);
        return await want.Task.ConfigureAwait(false);
    }

    /// <summary>More than the limits, as they are configured, could ever allow.</summary>
    private static bool IsHopeless(ResourcePool pool, Participant borrower, in LoanRequest request)
    {
        if (request.Units > borrower.Account.BorrowingLimit) return true;
        if (request.Lender is { } named) return request.Units > named.Account.LendingLimit;
        var (term, most) = ((request.Duration ?? pool.DefaultTerm).TotalMilliseconds, 0L);
        foreach (var lender in pool.AllWithReserve)
            if (lender != borrower && lender.Account.Rules is var rules && rules.Consent != LendingConsent.Never && rules.LongestTerm >= term) most += lender.Account.LendingLimit;
        return request.Units > most;
    }

    private static bool CanBeAsked(ResourcePool pool, in LoanRequest request, RefusalReason refusal) =>
        request.Lender is { } lender
            ? lender.Account.Rules.Consent == LendingConsent.Ask
            : refusal == RefusalReason.NotEnoughToLend && pool.Participants.Any(static p => p.Account.Rules.Consent == LendingConsent.Ask);

    private static bool IsAsked(Participant borrower, Participant lender, in LoanRequest request) =>
        lender != borrower && lender.Account.Rules.Consent == LendingConsent.Ask
            && (request.Lender == lender || request.Lender is null && lender.Account.LendingLimit > 0);
}
