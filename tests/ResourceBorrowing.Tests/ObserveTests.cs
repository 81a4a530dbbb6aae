using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>A pool that only observes refuses nothing and moves nothing, and counts what it would have done.</summary>
public class ObserveTests
{
    [Fact]
    public async Task Observe_RefusesNothingMovesNothingAndCounts()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var options = TestPool.Options(30, ("a", 10), ("b", 10));
        foreach (var p in options.Participants) (p.BorrowOnDemand, p.QueueLimit) = (true, 0);
        options.Mode = PoolMode.Observe;
        using var pool = new ResourcePool(options, new FakeTimeProvider(), meterFactory: meters);
        using var observed = new MetricCollector<long>(meters, "ResourceBorrowing", "resource_borrowing.observed");
        var (a, b) = (pool["a"], pool["b"]);

        var leases = new List<ResourceLease> { a.TryAcquire(10), a.TryAcquire(3), a.TryAcquire(20), await a.AcquireAsync(30), await b.AcquireAsync(40) };
        Assert.All(leases, static l => Assert.True(l.IsAcquired, l.Explanation));
        var loan = a.TryBorrow(b, 9, TestPool.Term);
        Assert.True(loan.IsGranted);
        Assert.False(loan.IsActive);
        Assert.True((await a.BorrowAsync(new LoanRequest(25))).IsGranted);
        Assert.Equal((10, 63, 10, 40, 0), (a.Allocation, a.InUse, b.Allocation, b.InUse, pool.Snapshot().OpenLoans));
        Assert.Equal(
            ["lent", "refused", "waited", "waited", "refused", "refused"],
            observed.GetMeasurementSnapshot().Select(static m => (string)m.Tags["resource_borrowing.result"]!));
        loan.Dispose();
        Assert.Equal(0, loan.Recall());

        leases.ForEach(static l => l.Dispose());
        TestPool.AssertAtRest(pool);
        options.Mode = PoolMode.Enforce;
        Assert.Throws<OptionsValidationException>(() => pool.Reconfigure(options));
    }

    [Fact]
    public async Task Observe_LendersCaller_WouldRecallWhatWouldHaveBeenLent()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        foreach (var p in options.Participants) p.BorrowOnDemand = true;
        options.Mode = PoolMode.Observe;
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (a, b) = (pool["a"], pool["b"]);
        await using var reader = pool.ReadEventsAsync().GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());

        var ofA = a.TryAcquire(14);
        var ofB = b.TryAcquire(6);
        Assert.True(ofB.IsAcquired);
        b.TryAcquire(2).Dispose();
        using var last = await b.AcquireAsync(2);
        ofA.Dispose();
        ofB.Dispose();
        a.TryAcquire(13).Dispose();
        b.TryAcquire(9).Dispose();
        time.Advance(options.DefaultTerm);
        a.TryAcquire(10).Dispose();
        Assert.Equal((20, 0), (a.Allocation + b.Allocation, pool.Snapshot().OpenLoans));

        pool.Dispose();
        var seen = new List<(PoolEventKind, string, int)>();
        while (await reader.MoveNextAsync())
            if (reader.Current.Kind != PoolEventKind.Present) seen.Add((reader.Current.Kind, reader.Current.Participant, reader.Current.Units));
        Assert.Equal(
            [
                (PoolEventKind.WouldLend, "a", 4),
                (PoolEventKind.WouldRefuse, "b", 2), // a uses what b lent, and TryAcquire recalls only free units
                (PoolEventKind.WouldRecall, "b", 2),
                (PoolEventKind.WouldWait, "b", 2),
                (PoolEventKind.WouldLend, "a", 1), // two of the four are left
                (PoolEventKind.WouldRecall, "b", 3), // all that it owns, and one more
                (PoolEventKind.WouldLend, "b", 1),
            ],
            seen);
    }

    [Fact]
    public async Task Observe_TwoLoansOfOneBorrower_ShareWhatItHasFree()
    {
        var options = TestPool.Options(20, ("a", 10), ("b", 10));
        options.Mode = PoolMode.Observe;
        using var pool = new ResourcePool(options, new FakeTimeProvider());
        var (a, b) = (pool["a"], pool["b"]);
        b.TryBorrow(a, 2, TestPool.Term);
        b.TryBorrow(a, 2, TestPool.Term);
        b.TryAcquire(12);
        await using var reader = pool.ReadEventsAsync().GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        a.TryAcquire(10);
        pool.Dispose();

        var seen = new List<(PoolEventKind, int)>();
        while (await reader.MoveNextAsync())
            if (reader.Current.Kind != PoolEventKind.Present) seen.Add((reader.Current.Kind, reader.Current.Units));
        Assert.Equal([(PoolEventKind.WouldRefuse, 10)], seen);
    }
}
