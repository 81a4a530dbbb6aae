using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests;

/// <summary>What a plan lent comes back: at once when it is missed, in time when nobody needs it, and when a party leaves.</summary>
public class BalancingRecallTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lender_WhoseCallersCome_HasFreeUnitsBackAtOnce(bool waits)
    {
        var (pool, time, idle) = await StandingLoan();
        using var disposed = pool;
        var (a, b) = (pool["a"], pool["b"]);
        Assert.InRange(b.Lent, 4, 5);
        idle.ForEach(static l => l.Dispose());
        using var lease = waits ? await b.AcquireAsync(10).Within() : b.TryAcquire(10);
        Assert.Equal((true, 0, 0), (lease.IsAcquired, b.Lent, a.Borrowed));
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal(0, b.Lent);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Lender_WhoseCallersWait_HasUnitsInUseBackAsTheyAreReleased()
    {
        var (pool, time, used) = await StandingLoan();
        using var disposed = pool;
        var b = pool["b"];
        var waiting = b.AcquireAsync(10).AsTask();
        Assert.False(waiting.IsCompleted);
        used.ForEach(static l => l.Dispose());
        using var lease = await waiting.Within();
        Assert.Equal(0, b.Lent);
        TestPool.AssertLaws(pool);
        Assert.True(pool.Snapshot().OpenLoans == 0 && time.GetUtcNow() > default(DateTimeOffset));
    }

    /// <summary>The plan falls into the planning period after the recall, callers of the borrower wait, and the lender's units lie idle: they stay all the same.</summary>
    [Fact]
    public async Task Units_ThatWereRecalled_AreNotTakenAgainForAPlanningPeriod()
    {
        var (pool, time, used) = await StandingLoan(static options => options.Balancing.OfferAfter = TimeSpan.Zero);
        using var disposed = pool;
        var (a, b) = (pool["a"], pool["b"]);
        BalancingTests.Run(time, Second / 2);
        used.ForEach(static l => l.Dispose());
        var recalled = b.Lent;
        b.TryAcquire(10).Dispose();
        Assert.Equal(0, b.Lent);
        using var others = b.TryAcquire(10 - recalled);
        using var own = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4).AsTask();
        var before = pool.ReportBalance()!.At;
        BalancingTests.Run(time, Second - 2 * Sample);
        Assert.True(pool.ReportBalance()!.At > before, "there was a plan");
        Assert.Equal((0, false), (b.Lent, waiting.IsCompleted));
        BalancingTests.Run(time, Second + 2 * Sample);
        (await waiting.Within()).Dispose();
        Assert.InRange(b.Lent, 1, 5);
    }

    /// <summary>Whatever the load, as long as it stays what it is, units come to rest.</summary>
    [Theory]
    [InlineData(10, 8, 3)]
    [InlineData(10, 9, 4)]
    [InlineData(12, 6, 0)]
    [InlineData(10, 10, 10)]
    [InlineData(11, 7, 5)]
    public void Load_ThatStaysAsItIs_MovesNothingAfterAWhile(int ofA, int ofB, int ofC)
    {
        var options = Options();
        options.Balancing.DemandHalfLife = 5 * Second;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time, new Unmoved(50));
        (Participant Participant, int Demand)[] all = [(pool["a"], ofA), (pool["b"], ofB), (pool["c"], ofC)];
        foreach (var (participant, demand) in all)
            for (var i = 0; i < demand; i++) _ = participant.AcquireAsync().AsTask();
        BalancingTests.Run(time, 60 * Second);
        var before = all.Select(static p => (p.Participant.Lent, p.Participant.Borrowed)).ToArray();
        for (var round = 0; round < 60; round++)
        {
            BalancingTests.Run(time, Second);
            Assert.True(pool.ReportBalance()!.UnitsMoved == 0, pool.ReportBalance()!.ToString());
            Assert.Equal(before, all.Select(static p => (p.Participant.Lent, p.Participant.Borrowed)));
        }

        TestPool.AssertLaws(pool);
        foreach (var (participant, demand) in all) Assert.Equal(0, participant.Waiting);
    }

    /// <summary>
    /// However little it is, and however small the pool: a dead band is no reason to keep what nobody needs beyond its own, whatever both still use of that.
    /// </summary>
    [Theory]
    [InlineData(1, 10, 0)]
    [InlineData(2, 10, 0)]
    [InlineData(5, 10, 0)]
    [InlineData(1, 100, 0)]
    [InlineData(1, 2, 0)]
    [InlineData(1, 20, 18)]
    [InlineData(3, 100, 95)]
    public async Task StandingLoans_WithDemandGone_AllGoHome(int units, int quota, int own)
    {
        var options = TestPool.Options(2 * quota, ("a", quota), ("b", quota));
        options.Participants[1].LendingLimit = units;
        options.Balancing.Mode = BalancingMode.On;
        options.Balancing.DemandHalfLife = 5 * Second;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time, new Unmoved(50));
        var (a, b) = (pool["a"], pool["b"]);
        var most = a.TryAcquire(quota);
        using var ownOfB = own > 0 ? b.TryAcquire(own) : default;
        var waiting = Enumerable.Range(0, units).Select(_ => a.AcquireAsync().AsTask()).ToArray();
        BalancingTests.Run(time, 2 * Second);
        foreach (var wait in waiting) (await wait.Within()).Dispose();
        most.Dispose();
        using var ownOfA = own > 0 ? a.TryAcquire(own) : default;
        Assert.Equal(units, b.Lent);
        BalancingTests.Run(time, 90 * Second);
        Assert.True(b.Lent == 0, pool.ReportBalance()!.ToString());
        TestPool.AssertLaws(pool);
        Assert.Equal(0, pool.Snapshot().OpenLoans);
    }

    /// <summary>Demand fades away and is never quite 0: a trace of it is no unit.</summary>
    [Fact]
    public void StandingLoan_OfWhoOwnsNothing_GoesHomeWhenItsDemandIsATrace()
    {
        var options = TestPool.Options(10, ("a", 0), ("b", 10));
        options.Participants[1].LendingLimit = 10;
        options.Balancing.Mode = BalancingMode.On;
        options.Balancing.DemandHalfLife = 5 * Second;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time, new Unmoved(50));
        var a = pool["a"];
        Assert.False(a.TryAcquire(2).IsAcquired);
        BalancingTests.Run(time, Second + Sample);
        var lease = a.TryAcquire(2);
        Assert.True(lease.IsAcquired);
        BalancingTests.Run(time, Second);
        lease.Dispose();
        BalancingTests.Run(time, 120 * Second);
        Assert.True(a.Borrowed == 0, pool.ReportBalance()!.ToString());
    }

    /// <summary>Each has what it owns and so is off by nothing, and yet nobody could lend.</summary>
    [Theory]
    [InlineData("a", "b")]
    [InlineData("a", "b", "c")]
    public void StandingLoans_InACircle_AreUndone(params string[] names)
    {
        var options = Options();
        options.Participants[2].LendingLimit = 5;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time, new Unmoved(50));
        var circle = names.Select(n => pool[n]).ToArray();
        for (var i = 0; i < circle.Length; i++)
        {
            var borrower = circle[(i + 1) % circle.Length];
            var order = new LoanOrder(borrower.Account, pool.Book.Standing, pool.Elapsed, TestPool.Term, 50);
            Assert.True(pool.Borrow(borrower, new LoanRequest(4) { Lender = circle[i] }, order, agreed: null).IsGranted);
        }

        BalancingTests.Run(time, 20 * Second);
        Assert.Equal(0, pool.Snapshot().OpenLoans);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Another_ThatIsShort_BorrowsOnDemandWhatLiesIdleUnderAStandingLoan()
    {
        var (pool, _, idle) = await StandingLoan(static options =>
        {
            (options.Capacity, options.Participants[2].NominalQuota) = (20, 0);
            options.Participants[2].BorrowOnDemand = true;
            options.Participants[1].LendingLimit = 5;
        });
        using var disposed = pool;
        var (a, b, c) = (pool["a"], pool["b"], pool["c"]);
        using var own = b.TryAcquire(b.Allocation);
        var (lent, borrowed) = (b.Lent, a.Borrowed);
        Assert.False(c.TryAcquire(3).IsAcquired, "all of it is in use");
        idle.ForEach(static l => l.Dispose());
        using var kept = a.TryAcquire(10);
        using var lease = c.TryAcquire(3);
        Assert.True(lease.IsAcquired);
        Assert.Equal((borrowed - 3, 3, lent), (a.Borrowed, c.Borrowed, b.Lent));
        TestPool.AssertLaws(pool);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public async Task Party_OfAStandingLoan_GetsAwayAndLeavesNothingBehind(string name)
    {
        var (pool, time, used) = await StandingLoan();
        using var disposed = pool;
        var other = pool[name == "a" ? "b" : "a"];
        var removal = pool.RemoveAsync(name);
        used.ForEach(static l => l.Dispose());
        await removal.Within();
        Assert.False(pool.TryGetParticipant(name, out _));
        Assert.Equal((0, 0), (other.Lent, other.Borrowed));
        Assert.Empty(other.Account.Harm.Groups);
        TestPool.AssertAtRest(pool);
        var again = pool.Add(new ParticipantOptions { Name = name, NominalQuota = 10, BorrowOnDemand = false });
        Assert.Empty(again.DemandHistory);
        BalancingTests.Run(time, 3 * Second);
        Assert.Equal((0, 0, 0), (again.Lent, again.Borrowed, again.DemandHistory[^1].Most));
        Assert.Equal(pool.Capacity, pool.ReportBalance()!.Participants.Sum(static p => p.Planned));
    }

    /// <summary>It leaves between the plan and its moves: in the forecaster, which is asked in between.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Party_ThatLeavesWhileThePlanIsMade_TakesPartInNoMove(string name)
    {
        Task? removal = null;
        ResourcePool? pool = null;
        var options = Options();
        (options.Forecasting.IsEnabled, options.Forecasting.Step) = (true, Second);
        // Whoever is asked last: all others have been looked at.
        options.Forecasting.UseForecaster(who => new Callback(() =>
        {
            if (who == "c" && pool!["a"].Waiting > 0) removal ??= pool.RemoveAsync(name);
        }));
        var time = new FakeTimeProvider();
        using var disposed = pool = new ResourcePool(options, time, new Unmoved(50));
        var (a, b) = (pool["a"], pool["b"]);
        using var held = pool["a"].TryAcquire(10);
        _ = pool["a"].AcquireAsync(4).AsTask();
        BalancingTests.Run(time, Second + Sample);
        Assert.NotNull(removal);
        Assert.Equal(0, name == "a" ? a.Account.OpenLoans : b.Lent);
        Assert.Equal(name == "b", removal!.IsCompleted);
        held.Dispose();
        Assert.True(removal.IsCompleted);
        TestPool.AssertLaws(pool);
    }

    private static ResourcePoolOptions Options()
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10), ("c", 10));
        options.Participants[2].LendingLimit = 0;
        options.Balancing.Mode = BalancingMode.On;
        return options;
    }

    /// <summary>b has lent some to a by plan, and a uses all of it.</summary>
    private static async Task<(ResourcePool Pool, FakeTimeProvider Time, List<ResourceLease> Leases)> StandingLoan(Action<ResourcePoolOptions>? configure = null)
    {
        var options = Options();
        configure?.Invoke(options);
        var time = new FakeTimeProvider();
        var pool = new ResourcePool(options, time, new Unmoved(50));
        var a = pool["a"];
        List<ResourceLease> leases = [a.TryAcquire(10)];
        var waiting = a.AcquireAsync(4).AsTask();
        BalancingTests.Run(time, Second + Sample);
        leases.Add(await waiting.Within());
        if (a.Available > 0) leases.Add(a.TryAcquire(a.Available));
        return (pool, time, leases);
    }

    private sealed class Callback(Action observed) : ResourceBorrowing.Forecasting.IDemandForecaster
    {
        public void Observe(double value) => observed();

        public bool TryForecast(ResourceBorrowing.Forecasting.DemandTarget target, Span<double> quantiles) => false;
    }
}
