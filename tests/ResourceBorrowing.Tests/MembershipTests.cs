using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing.Tests;

public class MembershipTests
{
    [Fact]
    public void Shares_JoinAndLeave_AreRecomputedByLargestRemainder()
    {
        var options = new ResourcePoolOptions { Capacity = 100, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false }, Reserve = 10 };
        options.AddParticipant("fixed", 20);
        options.Participants.Add(new ParticipantOptions { Name = "s1", Shares = 1 });
        options.Participants.Add(new ParticipantOptions { Name = "s2", Shares = 1 });
        using var pool = new ResourcePool(options);
        Assert.Equal([20, 35, 35], pool.Participants.Select(static p => p.NominalQuota));

        pool.Add(new ParticipantOptions { Name = "s3", Shares = 1 });
        Assert.Equal([20, 24, 23, 23], pool.Participants.Select(static p => p.NominalQuota));
        Assert.Equal(10, pool.Reserve.NominalQuota);

        _ = pool.RemoveAsync("s1");
        Assert.Equal([20, 35, 35], pool.Participants.Select(static p => p.NominalQuota));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void LargestRemainder_AnyWeights_SumsExactlyAndIsWithinOneOfProportion()
    {
        Assert.Equal([4, 3, 3], QuotaPlan.LargestRemainder(10, [1, 1, 1]));
        Assert.Equal([1, 0, 0], QuotaPlan.LargestRemainder(1, [5, 5, 5]));
        Assert.Equal([0, 3], QuotaPlan.LargestRemainder(3, [1, int.MaxValue]));
        Assert.Equal(int.MaxValue, QuotaPlan.LargestRemainder(int.MaxValue, [int.MaxValue, int.MaxValue, 7]).Sum());
    }

    [Fact]
    public async Task Update_QuotaBelowWhatIsInUse_IsADebtToTheReserve()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var first = a.TryAcquire(6);
        var second = a.TryAcquire(2);
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 3, BorrowOnDemand = false });
        Assert.Equal((3, 8, 5, 5), (a.NominalQuota, a.Allocation, a.Debt, a.Borrowed));
        Assert.Equal((17, 12), (pool.Reserve.NominalQuota, pool.Reserve.Allocation));
        TestPool.AssertLaws(pool);

        var wait = a.AcquireAsync(2);
        first.Dispose();
        Assert.Equal((0, 3), (a.Debt, a.Allocation));
        Assert.False(wait.IsCompleted);
        second.Dispose();
        (await wait.Within()).Dispose();
        Assert.Equal(50, a.Reputation); // no evidence about anybody
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Update_QuotaRaised_ServesWaiters()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(10);
        var wait = a.AcquireAsync(5);
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 15 });
        Assert.True((await wait.Within()).IsAcquired);
        Assert.Same(a, pool["a"]);
    }

    [Fact]
    public async Task Update_QuotaBelowWhatIsAskedFor_RefusesTheWaiter()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(1);
        var wait = a.AcquireAsync(10);
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 5, BorrowOnDemand = false });
        Assert.Equal(RefusalReason.ExceedsAllocation, (await wait.Within()).Refusal);
    }

    [Fact]
    public void Update_QuotaTakenFromTheReserveWhileItIsLent_IsOwedByTheReserve()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(pool.Reserve, 10, TestPool.Term);
        var held = a.TryAcquire(20);
        pool.Update(new ParticipantOptions { Name = "b", NominalQuota = 18 });
        Assert.Equal((18, 10, 8), (b.NominalQuota, b.Allocation, b.Lent));
        TestPool.AssertLaws(pool);
        time.Advance(TestPool.Term);
        held.Dispose();
        Assert.Equal(18, b.Allocation);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Remove_WithEverythingGoingOn_DrainsAndFreesTheName()
    {
        var (pool, a, b, _) = TestPool.Of30();
        _ = b.TryBorrow(a, 4, TestPool.Term);
        _ = a.TryBorrow(pool.Reserve, 3, TestPool.Term);
        var ofB = b.TryAcquire(14);
        var ofA = a.TryAcquire(9);
        var wait = a.AcquireAsync(2);

        var left = pool.RemoveAsync("a");
        Assert.Equal(RefusalReason.Removed, (await wait.Within()).Refusal);
        Assert.Equal(RefusalReason.Removed, a.TryAcquire().Refusal);
        Assert.Equal(RefusalReason.Removed, (await a.AcquireAsync(30).Within()).Refusal);
        Assert.Equal(RefusalReason.Removed, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        Assert.Equal(RefusalReason.Removed, b.TryBorrow(a, 1, TestPool.Term).Refusal);
        Assert.False(left.IsCompleted);
        Assert.Throws<OptionsValidationException>(() => pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 1 }));
        TestPool.AssertLaws(pool);

        ofA.Dispose();
        Assert.False(left.IsCompleted); // b still has what it borrowed
        ofB.Dispose();
        await left.Within();
        Assert.False(pool.TryGetParticipant("a", out _));
        TestPool.AssertAtRest(pool);

        var again = pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 7 });
        Assert.NotSame(a, again);
        Assert.True(again.TryAcquire(7).IsAcquired);
        Assert.Equal(RefusalReason.Removed, a.TryAcquire().Refusal);
    }

    [Fact]
    public async Task Remove_AndAddAgain_KeepsTheReputation()
    {
        var (pool, a, b, time) = TestPool.Of30();
        _ = a.TryBorrow(b, 5, TestPool.Term);
        time.Advance(TestPool.Term);
        var reputation = a.Reputation;
        Assert.True(reputation > 50);
        await pool.RemoveAsync("a").Within();
        Assert.Equal(reputation, pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 1 }).Reputation, 6);
    }

    [Fact]
    public async Task Remove_Unknown_NamesWhatThereIs()
    {
        var (pool, _, _, _) = TestPool.Of30();
        var exception = await Assert.ThrowsAsync<KeyNotFoundException>(() => pool.RemoveAsync("c"));
        Assert.Contains("a, b", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reconfigure_Wrong_ChangesNothing()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var before = pool.Snapshot().ToString();
        var wrong = TestPool.Options(30, ("a", 20), ("b", 20));
        Assert.Throws<OptionsValidationException>(() => pool.Reconfigure(wrong));
        Assert.Equal(before, pool.Snapshot().ToString());
        Assert.Equal(10, a.NominalQuota);
    }

    [Fact]
    public void Reconfigure_KeepsWhatWasAddedByHandAndRemovesWhatWasConfigured()
    {
        var (pool, a, _, _) = TestPool.Of30();
        pool.Add(new ParticipantOptions { Name = "hand", NominalQuota = 5 });
        pool.Reconfigure(TestPool.Options(40, ("a", 12), ("c", 3)));
        Assert.Equal(["a", "hand", "c"], pool.Participants.Select(static p => p.Name));
        Assert.Equal((40, 12, 20), (pool.Capacity, a.NominalQuota, pool.Reserve.NominalQuota));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Reconfigure_LowerCapacityWhileInUse_RetiresUnitsAsTheyAreReleased()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var held = a.TryAcquire(10);
        pool.Reconfigure(TestPool.Options(12, ("a", 4), ("b", 8)));
        var snapshot = pool.Snapshot();
        Assert.Equal((12, 6), (snapshot.Capacity, snapshot.Retiring));
        TestPool.AssertLaws(pool);
        held.Dispose();
        Assert.Equal((0, 4, 8), (pool.Snapshot().Retiring, a.Allocation, b.Allocation));
        TestPool.AssertAtRest(pool);

        pool.Reconfigure(TestPool.Options(50, ("a", 30), ("b", 8)));
        Assert.Equal((30, 12), (a.Allocation, pool.Reserve.Allocation));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Snapshot_Printed_IsATableOfEverybody()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var lease = a.TryAcquire(3);
        var text = pool.Snapshot().ToString();
        Assert.Contains("(reserve)", text, StringComparison.Ordinal);
        Assert.EndsWith("30 units, 0 open loans", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_Lender_TellsTheLoansTokens()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        a.TryBorrow(b, 3, TestPool.Term).RecallToken.Register(told.SetResult);
        await pool.RemoveAsync("b").Within();
        await told.Task.Within();
    }

    [Fact]
    public async Task Remove_WhoHasLeft_IsNotKeptInMemory()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var gone = await Visit();
        for (var i = 0; i < 10 && gone.IsAlive; i++)
        {
            a.TryBorrow(1, TestPool.Term).Dispose();
            pool.Snapshot();
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(gone.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<WeakReference> Visit()
        {
            var visitor = pool.Add(new ParticipantOptions { Name = "visitor", NominalQuota = 5 });
            visitor.TryBorrow(a, 2, TestPool.Term).Dispose();
            a.TryBorrow(visitor, 2, TestPool.Term).Dispose();
            await pool.RemoveAsync("visitor").Within();
            return new WeakReference(visitor);
        }
    }
}
