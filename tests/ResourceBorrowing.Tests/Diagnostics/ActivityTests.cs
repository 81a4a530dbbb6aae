using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Diagnostics;

namespace ResourceBorrowing.Tests.Diagnostics;

/// <summary>Beside no other test: a listener hears of the activities of all pools, and what it throws is counted by each of them.</summary>
[Collection(WholeProcess.Name)]
public class ActivityTests
{
    [Fact]
    public async Task Activities_OfWaitsAndLoans_AreMadeWhileSomebodyListens()
    {
        var made = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ResourceBorrowingDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (made) if ((string?)activity.GetTagItem("resource_borrowing.borrower") == "traced") made.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(30, ("traced", 10), ("b", 10)), time);
        var (a, b) = (pool["traced"], pool["b"]);
        var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(2) { Lender = b });
        held.Dispose();
        var loan = await wait.Within();
        time.Advance(TimeSpan.FromSeconds(4));
        loan.Dispose();
        time.Advance(TimeSpan.FromSeconds(1));
        pool.Snapshot();
        Assert.Equal(["borrow", "loan"], made.Select(static m => m.OperationName));
        Assert.Equal(("returned", "b"), (made[1].GetTagItem("resource_borrowing.result"), made[1].GetTagItem("resource_borrowing.lender")));
        Assert.InRange(made[1].Duration, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task ActivityListener_ThatThrows_CostsNoLoan()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ResourceBorrowingDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name == "borrow" ? ActivitySamplingResult.AllData : throw new InvalidOperationException("not sampled"),
            ActivityStopped = static activity =>
            {
                if ((string?)activity.GetTagItem("resource_borrowing.borrower") == "unlucky") throw new InvalidOperationException("not stopped");
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var pool = new ResourcePool(TestPool.Options(20, ("unlucky", 10), ("b", 10)), new FakeTimeProvider());
        var loan = await pool["unlucky"].BorrowAsync(new LoanRequest(2)).Within();
        Assert.True(loan.IsActive);
        loan.Dispose();
        TestPool.AssertAtRest(pool);
    }
}
