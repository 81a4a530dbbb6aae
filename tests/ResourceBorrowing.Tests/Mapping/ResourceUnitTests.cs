using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>What a unit stands for, and that all units together never stand for more than there is.</summary>
public class ResourceUnitTests
{
    [Theory]
    [InlineData("max 100000", double.PositiveInfinity)]
    [InlineData("150000 100000", 1.5)]
    [InlineData("nonsense", double.PositiveInfinity)]
    [InlineData("-5 100000", double.PositiveInfinity)]
    public void Quota_OfAContainer_IsReadAsItIs(string text, double cores)
    {
        var root = Directory.CreateTempSubdirectory();
        File.WriteAllText(Path.Combine(root.FullName, "cpu.max"), text + "\n");
        Assert.Equal(cores, HostCapacity.ReadQuota(root.FullName));
        File.Delete(Path.Combine(root.FullName, "cpu.max"));
        Assert.Equal(double.PositiveInfinity, HostCapacity.ReadQuota(root.FullName));
        var first = root.CreateSubdirectory("cpu").FullName;
        File.WriteAllText(Path.Combine(first, "cpu.cfs_quota_us"), "50000");
        File.WriteAllText(Path.Combine(first, "cpu.cfs_period_us"), "100000");
        Assert.Equal(0.5, HostCapacity.ReadQuota(root.FullName));
        root.Delete(recursive: true);
    }

    [Fact]
    public void FromHost_DividesThisHost()
    {
        var options = TestPool.Options(40, ("a", 10));
        options.Unit.FromHost(capacity: 40, share: 0.5, networkBytesPerSecond: 1_000_000, ioOperationsPerSecond: 8_000);
        using var pool = new ResourcePool(options);
        var host = HostCapacity.Read();
        Assert.InRange(host.Cores, 0.01, Environment.ProcessorCount);
        Assert.True(host.MemoryBytes > 1_000_000);
        Assert.Equal(new ResourceAmounts(host.Cores / 80, host.MemoryBytes / 80, 12_500, 100), pool["a"].UnitAmounts);
        Assert.Equal(pool["a"].UnitAmounts * 40.0, pool.Reserve.UnitAmounts * 40.0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Amounts_OfAllParticipantsHeldToTheFull_AreNeverMoreThanAllUnitsStandFor(int seed)
    {
        const double Unit = 1 << 20;
        var random = new Random(seed);
        var options = TestPool.Options(24, ("a", 8), ("b", 8), ("c", 8));
        options.Unit.MemoryBytes = Unit;
        foreach (var participant in options.Participants)
        {
            participant.Needs.Memory = 0.2 + 0.8 * random.NextDouble();
            participant.LendingLimit = 8;
        }

        using var pool = new ResourcePool(options);
        var budgets = pool.Participants.Select(static p => new MemoryBudget(p)).ToArray();
        Assert.All(budgets.Zip(options.Participants), static pair => Assert.Equal((long)(Unit * pair.Second.Needs.Memory), pair.First.BytesPerUnit));
        var held = new List<MemoryReservation>();
        for (var round = 0; round < 200; round++)
        {
            pool.Participants[random.Next(3)].TryBorrow(1 + random.Next(3), TimeSpan.FromMilliseconds(1 + random.Next(20)));
            // To the full: smaller and smaller, until not a byte is left.
            foreach (var budget in budgets)
                for (var bytes = 1 << 22; bytes > 0; bytes /= 2)
                    while (budget.TryReserve(bytes) is { IsAcquired: true } reservation) held.Add(reservation);
            Assert.InRange(budgets.Sum(static b => b.Reserved), 1, (long)(24 * Unit));
            TestPool.AssertLaws(pool);
            for (var i = held.Count / 2; i >= 0; i--) Drop(random.Next(held.Count));
        }

        void Drop(int place)
        {
            held[place].Dispose();
            held.RemoveAt(place);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Rates_OfAllParticipantsUsedToTheFull_AreNeverMoreThanAllUnitsStandFor(int seed)
    {
        const double Bytes = 1_000, Operations = 10;
        var random = new Random(seed);
        var options = TestPool.Options(24, ("a", 8), ("b", 8), ("c", 8));
        (options.Unit.NetworkBytesPerSecond, options.Unit.IoOperationsPerSecond) = (Bytes, Operations);
        foreach (var participant in options.Participants)
            (participant.Needs.Network, participant.Needs.Io, participant.LendingLimit) = (0.2 + 0.8 * random.NextDouble(), 0.2 + 0.8 * random.NextDouble(), 8);
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var burst = TimeSpan.FromSeconds(0.1);
        var buckets = pool.Participants.Select(p => new RateBucket(p, static u => new Rates(u.NetworkBytesPerSecond, u.IoOperationsPerSecond), burst, isFull: false)).ToArray();
        var (bytes, operations) = (0.0, 0.0);
        for (var step = 0; step < 4_000; step++)
        {
            if (random.Next(40) == 0) pool.Participants[random.Next(3)].TryBorrow(1 + random.Next(3), TimeSpan.FromMilliseconds(1 + random.Next(500)));
            foreach (var bucket in buckets)
            {
                for (var amount = new Rates(40, 0.5); bucket.TryDraw(amount);) (bytes, operations) = (bytes + amount.First, operations + amount.Second);
            }

            time.Advance(TimeSpan.FromMilliseconds(5));
        }

        var most = 24 * (20 + burst.TotalSeconds);
        Assert.InRange(bytes, 0.3 * Bytes * most, Bytes * most);
        Assert.InRange(operations, 0.3 * Operations * most, Operations * most);
        foreach (var bucket in buckets) bucket.Dispose();
        TestPool.AssertLaws(pool);
        Assert.All(pool.Participants, static p => Assert.Equal(0, p.InUse));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Needs_ThatAreNoShare_AreRefused(double need)
    {
        var options = TestPool.Options(10, ("a", 10));
        options.Participants[0].Needs.Network = need;
        Assert.Contains("Network", Assert.Throws<OptionsValidationException>(() => new ResourcePool(options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void HostShare_ThatIsNone_IsRefused(double share)
    {
        var options = TestPool.Options(10, ("a", 10));
        options.Unit.HostShare = share;
        Assert.Contains("HostShare", Assert.Throws<OptionsValidationException>(() => new ResourcePool(options)).Message, StringComparison.Ordinal);
    }
}
