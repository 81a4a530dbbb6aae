using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>Units that were recalled go to whom they were recalled for, and not to and fro.</summary>
public sealed class ThrashTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _time = new();
    private readonly ResourcePool _pool;
    private readonly Participant _lender;
    private readonly Participant _x;
    private readonly Participant _y;
    private readonly Participant _z;

    public ThrashTests()
    {
        var options = TestPool.Options(10, ("lender", 10), ("x", 0), ("y", 0), ("z", 0));
        options.Participants[0].LendingLimit = 10;
        options.GracePeriod = TimeSpan.FromMinutes(1);
        _pool = new ResourcePool(options, _time, new Model.Unmoved(50));
        (_lender, _x, _y, _z) = (_pool["lender"], _pool["x"], _pool["y"], _pool["z"]);
    }

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task TwoRecalls_OneReturnsFirst_NobodyElseIsServedBeforeTheRecaller()
    {
        var (ofX, ofY) = (BorrowAndUse(_x, 5), BorrowAndUse(_y, 5));
        var recaller = _lender.AcquireAsync(8);
        var (victim, third) = (Wanting(_x, 2), Wanting(_z, 2));
        ofX.ForEach(static l => l.Dispose());
        Assert.Equal((0, 5, 0, 8), (_x.Allocation, _lender.Available, _lender.Lendable, _lender.Waiting));
        Assert.False(recaller.IsCompleted || victim.IsCompleted || third.IsCompleted);

        ofY.ForEach(static l => l.Dispose());
        (await recaller.Within()).Dispose();
        Assert.False(victim.IsCompleted || third.IsCompleted, "the recalled units are kept for a planning period");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await third.Within()).IsGranted && (await victim.Within()).IsGranted);
        TestPool.AssertLaws(_pool);
    }

    [Fact]
    public async Task Recaller_ThatGivesUp_ItsUnitsStayForAPlanningPeriod_AndThenGoToWhoWaits()
    {
        var ofX = BorrowAndUse(_x, 10);
        using var cancellation = new CancellationTokenSource();
        var recaller = _lender.AcquireAsync(10, cancellation.Token).AsTask();
        var third = Wanting(_z, 4);
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => recaller.Within());
        _time.Advance(TimeSpan.FromSeconds(5));
        ofX.ForEach(static l => l.Dispose());
        Assert.Equal((10, 0, false), (_lender.Available, _lender.Lendable, third.IsCompleted));
        using (_lender.TryAcquire(10)) Assert.Equal(10, _lender.InUse);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await third.Within()).IsGranted);
    }

    [Fact]
    public void RecalledUnits_AreEachHeldForOnePlanningPeriod_WhateverIsRecalledLater()
    {
        Assert.True(_x.TryBorrow(_lender, 6, Long).IsGranted);
        _lender.Recall(2);
        Assert.Equal((6, 4), (_lender.Available, _lender.Lendable));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        _lender.Recall(2);
        Assert.Equal((8, 4), (_lender.Available, _lender.Lendable));
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal((8, 6), (_lender.Available, _lender.Lendable));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal((8, 8), (_lender.Available, _lender.Lendable));
    }

    [Fact]
    public async Task RecalledUnits_WhoseTimeIsOverBetweenTwoLooks_GoToWhoWaitsThen()
    {
        var ofX = BorrowAndUse(_x, 10);
        var third = Wanting(_z, 4);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        _lender.Recall(10);
        ofX.ForEach(static l => l.Dispose());
        // It is looked each second since the wait began, so at 1.0 s and not again before 2.0 s; but these units are free at 1.6 s.
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _time.Advance(TimeSpan.FromMilliseconds(599));
        Assert.Equal((10, false), (_lender.Available, third.IsCompleted));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True((await third.Within()).IsGranted);
    }

    /// <summary>A caller that stands there is worth more than one that may come; a loan for long is not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RecalledUnits_WhenTheCallersAreDone_AreLentOnDemandAtOnce_UnlessTheLenderItselfAskedForThem(bool isAsked)
    {
        var options = TestPool.Options(10, ("lender", 10), ("x", 0), ("z", 0));
        (options.Participants[0].LendingLimit, options.Participants[2].BorrowOnDemand) = (10, true);
        using var pool = new ResourcePool(options, _time, new Model.Unmoved(50));
        var (lender, x, z) = (pool["lender"], pool["x"], pool["z"]);
        Assert.True(x.TryBorrow(lender, 10, Long).IsGranted);
        if (isAsked) Assert.Equal(4, lender.Recall(4));
        using (var caller = lender.TryAcquire(4)) Assert.Equal((true, 6, 0), (caller.IsAcquired, lender.Lent, lender.Lendable));

        Assert.Equal((4, 0), (lender.Available, lender.Lendable));
        Assert.Equal(RefusalReason.LenderKeepsUnits, z.TryBorrow(lender, 4, Long).Refusal);
        var wait = z.AcquireAsync(4);
        Assert.Equal(!isAsked, wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        using (var served = await wait.Within()) Assert.True(served.IsAcquired);

        // And the lender's next caller has them back at once.
        using var next = lender.TryAcquire(4);
        Assert.True(next.IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Credit_PaysDebtsFirst_ThenServesCallers_ThenThoseWhoWantUnits()
    {
        var options = TestPool.Options(20, ("creditor", 10), ("middle", 10), ("x", 0), ("z", 0));
        options.Participants[1].LendingLimit = 10;
        options.GracePeriod = TimeSpan.FromMinutes(1);
        using var pool = new ResourcePool(options, _time, new Model.Unmoved(50));
        var (creditor, middle, x, z) = (pool["creditor"], pool["middle"], pool["x"], pool["z"]);
        var loan = x.TryBorrow(new LoanRequest(10) { Lender = middle, Duration = Long, Terms = new() { IsRecallable = false } });
        var debt = middle.TryBorrow(creditor, 2, Long);
        using var held = middle.TryAcquire(2);
        var units = Enumerable.Range(0, 10).Select(_ => x.TryAcquire()).ToArray();
        debt.Dispose();
        var caller = middle.AcquireAsync(3);
        var want = z.BorrowAsync(new LoanRequest(2) { Lender = middle, Duration = Long }).AsTask();
        loan.Dispose();

        Release(2);
        Assert.Equal((0, 10, 2), (middle.Debt, creditor.Allocation, middle.InUse));
        Release(2);
        Assert.False(caller.IsCompleted || want.IsCompleted);
        Release(1);
        Assert.True((await caller.Within()).IsAcquired);
        Assert.False(want.IsCompleted);
        Release(2);
        Assert.True((await want.Within()).IsGranted);
        TestPool.AssertLaws(pool);

        void Release(int count)
        {
            foreach (var unit in units.Take(count)) unit.Dispose();
            units = units[count..];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Victims_OfEqualRank_AreTheYoungerLoans_WhoeverHasThem(bool isYoungestReturned)
    {
        var first = Borrow(_x);
        var second = Borrow(_y);
        var third = Borrow(_x);
        var fourth = Borrow(_y);
        using var ofX = _x.TryAcquire(2);
        using var ofY = _y.TryAcquire(1);
        if (isYoungestReturned) fourth.Dispose();
        using var more = _y.TryAcquire(1);
        _lender.Recall(isYoungestReturned ? 1 : 2);
        Assert.Equal((true, true, false, false), (first.IsActive, second.IsActive, third.IsActive, fourth.IsActive));

        Loan Borrow(Participant borrower)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return borrower.TryBorrow(_lender, 1, Long);
        }
    }

    [Fact]
    public void Recalled_WithNotice_IsNotRenewed_NeitherByItselfNorByRequest()
    {
        var terms = new LoanTerms { AutoRenews = true, Notice = TimeSpan.FromSeconds(2) };
        var loan = _x.TryBorrow(new LoanRequest(5) { Lender = _lender, Duration = TestPool.Term, Terms = terms });
        _time.Advance(3 * TestPool.Term);
        Assert.True(loan.IsActive);
        Assert.Equal(5, _lender.Recall(5));
        Assert.Equal(RefusalReason.LoanRecalled, loan.TryRenew(Long));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((false, 10), (loan.IsActive, _lender.Allocation));
    }

    private Task<Loan> Wanting(Participant borrower, int units) => borrower.BorrowAsync(new LoanRequest(units) { Lender = _lender, Duration = Long }).AsTask();

    private List<ResourceLease> BorrowAndUse(Participant borrower, int units)
    {
        Assert.True(borrower.TryBorrow(_lender, units, Long).IsGranted);
        return [.. Enumerable.Range(0, units).Select(_ => borrower.TryAcquire())];
    }
}
