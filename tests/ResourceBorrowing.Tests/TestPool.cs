using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests;

/// <summary>Builds pools whose clock the test turns.</summary>
internal static class TestPool
{
    internal static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    /// <summary>Borrowing on demand is off, so that a test that does not speak of it sees each participant alone.</summary>
    internal static ResourcePoolOptions Options(int capacity, params (string Name, int Quota)[] participants)
    {
        var options = new ResourcePoolOptions { Capacity = capacity, Reputation = { NewcomerLoans = 0 }, GracePeriod = TimeSpan.FromSeconds(1) };
        foreach (var (name, quota) in participants) options.AddParticipant(name, quota, static p => p.BorrowOnDemand = false);
        return options;
    }

    /// <summary>a owns 10, b owns 10, the reserve 10.</summary>
    internal static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Of30(Action<ResourcePoolOptions>? configure = null, IReputationPolicy? policy = null)
    {
        var options = Options(30, ("a", 10), ("b", 10));
        configure?.Invoke(options);
        var time = new FakeTimeProvider();
        var pool = new ResourcePool(options, time, policy);
        return (pool, pool["a"], pool["b"], time);
    }

    /// <summary>Asserts every law that can be seen in a snapshot.</summary>
    internal static void AssertLaws(ResourcePool pool)
    {
        var snapshot = pool.Snapshot();
        var all = snapshot.Participants.Append(snapshot.Reserve).ToArray();
        Assert.True(snapshot.Capacity + snapshot.Retiring == all.Sum(p => (long)p.Allocation), $"Units are not conserved:\n{snapshot}");
        Assert.True(snapshot.Capacity == all.Sum(p => (long)p.NominalQuota), $"Quotas do not add up:\n{snapshot}");
        Assert.True(all.Sum(p => (long)p.Lent) + snapshot.Retiring == all.Sum(p => (long)p.Borrowed), $"Lent is not borrowed:\n{snapshot}");
        foreach (var p in all)
        {
            Assert.True(p.Allocation == p.NominalQuota - p.Lent + p.Borrowed, $"{p.Name}: allocation is not nominal - lent + borrowed:\n{snapshot}");
            Assert.True(p.InUse <= p.Allocation, $"{p.Name} is over-granted:\n{snapshot}");
            Assert.True(p is { Allocation: >= 0, InUse: >= 0, Lent: >= 0, Borrowed: >= 0, Debt: >= 0, Waiting: >= 0 }, $"{p.Name} is negative:\n{snapshot}");
            Assert.True(p.Debt <= p.Borrowed, $"{p.Name} owes more than it has:\n{snapshot}");
            Assert.InRange(p.Reputation, 0, 100);
        }
    }

    /// <summary>Asserts that nothing is left of all that happened.</summary>
    internal static void AssertAtRest(ResourcePool pool)
    {
        AssertLaws(pool);
        var snapshot = pool.Snapshot();
        Assert.Equal(0, snapshot.OpenLoans);
        Assert.All(snapshot.Participants.Append(snapshot.Reserve), static p => Assert.True(
            p is { InUse: 0, Lent: 0, Borrowed: 0, Debt: 0, Waiting: 0 } && p.Allocation == p.NominalQuota, $"{p} is not at rest."));
    }

    internal static Task<T> Within<T>(this ValueTask<T> task) => task.AsTask().Within();

    internal static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    internal static Task Within(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(30));
}
