namespace ResourceBorrowing.Tests;

/// <summary>Traps of the protocol: what the rules forbid and an easy implementation does.</summary>
public class ProtocolTrapTests
{
    [Fact]
    public void Return_OfAPartStillInUse_BecomesOverdueLikeAWholeLoan()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        var held = a.TryAcquire(15);
        time.Advance(TestPool.Term / 2);
        Assert.Equal(4, loan.Return(4));
        time.Advance(TestPool.Term);
        Assert.Equal((5, 5), (a.Debt, a.Overdue));
        held.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void TryAcquire_LoansStillHeldByTheirMinimum_RecallsNothingInVain()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var held = new LoanRequest(3) { Lender = b, Duration = TestPool.Term, Terms = new() { MinimumHold = TimeSpan.FromSeconds(2) } };
        var young = a.TryBorrow(held);
        var free = a.TryBorrow(b, 2, TestPool.Term);
        Assert.False(b.TryAcquire(8).IsAcquired);
        Assert.True(young.IsActive && free.IsActive);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(b.TryAcquire(8).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void TryAcquire_SeveralLoansShareTheBorrowersFreeUnits_RecallsNothingInVain()
    {
        var (pool, a, b, _) = TestPool.Of30();
        _ = a.TryBorrow(b, 3, TestPool.Term);
        _ = a.TryBorrow(new LoanRequest(2) { Lender = b, Duration = TestPool.Term, Terms = new() { Priority = 1 } });
        using var held = a.TryAcquire(13);
        Assert.False(b.TryAcquire(8).IsAcquired, "five units are lent, of which two are free");
        Assert.Equal((15, 5), (a.Allocation, b.Allocation));
        Assert.True(b.TryAcquire(7).IsAcquired);
        TestPool.AssertLaws(pool);
    }
}
