using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Callers, changes of membership, readers and checks of one pool, all at once.</summary>
internal sealed class Turmoil : IDisposable
{
    private const int Workers = 4;
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private readonly TimeProvider _time;
    private readonly Faults? _faults;
    private readonly int _seed;
    private readonly bool _disposesInTheMiddle;
    private readonly bool _balances;
    private readonly ConcurrentBag<Task> _removals = [];
    private readonly ConcurrentQueue<Exception> _failures = new();
    private TurmoilWorker[] _workers = [];
    private long _deadline;
    private long _changes;
    private long _snapshots;
    private long _events;
    private long _moved;
    private TimeSpan _planAt;

    internal Turmoil(TimeProvider time, int seed, Faults? faults, bool disposesInTheMiddle, bool balances = false)
    {
        _time = time;
        _seed = seed;
        _faults = faults;
        _disposesInTheMiddle = disposesInTheMiddle;
        _balances = balances;
        Pool = new ResourcePool(Options(60), time, faults ?? (IReputationPolicy)new Forgiving(), faults);
        if (faults is not null)
            foreach (var participant in Pool.Participants) Pool.Attach(participant, faults);
    }

    internal ResourcePool Pool { get; }

    /// <summary>Units that plans moved, as far as their reports were seen.</summary>
    internal long Moved => _moved;

    /// <summary>Handles that more than one worker may end.</summary>
    internal ConcurrentQueue<ResourceLease> CopiedLeases { get; } = new();

    internal ConcurrentQueue<Loan> CopiedLoans { get; } = new();

    /// <summary>Loans left to their term.</summary>
    internal ConcurrentBag<Loan> LeftLoans { get; } = [];

    /// <summary>Whether an exception is one that its caller must expect.</summary>
    internal bool IsExpected(Exception exception, bool asksTheClock) =>
        exception is ObjectDisposedException && _disposesInTheMiddle || exception is FaultException && _faults is not null && asksTheClock;

    public void Dispose() => Pool.Dispose();

    public override string ToString() => $"{_workers.Sum(static w => w.Leases)} leases, {_workers.Sum(static w => w.Waits)} waits, {_workers.Sum(static w => w.Loans)} loans, "
        + $"{_changes} changes, {_snapshots} snapshots, {_events} events, {_moved} units moved by plans\n{Pool.Snapshot()}";

    internal void Run(TimeSpan duration)
    {
        var began = TimeProvider.System.GetTimestamp();
        _deadline = began + (long)(duration.TotalSeconds * TimeProvider.System.TimestampFrequency);
        var middle = began + (_deadline - began) / 2;

        _workers = [.. Enumerable.Range(0, Workers).Select(i => new TurmoilWorker(this, new Random(_seed + i)))];
        var threads = _workers.Select(worker => Start(worker.Work)).ToList();
        threads.Add(Start(ReadEvents));
        threads.Add(Start(Change));
        threads.Add(Start(Check));
        if (_time is FakeTimeProvider fake) threads.Add(Start(() => Advance(fake)));
        if (_disposesInTheMiddle)
        {
            threads.Add(Start(() =>
            {
                while (TimeProvider.System.GetTimestamp() < middle) Thread.Yield();
                Pool.Dispose();
            }));
        }

        foreach (var thread in threads) thread.Join();
        if (_failures.TryDequeue(out var failure)) throw failure;
        ComeToRest();
    }

    private ResourcePoolOptions Options(int capacity)
    {
        var options = new ResourcePoolOptions { Capacity = capacity, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false }, Reserve = 4, GracePeriod = TimeSpan.FromMilliseconds(3), DefaultTerm = TimeSpan.FromMilliseconds(5), PlanningPeriod = TimeSpan.FromMilliseconds(2) };
        foreach (var name in (string[])["a", "b", "c", "d"]) options.AddParticipant(name, 8, static p => p.GrantThreshold = 0);
        options.AddParticipant("newest", 4, static p => p.QueueOrder = System.Threading.RateLimiting.QueueProcessingOrder.NewestFirst);
        options.Participants.Add(new ParticipantOptions { Name = "sharing", Shares = 1, GrantThreshold = 0 });
        options.Participants[3].HarmBudget = TimeSpan.FromMilliseconds(1);
        if (_faults is not null) options.Participants[1].AskBeforeLending(_faults.Consent, TimeSpan.FromMilliseconds(2));
        if (_balances) Balance(options);
        return options;
    }

    /// <summary>Plans as often as can be, of demand that is soon forgotten; half of the participants rely on them alone.</summary>
    private void Balance(ResourcePoolOptions options)
    {
        var random = new Random(unchecked(_seed + (int)_changes));
        options.PlanningPeriod = TimeSpan.FromMilliseconds(5);
        var balancing = options.Balancing;
        (balancing.Mode, balancing.SamplePeriod, balancing.MostMoved) = (BalancingMode.On, TimeSpan.FromMilliseconds(1), 1);
        (balancing.DemandHalfLife, balancing.OfferAfter) = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(random.Next(21)));
        for (var i = 0; i < options.Participants.Count; i += 2) options.Participants[i].BorrowOnDemand = false;
        if (_faults is not { } faults) return;
        (options.Forecasting.IsEnabled, options.Forecasting.Step) = (true, options.PlanningPeriod);
        options.Forecasting.UseForecaster(_ => new FaultyForecaster(faults));
    }

    private Thread Start(Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                while (TimeProvider.System.GetTimestamp() < _deadline && _failures.IsEmpty) work();
            }
            catch (Exception exception)
            {
                _failures.Enqueue(exception);
            }
        })
        { IsBackground = true };
        thread.Start();
        return thread;
    }

    private void Check()
    {
        TestPool.AssertLaws(Pool);
        _snapshots++;
        foreach (var participant in Pool.AllWithReserve) Assert.True(participant.Account.Cell.Read() is var word && word.InUse <= word.Allocation, $"over-granted: {word}");
        if (Pool.ReportBalance() is not { } report || report.At == _planAt) return;
        _planAt = report.At;
        _moved += report.UnitsMoved;
    }

    private void Advance(FakeTimeProvider time)
    {
        var random = new Random(_seed - 1);
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(random.Next(100) == 0 ? random.Next(1, 100_000) : random.Next(0, 3)));
            Thread.SpinWait(random.Next(20_000));
        }
    }

    /// <summary>Reads for a while, fast or too slowly: no number may come twice or out of order.</summary>
    private void ReadEvents()
    {
        var random = new Random(unchecked(_seed + (int)_events));
        // It ends with the others: afterwards there may be no event any more.
        var left = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), _deadline);
        using var cancellation = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        var most = random.Next(1, 2_000);
        try
        {
            ReadAsync().GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is OperationCanceledException || IsExpected(exception, asksTheClock: false))
        {
        }

        async Task ReadAsync()
        {
            var last = new Dictionary<int, long>();
            await foreach (var happened in Pool.ReadEventsAsync(random.Next(1, 500), cancellation.Token))
            {
                _events++;
                if (happened.Sequence > 0)
                {
                    Assert.True(happened.Sequence > last.GetValueOrDefault(happened.Shard), $"out of order: {happened}");
                    last[happened.Shard] = happened.Sequence;
                }

                if (--most == 0) cancellation.Cancel();
            }
        }
    }

    private void Change()
    {
        var random = new Random(unchecked(_seed + (int)_changes * 7919));
        _changes++;
        Thread.SpinWait(random.Next(100_000));
        try
        {
            switch (random.Next(5))
            {
                case 0:
                    Pool.Add(new ParticipantOptions { Name = $"x{random.Next(3)}", NominalQuota = random.Next(6), GrantThreshold = 0 });
                    break;
                case 1:
                    _removals.Add(Pool.RemoveAsync($"x{random.Next(3)}"));
                    break;
                case 2:
                    Pool.Update(new ParticipantOptions { Name = "ab"[random.Next(2)].ToString(), NominalQuota = random.Next(1, 13), GrantThreshold = 0 });
                    break;
                case 3:
                    Pool.Update(new ParticipantOptions { Name = "c", NominalQuota = 8, LendingLimit = random.Next(9), BorrowingLimit = random.Next(9), QueueLimit = random.Next(20), GrantThreshold = 0 });
                    break;
                default:
                    Pool.Reconfigure(Options(random.Next(50, 70)));
                    break;
            }
        }
        catch (Exception exception) when (exception is OptionsValidationException or KeyNotFoundException || IsExpected(exception, asksTheClock: false))
        {
            // Not enough units, a name that is taken, still leaving or gone; or the pool was disposed.
        }
    }

    private void ComeToRest()
    {
        _faults?.End();
        while (CopiedLeases.TryDequeue(out var lease)) lease.Dispose();
        while (CopiedLoans.TryDequeue(out var loan)) loan.Dispose();
        foreach (var loan in LeftLoans) loan.Dispose();
        foreach (var worker in _workers) worker.ReturnAll();
        // A timer that could not be set is set by whoever comes next.
        if (_faults is not null && !_disposesInTheMiddle) Pool.Participants[0].TryBorrow(Pool.Reserve, 1, Pool.DefaultTerm).Dispose();

        // Each wait that is granted gives its units to the next; what was borrowed for it ends with its term.
        Assert.True(
            SpinWait.SpinUntil(() => Pass(_workers.Sum(static worker => worker.EndWaits())) == 0, Generous),
            $"waiters are left beside free units\n{Pool.Snapshot()}");
        if (_disposesInTheMiddle)
        {
            // The pool's end leaves loans as they are: units are in nobody's use and nobody's debt.
            TestPool.AssertLaws(Pool);
            Assert.All(Pool.Snapshot().Participants, static p => Assert.True(p is { InUse: 0, Debt: 0, Waiting: 0 }, p.ToString()));
            return;
        }

        Assert.True(
            SpinWait.SpinUntil(() => Pass(HasForgottenDemand ? Pool.Snapshot().OpenLoans : 1) == 0, Generous), $"loans are left\n{Pool.Snapshot()}\n{Pool.ReportBalance()}");
        TestPool.AssertAtRest(Pool);
        Assert.Equal(0, Pool.Snapshot().Retiring);
        Assert.True(Task.WhenAll(_removals).Wait(Generous), $"a removal does not end\n{Pool.Snapshot()}");
    }

    /// <summary>Before, the next plan may lend again what has just come home.</summary>
    private bool HasForgottenDemand => !_balances || Pool.ReportBalance() is { UnitsPlanned: 0 } report && report.Participants.All(static p => p.SmoothedDemand < 0.01);

    private int Pass(int left)
    {
        if (left > 0 && _time is FakeTimeProvider fake) fake.Advance(TimeSpan.FromMilliseconds(1));
        return left;
    }
}
