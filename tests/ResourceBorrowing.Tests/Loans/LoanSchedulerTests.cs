using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Tests.Loans;

/// <summary>Loans come to their end in order and in time, whatever clock and timer do.</summary>
public class LoanSchedulerTests
{
    private static readonly LedgerEntryKind[] Ends = [LedgerEntryKind.Ended, LedgerEntryKind.Overdue, LedgerEntryKind.Defaulted];

    [Property(MaxTest = 200)]
    public void ClockJumpsByDays_EverythingHappensInOrderAtItsOwnTime((byte Borrower, ushort Delay, bool IsInUse)[] loans, bool oneShard)
    {
        var time = new FakeTimeProvider();
        var options = TestPool.Options(6_000, [.. Enumerable.Range(0, 6).Select(static i => ($"p{i}", 0))]);
        using var pool = new ResourcePool(options, time, new Model.Unmoved(50), null, null, null, oneShard ? 1 : 8);
        var expected = new List<(long At, string Borrower, LedgerEntryKind Kind)>();
        foreach (var (who, delay, isInUse) in loans)
        {
            var borrower = pool.Participants[who % pool.Participants.Count];
            // Many come due together, some at the boundaries of the wheel's levels.
            var term = 1 + delay % 7 * (delay % 3 == 0 ? 64L * 64 * 64 : 60_000);
            var loan = borrower.TryBorrow(pool.Reserve, 1, TimeSpan.FromMilliseconds(term));
            if (!loan.IsGranted) continue;
            expected.Add((term, borrower.Name, LedgerEntryKind.Ended));
            if (!isInUse) continue;
            borrower.TryAcquire();
        }

        var seen = new List<LedgerEntry>();
        pool.Book.Journal = seen.Add;
        time.Advance(TimeSpan.FromDays(25));
        var ended = seen.Where(static e => e.Kind == LedgerEntryKind.Ended).ToArray();
        Assert.Equal(expected.Order().Select(static e => (e.At, e.Borrower)), ended.Select(static e => (e.At, e.Borrower.Name)).Order());

        // All shards reach a tick before any goes on; within a shard, loans made first end first.
        var settled = seen.Where(static e => Ends.Contains(e.Kind)).ToArray();
        Assert.Equal(settled.Select(static e => e.At).Order(), settled.Select(static e => e.At));
        foreach (var tick in ended.GroupBy(static e => (e.At, e.Shard))) Assert.Equal(tick.Select(static e => e.Loan.Slot), InOrderOfMaking(tick, loans.Length));
        foreach (var late in seen.Where(static e => e.Kind == LedgerEntryKind.Overdue))
            Assert.Contains(ended, e => (e.Loan, e.Shard, e.At + 1_000) == (late.Loan, late.Shard, late.At));
        Assert.All(pool.Participants, static p => Assert.Equal((p.InUse, p.InUse), (p.Debt, p.Overdue)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9_999)]
    [InlineData(10_000)]
    public void TimerThatFiresEarly_EndsNothingAndIsSetAgain(long earlyByHalfMilliseconds)
    {
        var (pool, time, loan) = OneLoan();
        time.Now = TestPool.Term - TimeSpan.FromMilliseconds(0.5) * earlyByHalfMilliseconds;
        for (var i = 0; i < 3; i++)
        {
            time.Fire();
            Assert.True(loan.IsActive);
            Assert.InRange(time.Due!.Value, time.Now, TestPool.Term + TimeSpan.FromMilliseconds(1));
            Assert.NotEqual(time.Now, time.Due);
        }

        time.RunTo(TestPool.Term + TimeSpan.FromMilliseconds(1));
        Assert.False(loan.IsActive);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void HostSuspended_TimeThatTheTimestampDoesNotCount_DoesNotCount()
    {
        var (pool, time, loan) = OneLoan();
        time.Now = TestPool.Term / 2;
        time.WallClock += TimeSpan.FromHours(8);
        time.Fire();
        Assert.True(loan.IsActive);
        Assert.InRange(time.Due!.Value, time.Now, TestPool.Term);
        time.RunTo(TestPool.Term - TimeSpan.FromTicks(1));
        Assert.True(loan.IsActive);
        time.RunTo(TestPool.Term);
        Assert.False(loan.IsActive);
        Assert.True(pool["a"].Reputation > 50, "and nobody was late");
    }

    [Fact]
    public void ClockBackwards_StandsStillUntilItHasCaughtUp()
    {
        var (pool, time, loan) = OneLoan();
        time.RunTo(TestPool.Term);
        Assert.False(loan.IsActive);
        time.Now = TimeSpan.Zero;
        var second = pool["a"].TryBorrow(pool["b"], 1, TimeSpan.FromSeconds(1));
        time.Fire();
        Assert.True(second.IsActive);
        Assert.Equal(TestPool.Term + TimeSpan.FromSeconds(1), Assert.Single(second.Status).Due);
        Assert.Equal((long)TestPool.Term.TotalMilliseconds, pool.Now);
        time.RunTo(TestPool.Term + TimeSpan.FromMilliseconds(999));
        Assert.True(second.IsActive);
        time.RunTo(TestPool.Term + TimeSpan.FromSeconds(1));
        Assert.False(second.IsActive);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void ClockThatThrowsInTheCallback_IsContained_AndTheLoanIsSettledLater()
    {
        var (pool, time, loan) = OneLoan();
        time.Now = TestPool.Term;
        (time.Fails, time.TimerFails) = (true, true);
        time.Fire();
        Assert.True(loan.IsActive, "nobody knows the time");
        Assert.Null(time.Due);
        (time.Fails, time.TimerFails) = (false, false);
        pool["a"].TryBorrow(pool.Reserve, 1, TestPool.Term).Dispose();
        time.RunTo(TestPool.Term);
        Assert.False(loan.IsActive);
    }

    [Fact]
    public void Timer_ThereIsOne_SetOnlyForAnEarlierTime()
    {
        var (pool, time, loan) = OneLoan();
        var (a, b) = (pool["a"], pool["b"]);
        Assert.Equal((1, 1, 1), (time.TimersMade, time.TimersAlive, time.Settings));
        var later = Enumerable.Range(1, 3).Select(i => a.TryBorrow(b, 1, TestPool.Term * (1 + i))).ToArray();
        Assert.Equal((1, TestPool.Term), (time.Settings, time.Due));
        using var earlier = a.TryBorrow(pool.Reserve, 1, TestPool.Term / 2);
        Assert.Equal((2, TestPool.Term / 2), (time.Settings, time.Due));

        // Whoever returns early leaves the timer as it is; it finds nothing and goes on to the next.
        earlier.Dispose();
        loan.Dispose();
        for (var i = 2; i <= 4; i++)
        {
            time.RunTo(TestPool.Term * i - TimeSpan.FromTicks(1));
            Assert.True(later[i - 2].IsActive);
            time.RunTo(TestPool.Term * i);
            Assert.False(later[i - 2].IsActive);
        }

        time.RunTo(TestPool.Term * 5);
        Assert.Null(time.Due);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Timer_WhateverWaits_IsTheSame_AndEndsWithThePool()
    {
        var (pool, time, _) = OneLoan();
        var (a, b) = (pool["a"], pool["b"]);
        using var held = b.TryAcquire(b.Available);
        var borrowing = a.BorrowAsync(new LoanRequest(3) { Lender = b }, TimeSpan.FromSeconds(3)).AsTask();
        var queued = b.AcquireAsync(2);
        for (var i = 0; i < 200; i++)
        {
            a.TryBorrow(pool.Reserve, 1, TimeSpan.FromMilliseconds(7)).Dispose();
            time.RunTo(time.Now + TimeSpan.FromMilliseconds(10));
            Assert.Equal((1, 1), (time.TimersMade, time.TimersAlive));
        }

        Assert.False(borrowing.IsCompleted);
        time.RunTo(TimeSpan.FromSeconds(3));
        Assert.False((await borrowing.Within()).IsGranted);
        time.RunTo(TestPool.Term);
        Assert.True((await queued.Within()).IsAcquired);
        pool.Dispose();
        Assert.Equal((1, 0), (time.TimersMade, time.TimersAlive));
    }

    [Fact]
    public void ManyLoansDueAtOnce_AreSettledInShortHolds_AndOthersGetInBetween()
    {
        const int Many = 200_000;
        const int StepsPerHold = 64;
        var time = new SteppedTime();
        var options = TestPool.Options(2 * Many, ("a", 0), ("b", Many));
        (options.Participants[0].OpenLoanLimit, options.Participants[1].LendingLimit) = (2 * Many, Many);
        using var pool = new ResourcePool(options, time, null, null, null, null, shards: 1);
        var (a, b) = (pool["a"], pool["b"]);
        for (var i = 0; i < Many; i++) Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);

        // One hold of the lock, by hand.
        var shard = a.Account.Home;
        var attention = new AttentionList();
        var due = (long)TestPool.Term.TotalMilliseconds;
        while (shard.OpenLoans == Many) shard.SettleDue(due, due, ref attention);
        Assert.InRange(Many - shard.OpenLoans, 1, StepsPerHold);

        // Between two holds the lender is told; there another thread, which needs the lock, gets its loan.
        var (told, leftWhenBorrowed) = (0, 0);
        b.Account.Changed = () =>
        {
            told++;
            if (told != 100) return;
            Assert.True(OnAnotherThread(() => a.TryBorrow(pool.Reserve, 1, TestPool.Term).IsGranted), "another borrower did not get in");
            leftWhenBorrowed = shard.OpenLoans;
        };
        attention.Run(pool.Book);
        time.RunTo(TestPool.Term);
        Assert.InRange(leftWhenBorrowed, Many / 2, Many);
        Assert.True(told >= Many / StepsPerHold - 1, $"{told} holds for {Many} loans");
        Assert.Equal((1, Many), (shard.OpenLoans, b.Allocation));
    }

    private static bool OnAnotherThread(Func<bool> act)
    {
        var isDone = false;
        var thread = new Thread(() => isDone = act()) { IsBackground = true };
        thread.Start();
        return thread.Join(TimeSpan.FromSeconds(30)) && isDone;
    }

    /// <summary>Slots of the slab are given out in order while none has been returned.</summary>
    private static IEnumerable<int> InOrderOfMaking(IEnumerable<LedgerEntry> tick, int made) => tick.Select(static e => e.Loan.Slot).Order().Where(s => s < made);

    private static (ResourcePool Pool, SteppedTime Time, Loan Loan) OneLoan()
    {
        var time = new SteppedTime();
        var pool = new ResourcePool(TestPool.Options(30, ("a", 10), ("b", 10)), time);
        return (pool, time, pool["a"].TryBorrow(pool["b"], 2, TestPool.Term));
    }
}
