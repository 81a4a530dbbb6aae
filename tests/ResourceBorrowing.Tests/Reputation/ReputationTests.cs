using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>What a pool makes of what its participants do: evidence with reasons, for both parties, and gates.</summary>
public class ReputationTests
{
    private static readonly string[] Raters = [.. Enumerable.Range(0, 8).Select(static i => $"r{i}")];

    [Fact]
    public void Loan_ReturnedInTime_MovesBothScores_AndSaysWhy()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => o.Participants[1].LendingLimit = 10);
        var loan = a.TryBorrow(b, 10, TestPool.Term);
        time.Advance(TestPool.Term);

        // A reference loan, its impact not known: r of return 1, of impact 0.5, of borrowing 0.2; of the neighbour 0.2.
        Assert.Equal(Of(3.0 / 5, 2.5 / 4.5, 2.2 / 4.2, 0.5), a.Reputation, 9);
        Assert.Equal(Of(0.5, 0.5, 0.5, 2.2 / 4.2), b.Reputation, 9);
        var told = pool.Explain("a");
        Assert.Equal(a.Reputation, told.Score);
        Assert.Equal(["loan returned in time", "impact of a loan not known", "borrowed and returned"], told.Changes.Select(static c => c.Reason));
        Assert.All(told.Changes, static c => Assert.Equal("b", c.Counterparty));
        Assert.Equal("loan honoured", Assert.Single(pool.Explain("b").Changes).Reason);
        AssertAddsUp(pool);
        Assert.False(loan.IsActive);
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(400, 0.6)]
    [InlineData(999, 0.001)]
    public void Units_ReturnedWithinTheGracePeriod_CountByHowLateTheyWere(int late, double timely)
    {
        var (_, a, b, time) = TestPool.Of30(static o => o.Participants[1].LendingLimit = 10);
        var loan = a.TryBorrow(b, 10, TestPool.Term);
        var lease = a.TryAcquire(20);
        time.Advance(TestPool.Term);
        time.Advance(TimeSpan.FromMilliseconds(late));
        lease.Dispose();
        var (v, q) = ((10 + (late / 1000.0)) / 10, timely);
        if (late == 0) v = 1;
        Assert.Equal(Of((2 + v * q) / (4 + v * q + 3 * v * (1 - q)), (2 + v * q / 2) / (4 + v * q / 2), (2 + 0.2 * q) / (4 + 0.2 * q), 0.5), a.Reputation, 6);
        Assert.False(loan.IsActive);
    }

    [Fact]
    public void Part_ReturnedEarly_AndPartLost_EachCount()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => o.Participants[1].LendingLimit = 10);
        var loan = a.TryBorrow(b, 10, TestPool.Term);
        time.Advance(TestPool.Term / 2);
        Assert.Equal(5, loan.Return(5));
        var leak = a.TryAcquire(15);
        time.Advance(TestPool.Term);
        var told = pool.Explain("a");
        Assert.Contains(told.Changes, static c => c.Reason == "loan returned in time" && c.ScoreDelta > 0);
        Assert.Contains(told.Changes, static c => c.Reason == "units of a loan lost" && c.ScoreDelta < 0);
        Assert.Equal(5, told.Overdue);
        Assert.Contains("may not borrow while it owes 5 overdue units", told.ToString(), StringComparison.Ordinal);
        AssertAddsUp(pool);
        leak.Dispose();
    }

    [Fact]
    public void Recall_WithinTheTerms_SaysNothingOfTheLender_AndIgnoredSomethingOfTheBorrower()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(b, 5, TestPool.Term);
        var lease = a.TryAcquire(15);
        Assert.Equal(5, b.Recall(5));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(50, b.Reputation);
        Assert.Contains(pool.Explain("a").Changes, static c => c.Reason == "units of a loan lost");
        lease.Dispose();
    }

    [Fact]
    public async Task Lender_ThatLeavesBeforeTheTermOfALoanItMayNotRecall_AnswersForIt()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(new LoanRequest(5) { Lender = b, Duration = TestPool.Term, Terms = new LoanTerms { IsRecallable = false } });
        _ = a.TryBorrow(b, 1, TestPool.Term);
        time.Advance(TestPool.Term / 2);
        await pool.RemoveAsync("b").Within();
        var told = pool.Explain("b");
        Assert.Equal("loan withdrawn before its term", Assert.Single(told.Changes).Reason);
        Assert.True(told.Score < 50);
    }

    [Fact]
    public void Loan_EndedTwice_IsJudgedOnce()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var loan = a.TryBorrow(b, 5, TestPool.Term);
        loan.Dispose();
        var once = a.Reputation;
        loan.Dispose();
        Assert.Equal(0, loan.Return(1));
        Assert.Equal(once, a.Reputation);
        AssertAddsUp(pool);
    }

    [Fact]
    public void Requests_BeyondItsOwnLimits_CostReputation_ThoseForLackOfSupplyDoNot()
    {
        var (pool, a, b, time) = TestPool.Of30(static o => (o.Participants[0].BorrowingLimit, o.Participants[0].RequestsPerSecond) = (7, 2));
        Assert.Equal(RefusalReason.LendingLimit, a.TryBorrow(b, 6, TestPool.Term).Refusal);
        Assert.Equal(50, a.Reputation);
        Assert.Equal(RefusalReason.BorrowingLimit, a.TryBorrow(8, TestPool.Term).Refusal);
        Assert.Equal(Of(0.5, 0.5, 2 / 4.4, 0.5), a.Reputation, 9);
        var tooMany = a.TryBorrow(1, TestPool.Term);
        Assert.Equal(RefusalReason.RequestRate, tooMany.Refusal);
        Assert.Equal("'a' may not ask for a loan again in this second: it may 2 times", tooMany.Explanation);
        Assert.Equal(Of(0.5, 0.5, 2 / 4.8, 0.5), a.Reputation, 9);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(a.TryBorrow(1, TestPool.Term).IsGranted);
        Assert.Equal("request beyond its own limits refused (2 times)", Assert.Single(pool.Explain("a").Changes).ToString()[7..]);
        AssertAddsUp(pool);
    }

    [Theory]
    [InlineData(100, 20)]
    [InlineData(50, 20)]
    [InlineData(49.9, 20)]
    [InlineData(45, 15)]
    [InlineData(30.1, 1)]
    [InlineData(30, 0)]
    [InlineData(0, 0)]
    public void CreditLine_GrowsWithTheReputation(double score, int line)
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 20));
        (options.Participants[1].GrantThreshold, options.Participants[1].LendingLimit) = (0, 20);
        using var pool = new ResourcePool(options, new FakeTimeProvider(), new Model.Unmoved(score));
        pool["a"].Standing.Load(default, score, 0, 0, [], []);
        Assert.Equal(line, pool["a"].CreditLine);
        if (line < 20) Assert.Equal(RefusalReason.CreditLine, pool["a"].TryBorrow(pool["b"], line + 1, TestPool.Term).Refusal);
        if (line > 0) Assert.True(pool["a"].TryBorrow(pool["b"], line, TestPool.Term).IsGranted);
    }

    [Fact]
    public void Newcomer_HasOneLoanAtATime_OfTheReferenceAtTheMost_UntilItHasReturnedFive()
    {
        var options = TestPool.Options(60, ("new", 4), ("b", 50));
        options.Reputation.NewcomerLoans = 5;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (newcomer, b) = (pool["new"], pool["b"]);
        Assert.Equal(RefusalReason.NewcomerLine, newcomer.TryBorrow(b, 5, TestPool.Term).Refusal);
        var bound = new LoanRequest(4) { Lender = b, Duration = 2 * TestPool.Term, Terms = new LoanTerms { IsRecallable = false } };
        Assert.Equal(RefusalReason.NewcomerLine, newcomer.TryBorrow(bound).Refusal);
        Assert.True(newcomer.TryBorrow(bound with { Units = 2 }) is { IsGranted: true } half && half.Return(2) == 2);
        for (var i = 1; i < 5; i++)
        {
            Assert.Equal(5 - i, pool.Explain("new").LoansToGo);
            var loan = newcomer.TryBorrow(b, 4, TimeSpan.FromDays(1));
            Assert.True(loan.IsGranted, "its lender can have it back at once");
            Assert.Equal(RefusalReason.NewcomerLine, newcomer.TryBorrow(b, 1, TestPool.Term).Refusal);
            loan.Dispose();
        }

        Assert.Equal(0, pool.Explain("new").LoansToGo);
        Assert.True(newcomer.TryBorrow(b, 20, TestPool.Term).IsGranted);
        Assert.True(newcomer.TryBorrow(b, 1, TestPool.Term).IsGranted);
    }

    [Fact]
    public void Newcomer_OnDemand_HasAsMuchAsItOwnsAtTheMost()
    {
        var options = TestPool.Options(60, ("new", 4), ("b", 50));
        options.Participants[0].BorrowOnDemand = true;
        options.Reputation.NewcomerLoans = 5;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var leases = Enumerable.Range(0, 8).Select(_ => pool["new"].TryAcquire()).ToArray();
        Assert.All(leases, static l => Assert.True(l.IsAcquired));
        Assert.False(pool["new"].TryAcquire().IsAcquired);
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task Score_SurvivesRemovalAndReturnOfTheName()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(b, 5, TestPool.Term);
        var leak = a.TryAcquire(15);
        time.Advance(2 * TestPool.Term);
        var score = a.Reputation;
        leak.Dispose();
        await pool.RemoveAsync("a").Within();
        Assert.Equal(score, pool.Explain("a").Score);
        var again = pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 10 });
        Assert.Equal(score, again.Reputation);
        Assert.Equal(score, again.Account.Score, 2);
        Assert.Equal(RefusalReason.Reputation, again.TryBorrow(b, 1, TestPool.Term).Refusal);
    }

    [Fact]
    public void Explain_NamesWhatNobodyKnows() =>
        Assert.Contains("'nobody'", Assert.Throws<KeyNotFoundException>(static () => TestPool.Of30().Pool.Explain("nobody")).Message, StringComparison.Ordinal);

    [Fact]
    public void Report_WithoutStanding_ChangesNothing()
    {
        var (pool, a, b, _) = TestPool.Of30();
        Assert.Equal(ReportResult.NoStanding, b.Report(a, ReportReason.LateReturn));
        Assert.Equal(ReportResult.NoStanding, a.Report(a, ReportReason.GoodNeighbour));
        Assert.Equal(50, a.Reputation);
        Assert.Empty(pool.Explain("a").Changes);
    }

    [Fact]
    public void Report_OfALender_CountsOnce_AndIsExplained()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var loan = a.TryBorrow(b, 1, TestPool.Term);
        Assert.Equal(ReportResult.Accepted, b.Report(a, ReportReason.ExcessiveBorrowing, 0.5));
        // Half a unit against, by a reporter of 50.
        Assert.Equal(Of(0.5, 0.5, 0.5, 2 / 4.25), a.Reputation, 9);
        var once = a.Reputation;
        for (var i = 0; i < 8; i++) Assert.Equal(ReportResult.Accepted, b.Report(a, ReportReason.ExcessiveBorrowing, 0.5));
        Assert.Equal(once, a.Reputation, 12);
        Assert.Equal(ReportResult.Accepted, b.Report(a, ReportReason.LateReturn));
        Assert.Equal(ReportResult.TooMany, b.Report(a, ReportReason.LateReturn));
        Assert.Equal(Of(0.5, 0.5, 0.5, 2 / 4.5), a.Reputation, 9);
        var told = pool.Explain("a");
        Assert.Equal(["reported for excessive borrowing", "reported for returning late"], told.Changes.Select(static c => c.Reason));
        Assert.Equal(9, told.Changes[0].Count);
        Assert.Contains("reported for returning late, 'b'", told.ToString(), StringComparison.Ordinal);
        AssertAddsUp(pool);
    }

    [Fact]
    public void Report_RateLimit_IsOfTheReporter_AndComesBackWithTime()
    {
        var options = TestPool.Options(100, [.. Raters.Select(static r => (r, 10)), ("a", 10)]);
        options.Reputation.ReportsPerMinute = 2;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (a, reporter) = (pool["a"], pool["r0"]);
        using var loan = a.TryBorrow(reporter, 1, TimeSpan.FromMinutes(10));
        using var other = a.TryBorrow(pool["r1"], 1, TimeSpan.FromMinutes(10));
        for (var i = 0; i < 2; i++) Assert.Equal(ReportResult.Accepted, reporter.Report(a, ReportReason.Instability));
        Assert.Equal(ReportResult.TooMany, reporter.Report(a, ReportReason.Instability));
        Assert.Equal(ReportResult.Accepted, pool["r1"].Report(a, ReportReason.Instability));
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ReportResult.Accepted, reporter.Report(a, ReportReason.Instability));
        Assert.Equal(ReportResult.TooMany, reporter.Report(a, ReportReason.Instability));
    }

    [Fact]
    public void Report_OfWhoMissesUnitsWhileTheOtherHoldsBorrowedOnes_HasStanding()
    {
        var (pool, a, b, time) = TestPool.Of30();
        var all = b.TryAcquire(10);
        Assert.Equal(ReportResult.NoStanding, b.Report(a, ReportReason.HarmToAllocation));
        using var loan = a.TryBorrow(pool.Reserve, 1, TestPool.Term);
        Assert.Equal(ReportResult.NoStanding, b.Report(a, ReportReason.HarmToAllocation));
        time.Advance(TimeSpan.FromMilliseconds(1));
        var waiter = b.AcquireAsync();
        Assert.Equal(ReportResult.Accepted, b.Report(a, ReportReason.HarmToAllocation));
        all.Dispose();
        Assert.True(waiter.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Report_OfASeverityThatIsNone_IsRefusedLoudly(double severity)
    {
        var (_, a, b, _) = TestPool.Of30();
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Report(a, ReportReason.Instability, severity));
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Report(a, (ReportReason)99));
        Assert.Throws<ArgumentException>(() => b.Report(TestPool.Of30().A, ReportReason.Instability));
    }

    /// <summary>The formula of the default policy, from the expectation of each source.</summary>
    internal static double Of(double returns, double impact, double borrowing, double neighbour) =>
        100 * (0.5 * (0.45 * returns + 0.25 * impact + 0.15 * borrowing + 0.15 * neighbour) + 0.5 * Math.Min(returns, impact));

    internal static void AssertAddsUp(ResourcePool pool)
    {
        foreach (var participant in pool.Participants)
        {
            var told = pool.Explain(participant.Name);
            Assert.Equal(told.Score - 50, told.Carried + told.Decay + told.Changes.Sum(static c => c.ScoreDelta), 9);
        }
    }
}
