using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

public class BorrowOnDemandTests
{
    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30() => TestPool.Of30(static o =>
    {
        foreach (var p in o.Participants) p.BorrowOnDemand = true;
    });

    [Fact]
    public void TryAcquire_MoreThanIsOwned_BorrowsTheReserveFirst()
    {
        var (pool, a, b, time) = Of30();
        using (var lease = a.TryAcquire(17))
        {
            Assert.True(lease.IsAcquired, lease.Explanation);
            Assert.Equal((17, 7, 0), (a.Allocation, pool.Reserve.Lent, b.Lent));
            TestPool.AssertLaws(pool);
        }

        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void TryAcquire_MoreThanAllCanLend_BorrowsNothing()
    {
        var (pool, a, _, _) = Of30();
        Assert.Equal(RefusalReason.NotAvailable, a.TryAcquire(26).Refusal);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task AcquireAsync_NobodyCanLendYet_IsServedWhenALenderReleases()
    {
        var (pool, a, b, _) = Of30();
        using var reserve = pool["b"].TryBorrow(pool.Reserve, 10, TestPool.Term);
        var ofB = b.TryAcquire(20);
        using var ofA = a.TryAcquire(10);
        var wait = a.AcquireAsync(3);
        Assert.False(wait.IsCompleted);
        ofB.Dispose();
        Assert.True((await wait.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task AcquireAsync_QueuedWhileOwing_IsServedByALoanOnceTheDebtIsPaid()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        options.Participants[1].LendingLimit = 10;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (a, b) = (pool["a"], pool["b"]);
        var ofB = b.TryAcquire(5);
        Assert.True(a.TryBorrow(b, 5, TestPool.Term).IsGranted);
        var ofA = a.TryAcquire(5);
        using var rest = a.TryAcquire(10);
        time.Advance(TestPool.Term);
        Assert.Equal(5, a.Debt);

        var wait = a.AcquireAsync(4);
        ofB.Dispose();
        Assert.False(wait.IsCompleted, "who owes is lent nothing");
        ofA.Dispose();
        Assert.True((await wait.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task AcquireAsync_QueuedWhileOwingAndWaitingForALoanAsWell_IsServedByALoanOnceTheDebtIsPaid()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        options.Participants[1].LendingLimit = 10;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (a, b) = (pool["a"], pool["b"]);
        using var ofB = b.TryAcquire(3);
        Assert.True(a.TryBorrow(b, 5, TestPool.Term).IsGranted);
        var ofA = a.TryAcquire(5);
        using var rest = a.TryAcquire(10);
        time.Advance(TestPool.Term);
        Assert.Equal(5, a.Debt);

        var want = a.BorrowAsync(new LoanRequest(8) { Lender = b });
        var wait = a.AcquireAsync(4);
        ofA.Dispose();
        Assert.True((await wait.Within()).IsAcquired);
        Assert.False(want.IsCompleted, "b has not so many");
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task AcquireAsync_QueuedWithBorrowingOnDemandOff_IsServedByALoanOnceItIsOn()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(10);
        var wait = a.AcquireAsync(3);
        Assert.False(wait.IsCompleted);
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 10 });
        Assert.True((await wait.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task BorrowAsync_WhileOwing_IsGrantedOnceTheDebtIsPaid()
    {
        var (pool, a, b, time) = TestPool.Of30();
        a.TryBorrow(b, 5, TestPool.Term);
        var held = a.TryAcquire(15);
        time.Advance(TestPool.Term);
        var wait = a.BorrowAsync(new LoanRequest(2));
        Assert.False(wait.IsCompleted);
        held.Dispose();
        Assert.True((await wait.Within()).IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task AcquireAsync_TheLendersOwnReleaseInParts_FillsTheWantAsSoonAsItFits()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (a, b) = (pool["a"], pool["b"]);
        var leases = Enumerable.Range(0, 10).Select(_ => b.TryAcquire()).ToArray();
        using var ofA = a.TryAcquire(10);
        var wait = a.AcquireAsync(3);
        leases[0].Dispose();
        leases[1].Dispose();
        Assert.False(wait.IsCompleted);
        leases[2].Dispose();
        Assert.True((await wait.Within()).IsAcquired);
        Assert.Equal((13, 7), (a.Allocation, b.Allocation));
    }

    [Fact]
    public async Task AcquireAsync_OwnReleaseLeavesFewerMissing_TriesAgain()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        options.Participants[1].LendingLimit = 2;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var a = pool["a"];
        var own = Enumerable.Range(0, 10).Select(_ => a.TryAcquire()).ToArray();
        var wait = a.AcquireAsync(4);
        own[0].Dispose();
        Assert.False(wait.IsCompleted);
        own[1].Dispose();
        Assert.True((await wait.Within()).IsAcquired, "two of its own and two that b lends");
    }

    /// <summary>For what its reputation does not let it borrow at one time nobody waits: nothing would end that wait.</summary>
    [Theory]
    [InlineData(50, 5, 10, RefusalReason.NewcomerLine, "as a newcomer")]
    [InlineData(40, 0, 25, RefusalReason.CreditLine, "its credit line leaves 25")]
    public async Task AcquireAsync_BeyondTheReachOfItsReputation_IsRefusedAtOnce(double score, int newcomerLoans, int most, RefusalReason reason, string why)
    {
        var options = TestPool.Options(60, ("a", 10), ("b", 50));
        (options.Reputation.NewcomerLoans, options.Participants[0].BorrowOnDemand) = (newcomerLoans, true);
        (options.Participants[1].LendingLimit, options.Participants[1].GrantThreshold) = (50, 0);
        using var pool = new ResourcePool(options, new FakeTimeProvider(), new Model.Unmoved(score));
        var a = pool["a"];
        a.Standing.Load(default, score, 0, 0, [], []);
        var lease = await a.AcquireAsync(10 + most + 1).Within();
        Assert.Equal(reason, lease.Refusal);
        Assert.StartsWith($"'a' cannot borrow {most + 1}: ", lease.Explanation, StringComparison.Ordinal);
        Assert.Contains(why, lease.Explanation, StringComparison.Ordinal);
        using var all = await a.AcquireAsync(10 + most).Within();
        Assert.True(all.IsAcquired, all.Explanation);
    }

    [Fact]
    public async Task AcquireAsync_MoreThanCouldEverBe_IsRefusedAtOnce()
    {
        var (_, a, _, _) = Of30();
        Assert.Equal(RefusalReason.ExceedsAllocation, (await a.AcquireAsync(26).Within()).Refusal);
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryAcquire(31));
    }

    [Fact]
    public void IdleUnits_BorrowedOnDemand_GoBackWhenAnotherWantsThem()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10), ("c", 10));
        foreach (var p in options.Participants) (p.BorrowOnDemand, p.LendingLimit) = (true, p.Name == "c" ? 10 : 0);
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (a, b) = (pool["a"], pool["b"]);
        a.TryAcquire(20).Dispose();
        Assert.Equal(20, a.Allocation);
        using var lease = b.TryAcquire(16);
        Assert.True(lease.IsAcquired, lease.Explanation);
        Assert.Equal((14, 16), (a.Allocation, b.Allocation));
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task BorrowAsync_WaitsUntilTheLenderHasUnits()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b });
        var other = a.BorrowAsync(new LoanRequest(2) { Lender = pool.Reserve });
        Assert.True((await other.Within()).IsGranted, "a want that cannot be filled does not block others");
        Assert.False(wait.IsCompleted);
        held.Dispose();
        using var loan = await wait.Within();
        Assert.True(loan.IsGranted);
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task BorrowAsync_OwnBorrowingLimit_IsGrantedWhenAnotherLoanIsReturned()
    {
        var (pool, a, b, _) = TestPool.Of30(static o => o.Participants[0].BorrowingLimit = 4);
        var first = a.TryBorrow(pool.Reserve, 3, TestPool.Term);
        using var lease = a.TryAcquire(13);
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b });
        Assert.False(wait.IsCompleted);
        first.Dispose();
        Assert.False(wait.IsCompleted, "it owes");
        lease.Dispose();
        Assert.True((await wait.Within()).IsGranted);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task AcquireAsync_WhileDebtIsOwed_BorrowsWhenItIsPaid()
    {
        var (pool, a, _, _) = Of30();
        var loan = a.TryBorrow(pool.Reserve, 3, TestPool.Term);
        using var own = a.TryAcquire(10);
        var borrowed = a.TryAcquire(3);
        var before = a.AcquireAsync(4);
        Assert.True((await before.Within()).IsAcquired, "it borrows more");
        loan.Dispose();
        var wait = a.AcquireAsync(5);
        Assert.Equal((3, false), (a.Debt, wait.IsCompleted));
        borrowed.Dispose();
        Assert.True((await wait.Within()).IsAcquired);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task BorrowAsync_TimeIsOver_AnswersTheLastRefusal()
    {
        var (pool, a, b, time) = TestPool.Of30();
        using var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b }, TimeSpan.FromSeconds(2)).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(RefusalReason.LenderNotAvailable, (await wait.Within()).Refusal);
        Assert.False(b.Account.Cell.IsWanted);
        Assert.False(pool.Wants.IsAny);
    }

    [Fact]
    public async Task BorrowAsync_Cancelled_LeavesNothing()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var held = b.TryAcquire(10);
        using var cancellation = new CancellationTokenSource();
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b }, cancellationToken: cancellation.Token).AsTask();
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
        held.Dispose();
        Assert.False(pool.Wants.IsAny);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task BorrowAsync_PoolDisposed_Throws()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(3) { Lender = b }).AsTask();
        pool.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
    }

    [Fact]
    public void TryBorrow_FromAnyone_TakesSeveralLendersAllOrNothing()
    {
        var (pool, a, b, time) = TestPool.Of30();
        using (var loan = a.TryBorrow(13, TestPool.Term))
        {
            Assert.True(loan.IsGranted);
            Assert.Equal((23, 10, 3), (a.Allocation, pool.Reserve.Lent, b.Lent));
            Assert.Equal(2, loan.Status.Count);
            TestPool.AssertLaws(pool);
        }

        TestPool.AssertAtRest(pool);
        var refused = a.TryBorrow(16, TestPool.Term);
        Assert.Equal((RefusalReason.NotEnoughToLend, "'a' cannot borrow 16: all others together would lend it 15 now"), (refused.Refusal, refused.Explanation));
        TestPool.AssertAtRest(pool);
        Assert.True(a.TryBorrow(13, TestPool.Term).IsActive);
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Evaluate_SaysWhatTryBorrowThenDoes()
    {
        var (_, a, b, time) = TestPool.Of30();
        var can = a.Evaluate(new LoanRequest(13));
        Assert.True(can.IsGranted);
        Assert.Equal([("(reserve)", 10), ("b", 3)], can.Lenders.Select(static l => (l.Lender.Name, l.Units)));
        Assert.Equal(TimeSpan.Zero, can.ExpectedWait);

        time.Advance(TimeSpan.FromSeconds(3));
        using var loan = a.TryBorrow(b, 4, TestPool.Term);
        time.Advance(TimeSpan.FromSeconds(4));
        var cannot = a.Evaluate(new LoanRequest(3) { Lender = b });
        var refused = a.TryBorrow(b, 3, TestPool.Term);
        Assert.Equal((refused.Refusal, refused.Explanation), (cannot.Constraint, cannot.Explanation));
        Assert.Equal(TimeSpan.FromSeconds(6), cannot.ExpectedWait);
        Assert.Equal(1, Assert.Single(cannot.Lenders).Units);
    }

    [Theory]
    [InlineData("consent")]
    [InlineData("callback")]
    [InlineData("headroom")]
    [InlineData("term")]
    public async Task Acquire_MoreThanOthersEverLend_IsRefusedAtOnce(string because)
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Participants[0].BorrowOnDemand = true;
        var b = options.Participants[1];
        if (because == "consent") b.Consent = LendingConsent.Never;
        if (because == "callback") b.AskBeforeLending(static (_, _, _) => new(true));
        if (because == "headroom") b.Headroom = 9;
        if (because == "term") b.LongestTerm = options.DefaultTerm / 2;
        var pool = new ResourcePool(options, new FakeTimeProvider());

        var wait = pool["a"].AcquireAsync(12);
        Assert.True(wait.IsCompleted);
        Assert.Equal(RefusalReason.ExceedsAllocation, (await wait).Refusal);
    }
}
