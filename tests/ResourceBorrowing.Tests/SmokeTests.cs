using Microsoft.Extensions.Time.Testing;
namespace ResourceBorrowing.Tests;
public class SmokeTests
{
    [Fact]
    public async Task Everything_Once_Works()
    {
        var time = new FakeTimeProvider();
        var options = new ResourcePoolOptions { Capacity = 30 }.AddParticipant("a", 10).AddParticipant("b", 10);
        using var pool = new ResourcePool(options, time);
        var a = pool["a"]; var b = pool["b"];
        Assert.Equal(10, pool.Reserve.NominalQuota);
        using (var l = a.TryAcquire(10)) { Assert.True(l.IsAcquired); var r = a.TryAcquire(); Assert.Equal(RefusalReason.NotAvailable, r.Refusal); Assert.Contains("'a'", r.Explanation); }
        Assert.Equal(0, a.InUse);
        var loan = a.TryBorrow(b, 5, TimeSpan.FromSeconds(10));
        Assert.True(loan.IsGranted, loan.Explanation);
        Assert.Equal(15, a.Allocation); Assert.Equal(5, b.Allocation);
        var lease = a.TryAcquire(12);
        var wait = a.AcquireAsync(5);
        Assert.False(wait.IsCompleted);
        var wait2 = b.AcquireAsync(8);
        Assert.False(wait2.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(loan.IsActive);
        Assert.Equal(2, a.Debt);
        Assert.Equal(8, b.Allocation);
        var got2 = await wait2;
        Assert.True(got2.IsAcquired);
        lease.Dispose(); lease.Dispose();
        Assert.Equal(0, a.Debt);
        var got = await wait;
        Assert.Equal(5, a.InUse);
        got.Dispose(); got2.Dispose();
        Assert.True(a.Reputation > 0, pool.Snapshot().ToString());
        var big = pool.Reserve.TryAcquire(3);
        pool.Add(new ParticipantOptions { Name = "c", NominalQuota = 9 });
        var leaving = pool.RemoveAsync("c");
        big.Dispose();
        await leaving;
        Assert.Equal(30, pool.Snapshot().Participants.Sum(p => p.Allocation) + pool.Snapshot().Reserve.Allocation);
    }
}
