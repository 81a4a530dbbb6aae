namespace ResourceBorrowing.Tests;

public class LoanTests
{
    [Fact]
    public void TryBorrow_Granted_MovesAllocationBothWays()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using (var loan = a.TryBorrow(b, 5, TestPool.Term))
        {
            Assert.True(loan.IsGranted);
            Assert.True(loan.IsActive);
            Assert.Equal((15, 5, 5, 5), (a.Allocation, b.Allocation, a.Borrowed, b.Lent));
            TestPool.AssertLaws(pool);
        }

        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void TryBorrow_TermOver_ReturnsTheUnitsAndNotBefore()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TestPool.Term - TimeSpan.FromTicks(1));
        Assert.True(loan.IsActive);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(loan.IsActive);
        Assert.True(loan.IsGranted);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Expiry_UnitsInUse_BecomeDebtThatTheNextReleasesPay()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(b, 5, TestPool.Term);
        var leases = Enumerable.Range(0, 7).Select(_ => a.TryAcquire(2)).ToArray();
        time.Advance(TestPool.Term);

        // 14 of 15 in use: one unit goes back at once, four are owed.
        Assert.Equal((14, 14, 4, 6), (a.Allocation, a.InUse, a.Debt, b.Allocation));
        Assert.Equal(RefusalReason.NotAvailable, a.TryAcquire().Refusal);
        leases[0].Dispose();
        Assert.Equal((12, 12, 2, 8), (a.Allocation, a.InUse, a.Debt, b.Allocation));
        Assert.Equal(RefusalReason.BorrowerOwesDebt, a.TryBorrow(pool.Reserve, 1, TestPool.Term).Refusal);
        leases[1].Dispose();
        Assert.Equal((10, 10, 0, 10), (a.Allocation, a.InUse, a.Debt, b.Allocation));
        leases[2].Dispose();
        Assert.Equal((10, 8), (a.Allocation, a.InUse));
        foreach (var lease in leases) lease.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Expiry_LenderHasWaiters_TheyAreServed()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(pool.Reserve, 5, TestPool.Term);
        _ = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = new() { IsRecallable = false } });
        var wait = b.AcquireAsync(10);
        Assert.False(wait.IsCompleted);
        time.Advance(TestPool.Term);
        Assert.True((await wait.Within()).IsAcquired);
    }

    [Fact]
    public async Task Grant_BorrowerHasWaiters_TheyAreServed()
    {
        var (_, a, b, _) = TestPool.Of30();
        using var held = a.TryAcquire(10);
        var wait = a.AcquireAsync(4);
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        Assert.True((await wait.Within()).IsAcquired);
    }

    [Fact]
    public void Debt_InAChain_IsPaidThrough()
    {
        var (pool, a, b, time) = TestPool.Of30(static o =>
        {
            o.AddParticipant("c", 10);
            o.Reserve = 0;
            foreach (var p in o.Participants) p.LendingLimit = p.NominalQuota;
        });
        var c = pool["c"];

        // b borrows from c and lends its own; then both loans end while all is in use.
        _ = b.TryBorrow(c, 10, TestPool.Term);
        _ = a.TryBorrow(b, 10, TestPool.Term);
        var held = a.TryAcquire(20);
        var ofB = b.TryAcquire(10);
        time.Advance(TestPool.Term);
        Assert.Equal((10, 10), (a.Debt, b.Debt));
        held.Dispose();

        // What a paid to b, b at once paid on to c.
        Assert.Equal((0, 0, 10, 10), (a.Debt, b.Debt, b.Allocation, c.Allocation));
        ofB.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Refusal_EachReason_IsTypedAndExplained()
    {
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[0].BorrowingLimit = 8);
        Check(a.TryBorrow(b, 6, TestPool.Term), RefusalReason.LendingLimit, "'b' cannot lend 6: its lending limit leaves 5");
        Check(a.TryBorrow(pool.Reserve, 9, TestPool.Term), RefusalReason.BorrowingLimit, "'a' cannot borrow 9: its borrowing limit leaves 8");
        using (b.TryAcquire(7))
        {
            Check(a.TryBorrow(b, 5, TestPool.Term), RefusalReason.LenderNotAvailable, "'b' cannot lend 5: 3 of its own are free to lend");
            var wait = b.AcquireAsync(9);
            Check(a.TryBorrow(b, 1, TestPool.Term), RefusalReason.LenderHasWaiters, "'b' does not lend while its own callers wait");
        }

        static void Check(Loan loan, RefusalReason reason, string words)
        {
            Assert.False(loan.IsGranted);
            Assert.Equal((reason, words), (loan.Refusal, loan.Explanation));
            loan.Dispose();
        }
    }

    [Fact]
    public void Refusal_AvailabilityComesBeforeReputation()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.Participants[1].GrantThreshold = 60);
        Assert.Equal(RefusalReason.LendingLimit, a.TryBorrow(b, 6, TestPool.Term).Refusal);
        Assert.Equal(RefusalReason.Reputation, a.TryBorrow(b, 5, TestPool.Term).Refusal);
        Assert.Equal(10, b.Allocation);
    }

    [Fact]
    public void TryBorrow_BorrowedUnits_AreNotLentOn()
    {
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[0].LendingLimit = 10);
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        using var held = a.TryAcquire(8);
        // a has 7 free, of which 2 are its own.
        Assert.Equal(2, a.Lendable);
        Assert.Equal(RefusalReason.LenderNotAvailable, b.TryBorrow(a, 3, TestPool.Term).Refusal);
        using var fits = b.TryBorrow(a, 2, TestPool.Term);
        Assert.True(fits.IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void TryBorrow_Nonsense_Throws()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var other = new ResourcePool(TestPool.Options(1, ("x", 1)));
        Assert.Throws<ArgumentNullException>(() => a.TryBorrow(null!, 1, TestPool.Term));
        Assert.Throws<ArgumentException>(() => a.TryBorrow(a, 1, TestPool.Term));
        Assert.Throws<ArgumentException>(() => a.TryBorrow(other["x"], 1, TestPool.Term));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryBorrow(b, 0, TestPool.Term));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryBorrow(b, 1, TimeSpan.FromMicroseconds(999)));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryBorrow(b, 1, TimeSpan.FromDays(31)));
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => a.TryBorrow(b, 1, TestPool.Term));
    }

    [Fact]
    public void Dispose_TwiceAndAfterExpiry_SettlesOnce()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 3, TestPool.Term);
        var copy = loan;
        loan.Dispose();
        copy.Dispose();
        using var again = a.TryBorrow(b, 3, TestPool.Term);
        copy.Dispose();
        Assert.Equal(3, a.Borrowed);
        time.Advance(TestPool.Term);
        again.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Expiry_ClockJumpsByDays_SettlesEachLoanAtItsOwnDueTime()
    {
        var (pool, a, b, time) = TestPool.Of30();
        for (var i = 1; i <= 5; i++) Assert.True(a.TryBorrow(b, 1, TimeSpan.FromHours(i)).IsGranted);
        time.Advance(TimeSpan.FromDays(20));
        TestPool.AssertAtRest(pool);

        // In time, not late: the jump is nobody's fault.
        Assert.True(a.Reputation > 50);
        Assert.True(b.Reputation > 50);
    }

    [Fact]
    public void Evidence_OfEveryLoan_MovesBothScores()
    {
        var (_, a, b, time) = TestPool.Of30();
        Assert.Equal((50.0, 50.0), (a.Reputation, b.Reputation));
        _ = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TestPool.Term);
        var (good, lender) = (a.Reputation, b.Reputation);
        Assert.True(good > 50 && lender > 50, $"{good} {lender}");

        // Late within the grace period costs; beyond it costs more.
        _ = a.TryBorrow(b, 5, TestPool.Term);
        var held = a.TryAcquire(15);
        time.Advance(TestPool.Term + TimeSpan.FromMilliseconds(900));
        held.Dispose();
        var late = a.Reputation;
        Assert.True(late < good, $"{late} {good}");

        _ = a.TryBorrow(b, 5, TestPool.Term);
        held = a.TryAcquire(15);
        time.Advance(TestPool.Term);
        time.Advance(TimeSpan.FromSeconds(2));
        var lost = a.Reputation;
        Assert.True(lost < late - 2, $"{lost} {late}");
        held.Dispose();
        Assert.Equal(lost, a.Reputation, 6);
    }

    [Fact]
    public async Task Evidence_WithoutAnybodyAsking_IsJudgedByTheTimer()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TestPool.Term / 2);
        loan.Dispose();
        Assert.Equal(50, a.Standing.Score);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(a.Standing.Score > 50);
        await Task.CompletedTask;
    }
}
