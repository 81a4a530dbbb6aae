using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests;

/// <summary>A plan lends by the rules of all loans: what its owner would refuse to anybody, and what the borrower may not have, does not move.</summary>
public class BalancingConsentTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);

    public static TheoryData<string, int, int> Lenders => new()
    {
        { "", 4, 5 },
        { nameof(ParticipantOptions.Consent), 0, 0 },
        { nameof(ParticipantOptions.Headroom), 1, 2 },
        { nameof(ParticipantOptions.LendingLimit), 1, 3 },
        { nameof(ParticipantOptions.IdleThreshold), 0, 0 },
        { nameof(ParticipantOptions.GrantThreshold), 0, 0 },
        { nameof(ParticipantOptions.MinimumIdleTime), 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Lenders))]
    public void Lender_ThatKeepsUnits_KeepsThemFromPlansToo(string rule, int least, int most)
    {
        using var pool = Build(out var time, new Unmoved(50), lender: b =>
        {
            switch (rule)
            {
                case nameof(ParticipantOptions.Consent): b.Consent = LendingConsent.Never; break;
                case nameof(ParticipantOptions.Headroom): b.Headroom = 7; break;
                case nameof(ParticipantOptions.LendingLimit): b.LendingLimit = 3; break;
                case nameof(ParticipantOptions.IdleThreshold): b.IdleThreshold = 0.95; break;
                case nameof(ParticipantOptions.GrantThreshold): b.GrantThreshold = 60; break;
                case nameof(ParticipantOptions.MinimumIdleTime): b.MinimumIdleTime = TimeSpan.FromHours(1); break;
                default: break;
            }
        });
        using var used = pool["b"].TryAcquire(1);
        if (rule == nameof(ParticipantOptions.MinimumIdleTime)) Assert.False(pool["b"].TryAcquire(10).IsAcquired);
        BalancingTests.Run(time, 12 * Second);
        Want4(pool["a"]);
        BalancingTests.Run(time, 5 * Second);
        Assert.InRange(pool["b"].Lent, least, most);
        TestPool.AssertLaws(pool);
    }

    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 0)]
    public async Task Lender_ThatSuffersMoreThanItsBudget_LendsNothingByPlan(bool hasBudget, int lent)
    {
        using var pool = Build(out var time, new Unmoved(50), lender: b =>
        {
            b.LendingLimit = 10;
            if (hasBudget) b.HarmBudget = TimeSpan.FromMilliseconds(1);
        });
        var (b, c) = (pool["b"], pool["c"]);
        var loan = c.TryBorrow(new LoanRequest(10) { Lender = b, Duration = 3 * Second, Terms = new LoanTerms { IsRecallable = false } });
        Assert.True(loan.IsGranted);
        var harmed = b.AcquireAsync().AsTask();
        BalancingTests.Run(time, 3 * Second);
        (await harmed.Within()).Dispose();
        _ = Want4(pool["a"]);
        BalancingTests.Run(time, Second + Sample);
        Assert.Equal(lent, b.Lent);
    }

    [Fact]
    public void Lender_WithALongestTerm_LendsNoLongerThanThat_AndAgain()
    {
        using var pool = Build(out var time, new Unmoved(50), lender: static b => b.LongestTerm = 3 * Second);
        var (a, b) = (pool["a"], pool["b"]);
        Want4(a);
        for (var i = 0; i < 100; i++)
        {
            BalancingTests.Run(time, 10 * Sample);
            if (i < 12) continue;
            Assert.InRange(b.Lent, 4, 5);
            var dues = new List<(long Due, int Units)>();
            foreach (var group in b.Account.Harm.Groups) a.Account.Home.AddDues(group, dues);
            Assert.Equal(b.Lent, dues.Sum(static d => d.Units));
            Assert.All(dues, d => Assert.InRange(d.Due, pool.Now, pool.Now + 3000));
        }
    }

    /// <summary>Credit is a quarter of the borrowing limit of 20 at 35, and nothing at 30.</summary>
    [Theory]
    [InlineData(35, 5)]
    [InlineData(30, 0)]
    public void Borrower_OfLowReputation_GetsItsCreditLineAndNoMore(double score, int most)
    {
        using var pool = Build(out var time, new Unmoved(score), lender: static b => (b.LendingLimit, b.GrantThreshold) = (10, 0));
        var a = pool["a"];
        a.Standing.Load(default, score, 0, 0, [], []);
        Assert.True(a.TryAcquire(10).IsAcquired);
        for (var i = 0; i < 10; i++) _ = a.AcquireAsync(1).AsTask();
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal(most, a.Borrowed);
    }

    /// <summary>It neither borrows nor lends, so nothing but a plan would look at what time has healed.</summary>
    [Fact]
    public async Task Borrower_WhoseReputationTimeHasHealed_GetsUnitsByPlanAgain()
    {
        var policy = new Healing(TimeSpan.FromSeconds(5));
        using var pool = Build(out var time, policy, lender: static b => b.LendingLimit = 10);
        var a = pool["a"];
        a.Standing.Load(default, 25, 0, 0, [], []);
        var waiting = Want4(a);
        BalancingTests.Run(time, 4 * Second);
        Assert.Equal((25, 0), (a.Account.Score, a.Borrowed));
        BalancingTests.Run(time, 4 * Second);
        (await waiting.Within()).Dispose();
    }

    [Fact]
    public void Newcomer_BorrowsByPlanNoMoreThanItOwns()
    {
        using var pool = Build(out var time, new Unmoved(50), lender: static b => b.LendingLimit = 10, configure: static options =>
        {
            options.Reputation.NewcomerLoans = 5;
            options.Participants[0].NominalQuota = 2;
        });
        var a = pool["a"];
        Assert.True(a.TryAcquire(2).IsAcquired);
        for (var i = 0; i < 2; i++) _ = a.AcquireAsync(2).AsTask();
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal(2, a.Borrowed);
    }

    [Fact]
    public void Borrower_ThatOwesDebt_GetsNothingByPlan()
    {
        using var pool = Build(out var time, new Unmoved(50), lender: static b => b.LendingLimit = 10);
        var a = pool["a"];
        Assert.True(a.TryAcquire(10).IsAcquired);
        var waiting = a.AcquireAsync(2).AsTask();
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 8, BorrowOnDemand = false });
        Assert.Equal(2, a.Debt);
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal((2, 2), (a.Borrowed, a.Debt));
        Assert.False(waiting.IsCompleted);
    }

    /// <summary>The plan must not rest its hopes on whoever has most but would refuse, or may.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Waiter_BesideALenderThatWouldRefuse_IsRelievedByAnother(bool asks)
    {
        using var pool = Build(
            out var time, new Unmoved(50), lender: b =>
            {
                b.LendingLimit = 10;
                if (asks) b.AskBeforeLending(static (_, _, _) => throw new InvalidOperationException("Nobody asks it."));
                else b.GrantThreshold = 60;
            },
            static options => options.Participants[2].LendingLimit = 4);
        var waiting = Want4(pool["a"]);
        BalancingTests.Run(time, Second + Sample);
        Assert.Equal((0, 4), (pool["b"].Lent, pool["c"].Lent));
        (await waiting.Within()).Dispose();
        Assert.Equal("", pool.ReportBalance()!.Reason);
    }

    [Theory]
    [InlineData(PoolMode.Observe, BalancingMode.On)]
    [InlineData(PoolMode.Enforce, BalancingMode.Observe)]
    public void Pool_ThatOnlyObserves_PublishesPlansAndMovesNothing(PoolMode mode, BalancingMode balancing)
    {
        using var pool = Build(out var time, new Unmoved(50), static _ => { }, options => (options.Mode, options.Balancing.Mode) = (mode, balancing));
        var a = pool["a"];
        BalancingTests.Run(time, 12 * Second);
        Want4(a);
        BalancingTests.Run(time, 5 * Second);
        var report = pool.ReportBalance()!;
        Assert.Equal("the pool only observes", report.Reason);
        Assert.Equal((0, 0), (report.UnitsMoved, a.Borrowed));
        var ofA = report.Participants[0];
        Assert.Equal((14, 10), (ofA.Demand.Most, ofA.Allocation));
        Assert.True(ofA.Planned >= 14, report.ToString());
        Assert.Equal(0, pool.Snapshot().OpenLoans);
    }

    [Fact]
    public async Task Overload_NothingIsLentByPlan_AndWhatIsOutGoesBack()
    {
        var load = new Load();
        using var pool = Build(out var time, new Unmoved(50), static _ => { }, signals: [load]);
        var (a, b) = (pool["a"], pool["b"]);
        var waiting = Want4(a);
        BalancingTests.Run(time, Second + Sample);
        (await waiting.Within()).Dispose();
        load.Value = 100;
        BalancingTests.Run(time, 5 * Second);
        Assert.True(pool.ReportStability().IsOverloaded);
        Assert.Equal(0, a.Borrowed);
        _ = a.AcquireAsync(4).AsTask();
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal(0, a.Borrowed);
        load.Value = 0;
        BalancingTests.Run(time, 10 * Second);
        Assert.InRange(a.Borrowed, 4, 5);
    }

    /// <summary>Three that own 10 each and do not borrow on demand; c lends nothing.</summary>
    private static ResourcePool Build(
        out FakeTimeProvider time, IReputationPolicy policy, Action<ParticipantOptions> lender, Action<ResourcePoolOptions>? configure = null, IStabilitySignal[]? signals = null)
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10), ("c", 10));
        options.Balancing.Mode = BalancingMode.On;
        options.Participants[2].LendingLimit = 0;
        lender(options.Participants[1]);
        configure?.Invoke(options);
        time = new FakeTimeProvider();
        return new ResourcePool(options, time, policy, signals: signals);
    }

    /// <summary>All that it has is in use, and a caller waits for 4.</summary>
    private static Task<ResourceLease> Want4(Participant a)
    {
        Assert.True(a.TryAcquire(10).IsAcquired);
        return a.AcquireAsync(4).AsTask();
    }

    /// <summary>25 until then, 50 from then on.</summary>
    private sealed class Healing(TimeSpan healed) : IReputationPolicy
    {
        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => record;

        public double Score(in ReputationRecord record, TimeSpan now) => now < healed ? 25 : 50;
    }

    private sealed class Load : IStabilitySignal
    {
        public string Name => "queue";

        public double Healthy => 0;

        public double Unhealthy => 100;

        internal double Value { get; set; }

        public double? Read(TimeSpan now) => Value;
    }
}
