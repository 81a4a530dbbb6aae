using Microsoft.Extensions.Logging;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing;

// What runs on the one timer, and what users are told of it.
public sealed partial class ResourcePool
{
    internal void Tell(StabilityReport report) => Log(logger => PoolLog.HostOverloaded(logger, report.Reason));

    private long OnTimer(long now)
    {
        Reputations.JudgeSettled();
        if (Wants.IsAny)
            foreach (var participant in AllWithReserve) Reputations.LookAgain(participant.Standing);
        var next = Wants.OnTimer(now);
        if (Stability is not null) next = Math.Min(next, Stability.OnTimer(now));
        if (Balancer is not null) next = Math.Min(next, Balancer.OnTimer(now));
        return _market is null ? next : Math.Min(next, _market.OnTimer(now));
    }

    /// <summary>Cancelling a token runs whatever is registered with it: on the thread pool, and what that throws is contained.</summary>
    private void Tell(CancellationTokenSource source) => ThreadPool.UnsafeQueueUserWorkItem(
        static state =>
        {
            try
            {
                state.Source.Cancel();
            }
            catch (Exception exception)
            {
                state.Pool.Contain("recall token", exception);
            }
        },
        (Pool: this, Source: source),
        preferLocal: false);

    private void Report(LoanNotice notice)
    {
        var oldest = Tracker is null ? "" : string.Join(Environment.NewLine, Tracker.Oldest(3, notice.Borrower.Name).Select(static l => $"{l.Units} units for {l.Age}:{Environment.NewLine}{l.StackTrace}"));
        if (notice.State == LoanState.Overdue) Log(logger => PoolLog.LoanOverdue(logger, notice.Borrower.Name, notice.Units, notice.Lender.Name, oldest));
        else Log(logger => PoolLog.LoanDefaulted(logger, notice.Borrower.Name, notice.Units, notice.Lender.Name, oldest));
    }

    /// <summary>A pool that only observes tells what it would have done for a caller.</summary>
    internal void Observe(Participant participant, int units, bool wouldWait)
    {
        foreach (var (kind, count) in Shadow!.Acquire(participant, units, wouldWait)) Observed(participant, kind, count);
    }

    private void Observe(Participant borrower, in LoanRequest request, in LoanOrder order) =>
        Observed(borrower, Shadow!.Borrow(borrower, request, order) ? PoolEventKind.WouldLend : PoolEventKind.WouldRefuse, request.Units);

    private void Observed(Participant participant, PoolEventKind kind, int units)
    {
        Metrics.Observed(participant.Name, kind);
        _events.Write(kind, participant.Name, units);
    }

    internal void Log(Action<ILogger> write)
    {
        try
        {
            write(_logger);
        }
        catch (Exception)
        {
            // A log sink threw: there is nobody left to tell.
        }
    }
}
