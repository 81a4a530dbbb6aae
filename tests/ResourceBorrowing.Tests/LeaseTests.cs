namespace ResourceBorrowing.Tests;

public class LeaseTests
{
    [Fact]
    public void TryAcquire_FreeUnits_AreInUseUntilDisposed()
    {
        var (_, a, _, _) = TestPool.Of30();
        using (var lease = a.TryAcquire(4))
        {
            Assert.True(lease.IsAcquired);
            Assert.Equal(RefusalReason.None, lease.Refusal);
            Assert.Equal((4, 6), (a.InUse, a.Available));
        }

        Assert.Equal(0, a.InUse);
    }

    [Fact]
    public void TryAcquire_MoreThanFree_IsRefusedWithNumbers()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var held = a.TryAcquire(8);
        var lease = a.TryAcquire(3);
        Assert.False(lease.IsAcquired);
        Assert.Equal(RefusalReason.NotAvailable, lease.Refusal);
        Assert.Equal("'a' has 2 free, 3 asked for", lease.Explanation);
        lease.Dispose();
        Assert.Equal(8, a.InUse);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(31)]
    [InlineData(int.MaxValue)]
    public async Task Acquire_WhatCanNeverSucceed_Throws(int units)
    {
        var (_, a, _, _) = TestPool.Of30();
        Assert.Equal("units", Assert.Throws<ArgumentOutOfRangeException>(() => a.TryAcquire(units)).ParamName);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await a.AcquireAsync(units));
        Assert.Equal(0, a.InUse);
    }

    [Fact]
    public void TryAcquire_AllUnitsOfTheLargestPool_Works()
    {
        using var pool = new ResourcePool(TestPool.Options(int.MaxValue, ("a", int.MaxValue)));
        var a = pool["a"];
        var lease = a.TryAcquire(int.MaxValue);
        Assert.True(lease.IsAcquired);
        Assert.Equal(0, a.Available);
        Assert.False(a.TryAcquire().IsAcquired);
        lease.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Dispose_TwiceAndOfCopies_GivesUnitsBackOnce()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var other = a.TryAcquire(5);
        var lease = a.TryAcquire(3);
        var copy = lease;
        lease.Dispose();
        copy.Dispose();
        lease.Dispose();
        Assert.Equal(5, a.InUse);

        // The ticket is used again; the old copies must not end the new lease.
        using var next = a.TryAcquire(3);
        copy.Dispose();
        Assert.Equal(8, a.InUse);
        Assert.NotEqual(lease, next);
        Assert.True(lease == copy);
    }

    [Fact]
    public void Dispose_OfDefaultLease_DoesNothing()
    {
        ResourceLease lease = default;
        lease.Dispose();
        Assert.False(lease.IsAcquired);
        Assert.Equal("nothing was asked for", lease.ToString());
    }

    [Fact]
    public async Task Dispose_OnAnotherThread_GivesUnitsBack()
    {
        var (_, a, _, _) = TestPool.Of30();
        var leases = Enumerable.Range(0, 10).Select(_ => a.TryAcquire()).ToArray();
        await Task.Run(() => Array.ForEach(leases, static l => l.Dispose())).Within();
        Assert.Equal(0, a.InUse);
        Assert.True(a.TryAcquire(10).IsAcquired);
    }

    [Fact]
    public void TryAcquire_ManyLeasesAtOnce_AreAllDistinct()
    {
        using var pool = new ResourcePool(TestPool.Options(20_000, ("a", 20_000)));
        var a = pool["a"];
        var leases = Enumerable.Range(0, 20_000).Select(_ => a.TryAcquire()).ToArray();
        Assert.Equal(20_000, leases.Distinct().Count(static l => l.IsAcquired));
        Assert.False(a.TryAcquire().IsAcquired);
        foreach (var lease in leases.Reverse()) lease.Dispose();
        foreach (var lease in leases) lease.Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void PoolDispose_WithLeasesOut_LetsThemBeDisposedAndRefusesMore()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var lease = a.TryAcquire(4);
        pool.Dispose();
        pool.Dispose();
        lease.Dispose();
        Assert.Equal(0, a.InUse);
        Assert.Throws<ObjectDisposedException>(() => a.TryAcquire());
    }
}
