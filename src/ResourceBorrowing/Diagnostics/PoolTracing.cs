using System.Diagnostics;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Diagnostics;

/// <summary>Activities of borrow waits and of loans, made only while somebody listens.</summary>
internal sealed class PoolTracing(ResourcePool pool)
{
    private const string Borrower = "resource_borrowing.borrower";
    private const string Lender = "resource_borrowing.lender";
    private const string Units = "resource_borrowing.units";
    private const string Result = "resource_borrowing.result";

    private static readonly ActivitySource Source = new(ResourceBorrowingDiagnostics.ActivitySourceName);

    internal static bool IsObserved => Source.HasListeners();

    /// <summary>From the request to its answer; a child of the caller's activity.</summary>
    internal Activity? WaitBegan(Participant borrower, in LoanRequest request)
    {
        if (!IsObserved) return null;
        try
        {
            return Source.StartActivity("borrow")?.SetTag(Borrower, borrower.Name).SetTag(Units, request.Units).SetTag(Lender, request.Lender?.Name);
        }
        catch (Exception exception)
        {
            pool.Contain("activity listener", exception);
            return null;
        }
    }

    internal void WaitEnded(Activity? activity, string result)
    {
        try
        {
            activity?.SetTag(Result, result).Stop();
        }
        catch (Exception exception)
        {
            pool.Contain("activity listener", exception);
        }
    }

    /// <summary>From the start of a loan to its settlement, told afterwards; several when they were judged as one fact.</summary>
    internal void LoansSettled(in LoanOutcome outcome)
    {
        if (!IsObserved) return;
        var around = Activity.Current;
        try
        {
            // A loan belongs to whoever borrowed, not to whoever happens to judge it.
            Activity.Current = null;
            var end = pool.Time.GetUtcNow() - (pool.Elapsed - TimeSpan.FromMilliseconds(outcome.At));
            var start = end - TimeSpan.FromMilliseconds((double)outcome.UnitMilliseconds / outcome.Units);
            using var activity = Source.StartActivity("loan", ActivityKind.Internal, parentContext: default, startTime: start);
            activity?.SetTag(Borrower, outcome.Borrower.Name).SetTag(Lender, outcome.Lender.Name).SetTag(Units, outcome.Units)
                .SetTag(Result, outcome.Lost > 0 ? "lost" : outcome.Late > 0 ? "late" : outcome.WasRecalled ? "recalled" : "returned")
                .SetEndTime(end.UtcDateTime);
        }
        catch (Exception exception)
        {
            pool.Contain("activity listener", exception);
        }
        finally
        {
            Activity.Current = around;
        }
    }
}
