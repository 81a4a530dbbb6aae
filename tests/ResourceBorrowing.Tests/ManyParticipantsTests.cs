using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>Among many participants not all are looked at, and yet nothing is overlooked.</summary>
public sealed class ManyParticipantsTests : IDisposable
{
    private const int Participants = 200;

    private readonly FakeTimeProvider _time = new();
    private readonly ResourcePool _pool;
    private readonly IReadOnlyList<Participant> _all;

    public ManyParticipantsTests()
    {
        var options = new ResourcePoolOptions { Capacity = Participants, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
        for (var i = 0; i < Participants; i++) options.AddParticipant($"p{i}", 1, static p => p.LendingLimit = 1);
        _pool = new ResourcePool(options, _time);
        _all = _pool.Participants;
    }

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Borrow_WhereOneOfManyCanLend_FindsIt()
    {
        var leases = _all.Select(static p => p.TryAcquire()).ToList();
        for (var i = 0; i < Participants; i++)
        {
            leases[i].Dispose();
            using (var loan = _all[(i + 77) % Participants].TryBorrow(1, TestPool.Term)) Assert.True(loan.IsGranted, loan.Explanation);
            leases[i] = _all[i].TryAcquire();
            Assert.True(leases[i].IsAcquired);
        }
    }

    [Fact]
    public void Borrow_OfMoreThanAnyOneHas_IsMadeUpOfMany()
    {
        using var loan = _all[0].TryBorrow(32, TestPool.Term);
        Assert.True(loan.IsGranted, loan.Explanation);
        Assert.Equal(32, _all.Count(static p => p.Lent == 1));
        TestPool.AssertLaws(_pool);
    }

    [Fact]
    public async Task QueuedCallers_OfMany_GetEachUnitThatBecomesFreeAnywhere()
    {
        var leases = _all.Select(static p => p.TryAcquire()).ToList();
        var waiting = Enumerable.Range(0, 50).Select(i => _all[i * 3 % Participants].AcquireAsync().AsTask()).ToList();
        Assert.False(_all[170].TryAcquire().IsAcquired, "nobody has a unit");
        for (var i = 0; i < waiting.Count; i++)
        {
            // The first to wait are no owners of these units, which they can only have as a loan.
            leases[^(i + 1)].Dispose();
            Assert.True(SpinWait.SpinUntil(() => waiting.Count(static t => t.IsCompletedSuccessfully) == i + 1, TimeSpan.FromSeconds(30)), $"{i}: {waiting.Count(static t => t.IsCompletedSuccessfully)}\n{_pool.Snapshot()}");
            TestPool.AssertLaws(_pool);
        }

        foreach (var lease in waiting) (await lease).Dispose();
        Assert.True(_all[170].TryAcquire().IsAcquired);
    }
}
