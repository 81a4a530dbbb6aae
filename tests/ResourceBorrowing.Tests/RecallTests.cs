using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

public class RecallTests
{
    private static readonly LoanTerms Notice = new() { MinimumHold = TimeSpan.FromSeconds(2), Notice = TimeSpan.FromSeconds(1) };

    [Fact]
    public void Recall_FreeUnits_AreBackAtOnce()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        Assert.Equal(5, loan.Recall());
        Assert.Equal((10, 10, false), (a.Allocation, b.Allocation, loan.IsActive));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Recall_UnitsInUse_FirstReleaseGoesToTheLender()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        var held = Enumerable.Range(0, 15).Select(_ => a.TryAcquire()).ToArray();
        var ofBorrower = a.AcquireAsync();
        var ofLender = b.AcquireAsync(6);
        Assert.Equal((5, 1), (b.Allocation, a.Debt));
        Assert.True(loan.IsActive, "the lender's caller misses one unit, and no more is recalled");

        held[0].Dispose();
        Assert.True((await ofLender.Within()).IsAcquired, "the lender comes first");
        Assert.False(ofBorrower.IsCompleted);
        held[1].Dispose();
        Assert.True((await ofBorrower.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void Recall_TakesEffectAfterMinimumHoldAndNotice()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = Notice });
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, loan.Recall());
        Assert.Equal(LoanPhase.Recalled, Assert.Single(loan.Status).Phase);
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(loan.Status).Due);
        Assert.Equal((15, 5, 5), (a.Allocation, b.Allocation, b.Incoming));

        time.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.True(loan.IsActive);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(loan.IsActive);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Recall_ThatWouldOutliveTheTerm_IsNone()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = Notice });
        time.Advance(TestPool.Term - TimeSpan.FromSeconds(1));
        Assert.Equal(0, loan.Recall());
        Assert.Equal(LoanPhase.Active, Assert.Single(loan.Status).Phase);
    }

    [Fact]
    public void Recall_NotRecallableOrEnded_IsNone()
    {
        var (_, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Terms = new() { IsRecallable = false } });
        Assert.Equal((0, 0), (loan.Recall(), b.Recall(5)));
        Assert.True(loan.IsActive);
        loan.Dispose();
        Assert.Equal(0, loan.Recall());
    }

    [Fact]
    public void Recall_BeatsRenewal()
    {
        var (_, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = Notice });
        loan.Recall();
        Assert.Equal(RefusalReason.LoanRecalled, loan.TryRenew(TestPool.Term));
    }

    [Fact]
    public void Recall_OfAPart_LeavesTheRestLent()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        Assert.Equal(2, loan.Recall(2));
        Assert.Equal((13, 7, 3), (a.Allocation, b.Allocation, Assert.Single(loan.Status).Outstanding));
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Victims_FreeUnitsFirst_ThenPriority_ThenReputation_ThenYounger()
    {
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(40, ("lender", 20), ("x", 5), ("y", 5), ("z", 5)), time);
        pool["lender"].Options.LendingLimit = 20;
        var (lender, x, y, z) = (pool["lender"], pool["x"], pool["y"], pool["z"]);
        var high = new LoanTerms { Priority = 5 };
        var important = x.TryBorrow(new LoanRequest(2) { Lender = lender, Terms = high });
        var older = y.TryBorrow(new LoanRequest(2) { Lender = lender });
        time.Advance(TimeSpan.FromSeconds(1));
        var younger = y.TryBorrow(new LoanRequest(2) { Lender = lender });
        var idle = z.TryBorrow(new LoanRequest(2) { Lender = lender, Terms = high });
        using var ofX = x.TryAcquire(7);
        using var ofY = y.TryAcquire(9);

        lender.Recall(2);
        Assert.False(idle.IsActive, "units that lie free come first, whatever their priority");
        lender.Recall(2);
        Assert.False(younger.IsActive, "then the lower priority, the younger loan first");
        Assert.True(older.IsActive);
        lender.Recall(2);
        Assert.False(older.IsActive);
        Assert.True(important.IsActive);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void TryAcquire_LenderShort_RecallsFreeUnitsAndTriesAgain()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var lease = b.TryAcquire(8);
        Assert.True(lease.IsAcquired);
        Assert.Equal((12, 8), (a.Allocation, b.Allocation));
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void TryAcquire_UnitsInUseAtTheBorrower_RecallsNothingItCannotHave()
    {
        var (_, a, b, _) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var held = a.TryAcquire(14);
        Assert.False(b.TryAcquire(8).IsAcquired);
        Assert.Equal((15, 5), (a.Allocation, b.Allocation));
    }

    [Fact]
    public void RecalledUnits_AreNotLentAgain_ForOnePlanningPeriod()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => o.Participants[1].LendingLimit = 10);
        _ = a.TryBorrow(b, 8, TimeSpan.FromMinutes(1));
        b.TryAcquire(8).Dispose();
        Assert.Equal((8, 2, 2), (b.Available, b.Lent, b.Lendable));
        Assert.Equal(RefusalReason.LenderKeepsUnits, a.TryBorrow(b, 3, TestPool.Term).Refusal);

        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(2, b.Lendable);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(8, b.Lendable);
        Assert.True(a.TryBorrow(b, 8, TestPool.Term).IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Tokens_OfLoanAndLease_AreCancelledWhenUnitsAreWantedBack()
    {
        var (_, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var lease = a.TryAcquire(15);
        var (ofLoan, ofLease) = (Signal(loan.RecallToken), Signal(lease.RecallToken));
        Assert.False(loan.RecallToken.IsCancellationRequested);
        loan.Recall();
        await Task.WhenAll(ofLoan, ofLease).Within();
        Assert.True(loan.RecallToken.IsCancellationRequested);
        Assert.True(lease.RecallToken.IsCancellationRequested);
        lease.Dispose();
        using var next = a.TryAcquire();
        Assert.False(next.RecallToken.IsCancellationRequested, "the debt is paid");

        static Task Signal(CancellationToken token)
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            token.Register(source.SetResult);
            return source.Task;
        }
    }

    [Fact]
    public async Task Token_WhoseCallbackThrows_HurtsNobody()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loan.RecallToken.Register(() =>
        {
            told.SetResult();
            throw new InvalidOperationException("callback");
        });
        loan.Recall();
        await told.Task.Within();
        TestPool.AssertAtRest(pool);
    }

    // The thrash loops that Kueue had: two loans recalled, one returns first and is lent to its old borrower again.
    [Fact]
    public async Task TwoRecalls_OneReturnsFirst_ItIsNotLentToItsOldBorrowerAgain()
    {
        var options = TestPool.Options(30, ("lender", 10), ("x", 10), ("y", 10));
        options.Participants[0].LendingLimit = 10;
        options.Participants[1].BorrowOnDemand = options.Participants[2].BorrowOnDemand = true;
        options.Participants[1].LendingLimit = options.Participants[2].LendingLimit = 0;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (lender, x, y) = (pool["lender"], pool["x"], pool["y"]);
        var ofX = Enumerable.Range(0, 15).Select(_ => x.TryAcquire()).ToArray();
        var ofY = Enumerable.Range(0, 15).Select(_ => y.TryAcquire()).ToArray();
        Assert.Equal((0, 15, 15), (lender.Allocation, x.InUse, y.InUse));

        var wanted = lender.AcquireAsync(8);
        var victim = x.AcquireAsync();
        ofX[0].Dispose();
        Assert.False(victim.IsCompleted, "the victim is not served ahead of whom its unit was recalled for");
        for (var i = 1; i < 5; i++) ofX[i].Dispose();
        for (var i = 0; i < 5; i++) ofY[i].Dispose();
        Assert.True((await wanted.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }
}
