using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests;

/// <summary>Renewal, part return, overdue, default, write-off and the limits on open loans.</summary>
public class LoanTermsTests
{
    /// <summary>Between two ticks, as a real clock mostly stands.</summary>
    [Fact]
    public void AutoRenew_ForTheLongestTerm_RenewsWhereverItBegan()
    {
        var (pool, a, b, time) = TestPool.Of30();
        pool.Update(new ParticipantOptions { Name = "b", NominalQuota = 10, LongestTerm = TimeSpan.FromSeconds(1) });
        time.Advance(TimeSpan.FromMicroseconds(12_400));
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TimeSpan.FromSeconds(1), Terms = new() { AutoRenews = true } });
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((true, 5), (loan.IsActive, a.Borrowed));
    }

    [Fact]
    public void AutoRenew_GoesOnAsLongAsANewRequestWouldBeGranted()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = new() { AutoRenews = true } });
        time.Advance(3 * TestPool.Term);
        Assert.True(loan.IsActive);
        Assert.True(a.Reputation > 50, "three terms are settled");

        // Its score falls below the lender's threshold: the term that runs is the last.
        pool.Update(new ParticipantOptions { Name = "b", NominalQuota = 10, GrantThreshold = 99 });
        time.Advance(TestPool.Term);
        Assert.False(loan.IsActive);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void AutoRenew_LendersCallersWait_Ends()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = new() { AutoRenews = true, IsRecallable = false } });
        var wait = b.AcquireAsync(10);
        Assert.False(wait.IsCompleted);
        time.Advance(TestPool.Term);
        Assert.False(loan.IsActive);
        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void TryRenew_BeginsATermNow_AndNeverShortensOne()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(RefusalReason.None, loan.TryRenew(TimeSpan.FromSeconds(1)));
        Assert.Equal(TestPool.Term, Assert.Single(loan.Status).Due);
        Assert.Equal(RefusalReason.None, loan.TryRenew(TestPool.Term));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(loan.IsActive);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(loan.IsActive);
        Assert.Equal(RefusalReason.LoanEnded, loan.TryRenew(TestPool.Term));
    }

    [Fact]
    public void Return_OfAPart_KeepsTheRest()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        Assert.Equal(2, loan.Return(2));
        Assert.Equal((13, 7), (a.Allocation, b.Allocation));
        using (a.TryAcquire(13))
        {
            Assert.Equal(2, loan.Return(2));
            Assert.Equal((2, 1), (a.Debt, Assert.Single(loan.Status).Outstanding));
        }

        Assert.Equal((11, 9, 0), (a.Allocation, b.Allocation, a.Debt));
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Leak_BecomesOverdueThenDefaulted_AndIsNamedEverywhere()
    {
        var time = new FakeTimeProvider();
        var logs = new FakeLogCollector();
        using var loggers = new LoggerFactory([new FakeLoggerProvider(logs)]);
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        options.TrackLeases = true;
        using var pool = new ResourcePool(options, time, new AdditiveReputationPolicy(), loggers);
        var (a, b) = (pool["a"], pool["b"]);
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        var leak = TakeAndForget(a);
        var fair = a.Reputation;

        time.Advance(TestPool.Term);
        Assert.Equal(LoanPhase.Grace, Assert.Single(loan.Status).Phase);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((LoanPhase.Overdue, 5, 5), (Assert.Single(loan.Status).Phase, a.Overdue, a.Debt));
        Assert.True(a.Reputation < fair);
        Assert.Equal(RefusalReason.BorrowerOwesDebt, a.TryBorrow(pool.Reserve, 1, TestPool.Term).Refusal);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(LoanPhase.Defaulted, Assert.Single(loan.Status).Phase);

        var told = logs.GetSnapshot().Where(static r => r.Id.Name is "LoanOverdue" or "LoanDefaulted").ToArray();
        Assert.Equal(["LoanOverdue", "LoanDefaulted"], told.Select(static r => r.Id.Name));
        Assert.All(told, static r => Assert.Contains("'a'", r.Message, StringComparison.Ordinal));
        Assert.All(told, static r => Assert.Contains(nameof(TakeAndForget), r.Message, StringComparison.Ordinal));
        var oldest = Assert.Single(pool.OldestLeases());
        Assert.Equal(("a", 15, TimeSpan.FromSeconds(71)), (oldest.Participant, oldest.Units, oldest.Age));
        Assert.Contains(nameof(TakeAndForget), oldest.StackTrace, StringComparison.Ordinal);

        Assert.True(loan.WriteOff());
        Assert.Equal((0, 5), (pool.Snapshot().OpenLoans, a.Debt));
        Assert.False(loan.WriteOff());
        leak.Dispose();
        Assert.Equal((0, 0), (a.Debt, a.Overdue));
        Assert.Empty(pool.OldestLeases());
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void OpenLoans_AreLimited_PerParticipantAndPerPool()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => (o.Participants[0].OpenLoanLimit, o.OpenLoanLimit) = (2, 3));
        var first = a.TryBorrow(b, 1, TestPool.Term);
        _ = a.TryBorrow(b, 1, TestPool.Term);
        Assert.Equal(RefusalReason.OpenLoanLimit, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        Assert.True(b.TryBorrow(pool.Reserve, 1, TestPool.Term).IsGranted);
        Assert.Equal(RefusalReason.PoolLoanLimit, b.TryBorrow(pool.Reserve, 1, TestPool.Term).Refusal);
        Assert.Equal(RefusalReason.PoolLoanLimit, b.Evaluate(new LoanRequest(1)).Constraint);
        first.Dispose();
        Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
        time.Advance(TestPool.Term);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Terms_OutOfRangeOrTooMany_AreNamed()
    {
        var (pool, a, b, _) = TestPool.Of30();
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryBorrow(new LoanRequest(1) { Lender = b, Terms = new() { Notice = TimeSpan.FromTicks(-1) } }));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.TryBorrow(new LoanRequest(1) { Lender = b, Terms = new() { MinimumHold = TimeSpan.FromDays(31) } }));
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (var i = 0; i < 5_000; i++) a.TryBorrow(new LoanRequest(1) { Lender = b, Terms = new() { Priority = i } }).Dispose();
        });
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Harm_IsPutDownToTheLoansThatWereOut_InProportion()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => o.Participants[1].LendingLimit = 10);
        var request = new LoanRequest(3) { Lender = b, Duration = TimeSpan.FromMinutes(5), Terms = new() { IsRecallable = false } };
        _ = a.TryBorrow(request);
        pool.Add(new ParticipantOptions { Name = "c", NominalQuota = 0, BorrowOnDemand = false });
        using var ofC = pool["c"].TryBorrow(request with { Units = 1 });
        var wait = b.AcquireAsync(7);
        time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal((6.0, 2.0), (b.HarmFrom(a).TotalSeconds, b.HarmFrom(pool["c"]).TotalSeconds));
        ofC.Dispose();
        Assert.True(wait.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(8, b.Harm.TotalSeconds);
        Assert.Equal(0, a.Harm.TotalSeconds);
    }

    [Fact]
    public async Task HarmBudget_Exceeded_ReducesLendingUntilItFades()
    {
        var (_, a, b, time) = TestPool.Of30(static o => (o.Participants[1].LendingLimit, o.Participants[1].HarmBudget) = (10, TimeSpan.FromMilliseconds(1)));
        _ = a.TryBorrow(new LoanRequest(3) { Lender = b, Duration = TimeSpan.FromSeconds(5), Terms = new() { IsRecallable = false } });
        var wait = b.AcquireAsync(8);
        time.Advance(TimeSpan.FromSeconds(5));
        (await wait.Within()).Dispose();
        Assert.Equal((RefusalReason.HarmBudget, 0), (a.TryBorrow(b, 3, TestPool.Term).Refusal, b.Lendable));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(a.TryBorrow(b, 3, TestPool.Term).IsGranted);
    }

    private static ResourceLease TakeAndForget(Participant participant) => participant.TryAcquire(15);

    [Fact]
    public void RecallToken_OfSeveralLenders_IsOneAndOutlivesTheReturnOfOnesPart()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(13, TestPool.Term);
        var token = loan.RecallToken;
        Assert.Equal(token, loan.RecallToken);

        Assert.Equal(10, loan.Return(10));
        Assert.True(loan.IsActive);
        Assert.Equal(token, loan.RecallToken);

        Assert.Equal(1, b.Recall(1));
        var rest = loan.RecallToken;
        Assert.NotEqual(token, rest);
        Assert.Equal(2, b.Recall(2));
        Assert.True(SpinWait.SpinUntil(() => token.IsCancellationRequested && rest.IsCancellationRequested, TimeSpan.FromSeconds(30)));
        Assert.True(loan.RecallToken.IsCancellationRequested);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Harm_OfABorrowerThatHasLeft_StaysInTheSum()
    {
        var (pool, a, b, time) = TestPool.Of30();
        a.TryBorrow(b, 3, TestPool.Term);
        var held = a.TryAcquire(13);
        var wait = b.AcquireAsync(10);
        time.Advance(TimeSpan.FromSeconds(2));
        held.Dispose();
        (await wait.Within()).Dispose();
        Assert.Equal((2, 2), (b.Harm.TotalSeconds, b.HarmFrom(a).TotalSeconds));

        await pool.RemoveAsync("a").Within();
        Assert.Equal(2, b.Harm.TotalSeconds);
    }

    [Fact]
    public void OpenLoans_OfSeveralLenders_CountEach()
    {
        var (_, a, _, _) = TestPool.Of30(static o => o.Participants[0].OpenLoanLimit = 1);
        Assert.Equal(RefusalReason.OpenLoanLimit, a.Evaluate(new LoanRequest(13)).Constraint);
        Assert.Equal(RefusalReason.OpenLoanLimit, a.TryBorrow(13, TestPool.Term).Refusal);
        Assert.True(a.TryBorrow(10, TestPool.Term).IsGranted);
    }

    [Fact]
    public void OpenLoans_OfThePool_PlaceOfASettledLoanIsAnybodys()
    {
        var (_, a, b, _) = TestPool.Of30(static o => o.OpenLoanLimit = 2);
        a.TryBorrow(b, 1, TestPool.Term).Dispose();
        using var first = b.TryBorrow(a, 1, TestPool.Term);
        using var second = b.TryBorrow(a, 1, TestPool.Term);
        Assert.True(second.IsGranted, second.Explanation);
        Assert.Equal(RefusalReason.PoolLoanLimit, b.TryBorrow(a, 1, TestPool.Term).Refusal);
    }

    [Fact]
    public async Task BorrowAsync_LongestTimeout_WaitsForEver()
    {
        var (_, a, b, time) = TestPool.Of30();
        time.Advance(TimeSpan.FromSeconds(1));
        var held = b.TryAcquire(10);
        var wait = a.BorrowAsync(new LoanRequest(1) { Lender = b }, TimeSpan.MaxValue);
        Assert.False(wait.IsCompleted);
        held.Dispose();
        Assert.True((await wait.Within()).IsGranted);
    }

    [Fact]
    public void Recall_NoticeLongerThanARenewedTerm_EndsItWithTheTerm()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var terms = new LoanTerms { AutoRenews = true, Notice = 3 * TestPool.Term };
        var loan = a.TryBorrow(new LoanRequest(3) { Lender = b, Duration = TestPool.Term, Terms = terms });
        time.Advance(TestPool.Term);
        Assert.True(loan.IsActive);

        Assert.Equal(3, b.Recall(3));
        Assert.Equal(0, b.Recall(3));
        time.Advance(TestPool.Term);
        Assert.False(loan.IsActive);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Renew_OfSeveralLenders_AsksThoseWhosePartsGoOn()
    {
        var (_, a, b, time) = TestPool.Of30();
        var loan = a.TryBorrow(13, TestPool.Term);
        loan.Return(10);
        Assert.Equal(RefusalReason.None, loan.TryRenew(2 * TestPool.Term));
        time.Advance(1.5 * TestPool.Term);
        Assert.Equal((true, 3), (loan.IsActive, b.Lent));
        loan.Dispose();
        Assert.Equal(RefusalReason.LoanEnded, loan.TryRenew(TestPool.Term));
    }

    [Fact]
    public void OpenLoans_OfThePool_LoweredLimitHoldsAtOnce()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (a, b) = (pool["a"], pool["b"]);
        a.TryBorrow(b, 1, TestPool.Term).Dispose();
        options.OpenLoanLimit = 1;
        pool.Reconfigure(options);
        Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
        Assert.Equal(RefusalReason.PoolLoanLimit, a.TryBorrow(b, 1, TestPool.Term).Refusal);
    }
}
