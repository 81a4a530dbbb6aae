using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

public class MemoryBudgetTests
{
    private const long PerUnit = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reservations_Whatever_UseTheUnitsThatTheyFillAndNeverMoreThanTheAllocation(int seed)
    {
        var random = new Random(seed);
        var (pool, a, b, _) = TestPool.Of30();
        var budget = new MemoryBudget(a, PerUnit);
        var held = new List<MemoryReservation>();
        for (var step = 0; step < 3_000; step++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                var place = random.Next(held.Count);
                held[place].Dispose();
                if (random.Next(3) == 0) held[place].Dispose();
                held.RemoveAt(place);
            }
            else if (budget.TryReserve(random.Next(0, 4_000)) is { IsAcquired: true } reservation) held.Add(reservation);
            else Assert.True(budget.Available < 4_000);

            if (random.Next(20) == 0) a.TryBorrow(b, 1 + random.Next(4), TimeSpan.FromHours(1)).Dispose();
            var sum = held.Sum(static r => r.Bytes);
            Assert.Equal(sum, budget.Reserved);
            Assert.Equal((sum + PerUnit - 1) / PerUnit, a.InUse);
            TestPool.AssertLaws(pool);
        }

        held.ForEach(static r => r.Dispose());
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task ReserveAsync_BeyondTheBudget_WaitsForARelease()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var budget = new MemoryBudget(a, PerUnit);
        var all = budget.TryReserve(9_500);
        var refused = budget.TryReserve(1_000);
        Assert.False(refused.IsAcquired);
        Assert.Contains("'a' has 0 free", refused.Explanation, StringComparison.Ordinal);
        Assert.True(budget.TryReserve(500).IsAcquired);
        var wait = budget.ReserveAsync(3_000);
        Assert.False(wait.IsCompleted);
        using var cancellation = new CancellationTokenSource();
        var given = budget.ReserveAsync(3_000, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.Within());
        all.Dispose();
        using var granted = await wait.Within();
        Assert.True(granted.IsAcquired);
        Assert.Equal(3_500, budget.Reserved);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Race_OfReservationsAndReleases_LosesNothing()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var budget = new MemoryBudget(a, PerUnit);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 2_000; i++)
            {
                var bytes = random.Next(1, 3_000);
                using var reservation = random.Next(2) == 0 ? budget.TryReserve(bytes) : await budget.ReserveAsync(bytes);
                Assert.True(budget.Reserved <= 10 * PerUnit);
            }
        }))).Within();
        Assert.Equal(0, budget.Reserved);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Buffers_ReserveWhatTheyAre_AndAreBackWithTheirOwner()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var budget = new MemoryBudget(a, 1024);
        var owner = budget.Buffers.Rent(3_000);
        Assert.Equal(4096, owner.Memory.Length);
        Assert.Equal((4096L, 4), (budget.Reserved, a.InUse));
        var exception = Assert.Throws<InsufficientMemoryException>(() => budget.Buffers.Rent(8_000));
        Assert.Contains("'a' has 6 free", exception.Message, StringComparison.Ordinal);
        owner.Dispose();
        owner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => owner.Memory);
        Assert.Equal(0, budget.Reserved);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public void Budget_WithoutAMeasure_SaysWhatIsMissing()
    {
        var (_, a, _, _) = TestPool.Of30();
        Assert.Contains("MemoryBytes", Assert.Throws<InvalidOperationException>(() => new MemoryBudget(a)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryBudget(a, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryBudget(a, PerUnit).TryReserve(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryBudget(a, PerUnit).TryReserve(31 * PerUnit));
    }

    /// <summary>More than any number of units could hold is no reservation of nothing.</summary>
    [Fact]
    public void Reservation_OfWhatNeverWas_WhenTheParticipantHasLeft_IsRefused()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var budget = new MemoryBudget(a, PerUnit);
        using var before = budget.TryReserve(1);
        _ = pool.RemoveAsync(a.Name);
        var reservation = budget.TryReserve(long.MaxValue);
        Assert.False(reservation.IsAcquired);
        Assert.Equal(1, budget.Reserved);
    }
}
