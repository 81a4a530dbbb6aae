using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

public class EventTests
{
    [Property(MaxTest = 200, Arbitrary = [typeof(LedgerProperties.Lives)])]
    public async Task AnyLife_ReadAlong_RebuildsTheExactLedger(LedgerProperties.LifeStep[] life)
    {
        var time = new FakeTimeProvider();
        var pool = new ResourcePool(LedgerProperties.Start(), time);
        var lives = new LedgerProperties.Players(pool, time);
        foreach (var step in life.Take(life.Length / 3)) lives.Do(step);

        await using var reader = pool.ReadEventsAsync(1_000_000).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        foreach (var step in life.Skip(life.Length / 3)) lives.Do(step);
        var snapshot = pool.Snapshot();
        pool.Dispose();

        var ledger = new Ledger();
        do ledger.Read(reader.Current);
        while (await reader.MoveNextAsync());
        foreach (var expected in snapshot.Participants.Append(snapshot.Reserve))
            Assert.Equal((expected.NominalQuota, expected.Lent, expected.Borrowed, expected.Debt, expected.Allocation), ledger.Of(expected.Name));
    }

    [Fact]
    public async Task Readers_EachSeeEverything_AndASlowOneIsToldWhatItLost()
    {
        var (pool, a, b, _) = TestPool.Of30();
        await using var fast = pool.ReadEventsAsync().GetAsyncEnumerator();
        await using var slow = pool.ReadEventsAsync(capacity: 4).GetAsyncEnumerator();
        for (var i = 0; i < 4; i++)
        {
            Assert.True(await fast.MoveNextAsync());
            Assert.True(await slow.MoveNextAsync());
            Assert.Equal((PoolEventKind.Present, PoolEventKind.Present), (fast.Current.Kind, slow.Current.Kind));
        }

        for (var i = 0; i < 10; i++) a.TryBorrow(b, 1, TestPool.Term).Dispose();
        pool.Dispose();
        var all = await Rest(fast);
        Assert.Equal(30, all.Count);
        Assert.Equal([PoolEventKind.Granted, PoolEventKind.Ended, PoolEventKind.Repaid], all.Take(3).Select(static e => e.Kind));
        Assert.Equal(Enumerable.Range(1, 30).Select(static n => (long)n), all.Select(static e => e.Sequence));
        var some = await Rest(slow);
        Assert.Equal((PoolEventKind.Dropped, 26), (some[0].Kind, some[0].Units));
        Assert.Equal(all.Skip(26), some.Skip(1));
    }

    [Fact]
    public async Task LoanReturnedEarly_IsToldWithItsTime()
    {
        var (pool, a, b, time) = TestPool.Of30();
        await using var reader = pool.ReadEventsAsync().GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        time.Advance(TimeSpan.FromSeconds(2));
        var loan = a.TryBorrow(b, 1, TestPool.Term);
        time.Advance(TimeSpan.FromSeconds(3));
        loan.Dispose();
        pool.Dispose();

        var told = (await Rest(reader)).Where(static e => e.Loan != 0).Select(static e => (e.Kind, e.At.TotalSeconds));
        Assert.Equal([(PoolEventKind.Granted, 2), (PoolEventKind.Ended, 5), (PoolEventKind.Repaid, 5)], told);
    }

    [Fact]
    public async Task Reader_Cancelled_IsForgotten()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var cancellation = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in pool.ReadEventsAsync(cancellationToken: cancellation.Token)) { }
        });
        while (pool.Book.Journal is null) await Task.Yield();
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within());
        Assert.Null(pool.Book.Journal);
        a.TryBorrow(b, 1, TestPool.Term).Dispose();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Reader_LeavingAmongThePresent_IsForgotten()
    {
        var (pool, _, _, _) = TestPool.Of30();
        await foreach (var _ in pool.ReadEventsAsync()) break;
        Assert.Null(pool.Book.Journal);
    }

    [Fact]
    public async Task Reader_BegunAfterDisposal_ReadsThePresentAndEnds()
    {
        var (pool, _, _, _) = TestPool.Of30();
        await using var reader = pool.ReadEventsAsync().GetAsyncEnumerator();
        pool.Dispose();
        var all = await Rest(reader).Within();
        Assert.All(all, static e => Assert.Equal(PoolEventKind.Present, e.Kind));
    }

    private static async Task<List<PoolEvent>> Rest(IAsyncEnumerator<PoolEvent> reader)
    {
        var rest = new List<PoolEvent>();
        while (await reader.MoveNextAsync()) rest.Add(reader.Current);
        return rest;
    }

    /// <summary>What the documentation of the events says they do, and nothing else.</summary>
    private sealed class Ledger
    {
        private readonly Dictionary<string, (int Nominal, int Lent, int Borrowed, int Debt)> _accounts = [];

        internal (int Nominal, int Lent, int Borrowed, int Debt, int Allocation) Of(string name)
        {
            var (nominal, lent, borrowed, debt) = _accounts[name];
            return (nominal, lent, borrowed, debt, nominal - lent + borrowed);
        }

        internal void Read(PoolEvent e)
        {
            switch (e.Kind)
            {
                case PoolEventKind.Present:
                    _accounts[e.Participant] = (e.State!.NominalQuota, e.State.Lent, e.State.Borrowed, e.State.Debt);
                    break;
                case PoolEventKind.Joined:
                    _accounts[e.Participant] = default;
                    break;
                case PoolEventKind.Removed:
                    Assert.Equal(default, _accounts[e.Participant]);
                    _accounts.Remove(e.Participant);
                    break;
                case PoolEventKind.CapacityRaised:
                    Change(e.Participant, nominal: e.Units);
                    break;
                case PoolEventKind.Moved:
                    Change(e.Lender!, nominal: e.Units);
                    Change(e.Participant, nominal: -e.Units);
                    break;
                case PoolEventKind.Granted:
                    Change(e.Lender!, lent: e.Units);
                    Change(e.Participant, borrowed: e.Units);
                    break;
                case PoolEventKind.DebtMade:
                    Change(e.Lender!, lent: e.Units);
                    Change(e.Participant, borrowed: e.Units, debt: e.Units);
                    break;
                case PoolEventKind.Ended:
                    Change(e.Participant, debt: e.Units);
                    break;
                case PoolEventKind.SetOff or PoolEventKind.PartRepaid or PoolEventKind.Repaid or PoolEventKind.DebtPaid:
                    Change(e.Lender!, lent: -e.Units);
                    Change(e.Participant, borrowed: -e.Units, debt: -e.Units);
                    break;
            }
        }

        private void Change(string name, int nominal = 0, int lent = 0, int borrowed = 0, int debt = 0)
        {
            var a = _accounts[name];
            _accounts[name] = (a.Nominal + nominal, a.Lent + lent, a.Borrowed + borrowed, a.Debt + debt);
        }
    }
}
