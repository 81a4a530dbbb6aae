using Microsoft.Extensions.Time.Testing;

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

    [Fact]
    public void TryAcquire_MoreThanAllIdleUnitsTogether_LeavesThemWhereTheyAre()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10), ("c", 10));
        foreach (var p in options.Participants) (p.BorrowOnDemand, p.LendingLimit) = (true, p.Name == "c" ? 10 : 0);
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (a, b, c) = (pool["a"], pool["b"], pool["c"]);
        a.TryAcquire(15).Dispose();
        using var ofC = c.TryAcquire(5);
        Assert.False(b.TryAcquire(16).IsAcquired);
        Assert.Equal((15, 10, 5), (a.Allocation, b.Allocation, c.Allocation));
        Assert.True(b.TryAcquire(15).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public void TryAcquire_IdleUnitsAndItsOwnAreTheSame_BorrowsNothingInVain()
    {
        var options = TestPool.Options(14, ("lender", 10), ("x", 0));
        foreach (var p in options.Participants) p.BorrowOnDemand = true;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (lender, x) = (pool["lender"], pool["x"]);
        _ = x.TryBorrow(lender, 5, TestPool.Term);
        var (held, idle) = (x.TryAcquire(4), x.TryAcquire(5));
        idle.Dispose();

        // x has five free: its lender's, or four borrowed on demand and one more. Nine of them there are not.
        Assert.False(lender.TryAcquire(14).IsAcquired);
        Assert.Equal(0, lender.Borrowed);
        held.Dispose();
        Assert.True(lender.TryAcquire(14).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RecalledUnits_ThatComeBackLater_AreHeldFromThenOn(bool isAnnounced)
    {
        var (pool, a, b, time) = TestPool.Of30(static o => (o.Participants[1].LendingLimit, o.GracePeriod) = (10, TimeSpan.FromSeconds(9)));
        var terms = new LoanTerms { Notice = TimeSpan.FromSeconds(isAnnounced ? 3 : 0) };
        _ = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = terms });
        var held = isAnnounced ? default : a.TryAcquire(15);
        Assert.Equal(5, b.Recall(5));
        Assert.Equal(5, b.Lendable);
        time.Advance(TimeSpan.FromSeconds(3));
        held.Dispose();
        Assert.Equal((10, 5), (b.Available, b.Lendable));
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(RefusalReason.LenderKeepsUnits, a.TryBorrow(b, 6, TestPool.Term).Refusal);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(a.TryBorrow(b, 6, TestPool.Term).IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task RecalledUnits_WhoseBorrowerIsShort_AreNotLentBackByItsOwnRelease()
    {
        var (pool, a, b, time) = TestPool.Of30(static o =>
        {
            (o.Reserve, o.Capacity, o.GracePeriod) = (0, 20, TimeSpan.FromSeconds(9));
            (o.Participants[0].BorrowOnDemand, o.Participants[1].LendingLimit) = (true, 5);
        });
        var leases = Enumerable.Range(0, 15).Select(_ => a.TryAcquire()).ToArray();
        using var ofB = b.TryAcquire(5);
        Assert.Equal(5, b.Recall(5));
        var wait = a.AcquireAsync(2);
        time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 5; i++) leases[i].Dispose();

        // Its debt is paid; the five units that came free are the recaller's for one planning period.
        Assert.Equal((0, 5, 0, false), (a.Debt, b.Available, b.Lendable, wait.IsCompleted));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await wait.Within()).IsAcquired, "and then they are lent again without anybody asking");
        TestPool.AssertLaws(pool);
    }
}
