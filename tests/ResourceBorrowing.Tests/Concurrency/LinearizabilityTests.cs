using System.Collections.Concurrent;
using CsCheck;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>
/// Random operations of several threads on the real thing: what came of them must be what some order of them, one after the other,
/// makes of a model in plain numbers.
/// </summary>
[Collection(RealThreads.Name)]
public class LinearizabilityTests
{
    private const int MostUnits = 3;
    private const int Leases = 4;

    private static readonly Gen<int> Units = Gen.Int[1, MostUnits];
    private static readonly Gen<int> Places = Gen.Int[0, Leases - 1];

    [Fact]
    public void AcquireAndDispose_FromSeveralThreads_AreLinearizable() =>
        Gen.Select(Gen.Int[Leases, 10], Units.Array[Leases], static (capacity, held) => (new RealLeases(capacity, held), new ModelLeases(capacity, held)))
            .SampleParallel(
                Units.Operation<RealLeases, ModelLeases>(static n => $"TryAcquire({n})", static (real, n) => real.TryAcquire(n), static (model, n) => model.TryAcquire(n)),
                Places.Operation<RealLeases, ModelLeases>(static i => $"Dispose({i})", static (real, i) => real.Dispose(i), static (model, i) => model.Dispose(i)),
                Places.Operation<RealLeases, ModelLeases>(
                    static i => $"DisposeTwice({i})",
                    static (real, i) =>
                    {
                        real.Dispose(i);
                        real.Dispose(i);
                    },
                    static (model, i) => model.Dispose(i)),
                equal: static (real, model) => real.State == model.State,
                maxParallelOperations: 5,
                threads: 3,
                iter: 1_000);

    // Two at a time: who finds the queue's server busy leaves the work to it and returns, so a third operation that
    // the same thread then begins may overtake that work. Nothing is lost by it, but it is no order of the three.
    [Fact]
    public void WaitAndCancelAndDispose_FromTwoThreads_AreLinearizable() =>
        Gen.Select(Gen.Int[Leases, 10], Units.Array[Leases], Units.Array[1, 4],
                static (capacity, held, waiting) => (new RealWaits(capacity, held, waiting), new ModelWaits(capacity, held, waiting)))
            .SampleParallel(
                Units.Operation<RealWaits, ModelWaits>(static n => $"AcquireAsync({n})", static (real, n) => real.AcquireAsync(n), static (model, n) => model.AcquireAsync(n)),
                Units.Operation<RealWaits, ModelWaits>(static n => $"TryAcquire({n})", static (real, n) => real.TryAcquire(n), static (model, n) => model.TryAcquire(n)),
                Places.Operation<RealWaits, ModelWaits>(static i => $"Dispose({i})", static (real, i) => real.Dispose(i), static (model, i) => model.Dispose(i)),
                Places.Operation<RealWaits, ModelWaits>(static i => $"Cancel({i})", static (real, i) => real.Cancel(i), static (model, i) => model.Cancel(i)),
                equal: static (real, model) => real.State == model.State,
                maxParallelOperations: 2,
                threads: 2,
                iter: 1_000);

    [Fact]
    public void BorrowAndReturn_FromTwoThreads_AreLinearizable() =>
        Gen.Select(Gen.Int[4, 10], Gen.Int[0, 10], Gen.Int[0, 3],
                static (nominal, limit, busy) => (new RealLoans(nominal, Math.Min(limit, nominal), busy), new ModelLoans(nominal, Math.Min(limit, nominal), busy)))
            .SampleParallel(
                Gen.Select(Gen.Int[0, 1], Units).Operation<RealLoans, ModelLoans>(
                    static x => $"TryBorrow{x}", static (real, x) => real.TryBorrow(x.Item1, x.Item2), static (model, x) => model.TryBorrow(x.Item1, x.Item2)),
                Gen.Int[0, 1].Operation<RealLoans, ModelLoans>(static i => $"Return({i})", static (real, i) => real.Return(i), static (model, i) => model.Return(i)),
                Gen.Int[0, 1].Operation<RealLoans, ModelLoans>(static i => $"DisposeLease({i})", static (real, i) => real.DisposeLease(i), static (model, i) => model.DisposeLease(i)),
                equal: static (real, model) => real.State == model.State,
                maxParallelOperations: 2,
                threads: 2,
                iter: 500);

    // The clock stands still: the pool's own timer would be one more thread, which a check at rest does not wait for.
    private static ResourcePool Pool(ResourcePoolOptions options) => new(options, new StoppedTime(), null, null, null, null, shards: 2);

    private sealed class RealLeases
    {
        private readonly Participant _participant;
        private readonly ResourceLease[] _leases;
        private readonly int[] _granted = new int[MostUnits + 1];
        private readonly int[] _refused = new int[MostUnits + 1];

        internal RealLeases(int capacity, int[] held)
        {
            _participant = Pool(new ResourcePoolOptions { Capacity = capacity, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", capacity))["a"];
            _leases = [.. held.Select(units => _participant.TryAcquire(units))];
        }

        internal string State => $"{_participant.InUse}; {string.Join(' ', _granted)}; {string.Join(' ', _refused)}";

        internal void TryAcquire(int units) => Interlocked.Increment(ref (_participant.TryAcquire(units).IsAcquired ? _granted : _refused)[units]);

        // One at a time: of copies disposed at once one gives the units back, and the others may return a moment before it has.
        internal void Dispose(int place)
        {
            lock (_leases) _leases[place].Dispose();
        }
    }

    private sealed class ModelLeases
    {
        private readonly int _capacity;
        private readonly int[] _held;
        private readonly int[] _granted = new int[MostUnits + 1];
        private readonly int[] _refused = new int[MostUnits + 1];
        private int _inUse;

        internal ModelLeases(int capacity, int[] held)
        {
            _capacity = capacity;
            _held = [.. held.Select(units => Take(units) ? units : 0)];
        }

        internal string State => $"{_inUse}; {string.Join(' ', _granted)}; {string.Join(' ', _refused)}";

        internal void TryAcquire(int units) => (Take(units) ? _granted : _refused)[units]++;

        internal void Dispose(int place)
        {
            _inUse -= _held[place];
            _held[place] = 0;
        }

        private bool Take(int units)
        {
            if (units > _capacity - _inUse) return false;
            _inUse += units;
            return true;
        }
    }

    private sealed class RealWaits
    {
        private readonly Participant _participant;
        private readonly ResourceLease[] _leases;
        private readonly (int Units, Wait Wait, CancellationTokenSource Cancellation)[] _waits;
        private readonly ConcurrentQueue<(int Units, Wait Wait)> _newcomers = new();
        private readonly int[] _taken = new int[MostUnits + 1];

        internal RealWaits(int capacity, int[] held, int[] waiting)
        {
            var options = new ResourcePoolOptions { Capacity = capacity, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", capacity, static p => p.QueueLimit = 1000);
            _participant = Pool(options)["a"];
            _leases = [.. held.Select(units => _participant.TryAcquire(units))];
            _waits = [.. waiting.Select(units =>
            {
                var cancellation = new CancellationTokenSource();
                return (units, new Wait(_participant.AcquireAsync(units, cancellation.Token)), cancellation);
            })];
        }

        internal string State =>
            $"{_participant.InUse} in use, {_participant.Waiting} waiting; {string.Join(' ', _waits.Select(w => Describe(w.Wait)))}; "
            + $"{string.Join(' ', _newcomers.Select(w => $"{w.Units}{Describe(w.Wait)}").Order())}; {string.Join(' ', _taken)}";

        internal void AcquireAsync(int units) => _newcomers.Enqueue((units, new Wait(_participant.AcquireAsync(units))));

        internal void TryAcquire(int units)
        {
            if (_participant.TryAcquire(units).IsAcquired) Interlocked.Increment(ref _taken[units]);
        }

        internal void Dispose(int place)
        {
            lock (_leases) _leases[place].Dispose();
        }

        internal void Cancel(int place)
        {
            if (place < _waits.Length) _waits[place].Cancellation.Cancel();
        }

        private static char Describe(Wait wait) => !wait.IsCompleted ? '?' : wait.IsCancelled ? 'c' : 'g';
    }

    private sealed class ModelWaits
    {
        private readonly int _capacity;
        private readonly int[] _held;
        private readonly List<Waiter> _waits = [];
        private readonly List<Waiter> _newcomers = [];
        private readonly LinkedList<Waiter> _queue = new();
        private readonly int[] _taken = new int[MostUnits + 1];
        private int _inUse;

        internal ModelWaits(int capacity, int[] held, int[] waiting)
        {
            _capacity = capacity;
            _held = [.. held.Select(units => Take(units) ? units : 0)];
            foreach (var units in waiting) Queue(_waits, units);
        }

        internal string State =>
            $"{_inUse} in use, {_queue.Sum(static w => w.Units)} waiting; {string.Join(' ', _waits.Select(static w => w.Outcome))}; "
            + $"{string.Join(' ', _newcomers.Select(static w => $"{w.Units}{w.Outcome}").Order())}; {string.Join(' ', _taken)}";

        internal void AcquireAsync(int units) => Queue(_newcomers, units);

        internal void TryAcquire(int units)
        {
            if (_queue.Count == 0 && Take(units)) _taken[units]++;
        }

        internal void Dispose(int place)
        {
            _inUse -= _held[place];
            _held[place] = 0;
            Serve();
        }

        internal void Cancel(int place)
        {
            if (place >= _waits.Count || !_queue.Remove(_waits[place])) return;
            _waits[place].Outcome = 'c';
            Serve();
        }

        private void Queue(List<Waiter> list, int units)
        {
            var waiter = new Waiter(units);
            list.Add(waiter);
            _queue.AddLast(waiter);
            Serve();
        }

        private void Serve()
        {
            while (_queue.First is { Value: { } front } && Take(front.Units))
            {
                front.Outcome = 'g';
                _queue.RemoveFirst();
            }
        }

        private bool Take(int units)
        {
            if (units > _capacity - _inUse) return false;
            _inUse += units;
            return true;
        }

        private sealed class Waiter(int units)
        {
            internal int Units { get; } = units;

            internal char Outcome { get; set; } = '?';
        }
    }

    /// <summary>A lender and two borrowers, each with a loan of 1 unit that it uses.</summary>
    private sealed class RealLoans
    {
        private static readonly TimeSpan Term = TimeSpan.FromHours(1);
        private readonly ResourcePool _pool;
        private readonly Participant _lender;
        private readonly Participant[] _borrowers;
        private readonly Loan[] _loans;
        private readonly ResourceLease[] _leases;
        private int _granted;
        private int _refused;

        internal RealLoans(int nominal, int limit, int busy)
        {
            _pool = Pool(new ResourcePoolOptions { Capacity = 100, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
                .AddParticipant("lender", nominal, p =>
                {
                    p.LendingLimit = limit;
                    p.GrantThreshold = 0;
                    p.BorrowOnDemand = false;
                })
                .AddParticipant("one", 0, static p => p.BorrowOnDemand = false)
                .AddParticipant("other", 0, static p => p.BorrowOnDemand = false));
            _lender = _pool["lender"];
            _borrowers = [_pool["one"], _pool["other"]];
            _lender.TryAcquire(busy + 1);
            _loans = [.. _borrowers.Select(b => b.TryBorrow(_lender, 1, Term))];
            _leases = [.. _borrowers.Select(static b => b.TryAcquire())];
        }

        internal string State
        {
            get
            {
                var snapshot = _pool.Snapshot();
                return $"{string.Join("; ", snapshot.Participants.Select(static p => $"{p.Allocation} {p.InUse} {p.Lent} {p.Borrowed} {p.Debt}"))}; {_granted} {_refused}";
            }
        }

        internal void TryBorrow(int borrower, int units)
        {
            if (_borrowers[borrower].TryBorrow(_lender, units, Term).IsGranted) Interlocked.Increment(ref _granted);
            else Interlocked.Increment(ref _refused);
        }

        internal void Return(int borrower) => _loans[borrower].Dispose();

        // One at a time: of copies disposed at once one gives the units back, and the others may return a moment before it has.
        internal void DisposeLease(int borrower)
        {
            lock (_leases) _leases[borrower].Dispose();
        }
    }

    private sealed class ModelLoans
    {
        private readonly int _nominal;
        private readonly int _limit;
        private readonly int _busy;
        private readonly int[] _borrowed = new int[2];
        private readonly int[] _debt = new int[2];
        private readonly bool[] _hasLoan = new bool[2];
        private readonly int[] _inUse = new int[2];
        private int _granted;
        private int _refused;

        internal ModelLoans(int nominal, int limit, int busy)
        {
            (_nominal, _limit, _busy) = (nominal, limit, busy + 1 <= nominal ? busy + 1 : 0);
            for (var i = 0; i < 2; i++)
            {
                _hasLoan[i] = Borrow(i, 1);
                _inUse[i] = _hasLoan[i] ? 1 : 0;
            }
        }

        internal string State =>
            $"{_nominal - Lent} {_busy} {Lent} 0 0; {string.Join("; ", Enumerable.Range(0, 2).Select(i => $"{_borrowed[i]} {_inUse[i]} 0 {_borrowed[i]} {_debt[i]}"))}; {_granted} {_refused}";

        private int Lent => _borrowed.Sum();

        internal void TryBorrow(int borrower, int units)
        {
            if (Borrow(borrower, units)) _granted++;
            else _refused++;
        }

        internal void Return(int borrower)
        {
            if (!_hasLoan[borrower]) return;
            _hasLoan[borrower] = false;
            if (_borrowed[borrower] > _inUse[borrower]) _borrowed[borrower]--;
            else _debt[borrower]++;
        }

        internal void DisposeLease(int borrower)
        {
            if (_inUse[borrower] == 0) return;
            _inUse[borrower]--;
            if (_debt[borrower] == 0) return;
            _debt[borrower]--;
            _borrowed[borrower]--;
        }

        private bool Borrow(int borrower, int units)
        {
            if (units > _limit - Lent || units > _nominal - Lent - _busy || _debt[borrower] > 0) return false;
            _borrowed[borrower] += units;
            return true;
        }
    }
}
