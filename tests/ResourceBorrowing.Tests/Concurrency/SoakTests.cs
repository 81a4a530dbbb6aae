using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Everything at once on real threads, while one of them looks whether the pool still adds up.</summary>
/// <remarks>Seconds by default; <c>RESOURCEBORROWING_SOAK_SECONDS</c> says how long each of the tests runs instead.</remarks>
[Collection(RealThreads.Name)]
public class SoakTests(ITestOutputHelper output)
{
    private const double DefaultSeconds = 3;

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("RESOURCEBORROWING_SOAK_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : DefaultSeconds);

    [Fact]
    public void Everything_WithTheSystemsClock_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System, disposesInTheMiddle: false);

    [Fact]
    public void Everything_WithAClockThatJumps_ConservesUnitsAndComesToRest() => Soak(new FakeTimeProvider(), disposesInTheMiddle: false);

    [Fact]
    public void Everything_WithADisposalInTheMiddle_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System, disposesInTheMiddle: true);

    private void Soak(TimeProvider time, bool disposesInTheMiddle)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {Duration.TotalSeconds} s");
        using var soak = new Turmoil(time, seed, disposesInTheMiddle);
        try
        {
            soak.Run(Duration);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
        }

        output.WriteLine(soak.ToString());
    }

    private sealed class Turmoil : IDisposable
    {
        private const int Workers = 4;
        private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

        private readonly TimeProvider _time;
        private readonly int _seed;
        private readonly bool _disposesInTheMiddle;
        private readonly ResourcePool _pool;
        private readonly ConcurrentBag<Task> _removals = [];
        private readonly ConcurrentQueue<ResourceLease> _copiedLeases = new();
        private readonly ConcurrentQueue<Loan> _copiedLoans = new();
        private readonly ConcurrentBag<Loan> _leftLoans = [];
        private readonly ConcurrentQueue<Exception> _failures = new();
        private long _deadline;
        private long _leases;
        private long _waits;
        private long _loans;
        private long _changes;
        private long _snapshots;

        internal Turmoil(TimeProvider time, int seed, bool disposesInTheMiddle)
        {
            _time = time;
            _seed = seed;
            _disposesInTheMiddle = disposesInTheMiddle;
            _pool = new ResourcePool(Options(60), time);
        }

        public void Dispose() => _pool.Dispose();

        public override string ToString() =>
            $"{_leases} leases, {_waits} waits, {_loans} loans, {_changes} changes, {_snapshots} snapshots\n{_pool.Snapshot()}";

        internal void Run(TimeSpan duration)
        {
            var began = TimeProvider.System.GetTimestamp();
            _deadline = began + (long)(duration.TotalSeconds * TimeProvider.System.TimestampFrequency);
            var middle = began + (_deadline - began) / 2;

            var workers = Enumerable.Range(0, Workers).Select(i => new Worker(this, new Random(_seed + i))).ToArray();
            var threads = workers.Select(worker => Start(worker.Work)).ToList();
            threads.Add(Start(Change));
            threads.Add(Start(Check));
            if (_time is FakeTimeProvider fake) threads.Add(Start(() => Advance(fake)));
            if (_disposesInTheMiddle)
            {
                threads.Add(Start(() =>
                {
                    while (TimeProvider.System.GetTimestamp() < middle) Thread.Yield();
                    _pool.Dispose();
                }));
            }

            foreach (var thread in threads) thread.Join();
            if (_failures.TryDequeue(out var failure)) throw failure;
            ComeToRest(workers);
        }

        private static ResourcePoolOptions Options(int capacity)
        {
            var options = new ResourcePoolOptions { Capacity = capacity, Reserve = 4, GracePeriod = TimeSpan.FromMilliseconds(3), DefaultTerm = TimeSpan.FromMilliseconds(5), PlanningPeriod = TimeSpan.FromMilliseconds(2) };
            foreach (var name in (string[])["a", "b", "c", "d"]) options.AddParticipant(name, 8, static p => p.GrantThreshold = 0);
            options.AddParticipant("newest", 4, static p => p.QueueOrder = System.Threading.RateLimiting.QueueProcessingOrder.NewestFirst);
            options.Participants.Add(new ParticipantOptions { Name = "sharing", Shares = 1, GrantThreshold = 0 });
            return options;
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
            TestPool.AssertLaws(_pool);
            _snapshots++;
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
                        _pool.Add(new ParticipantOptions { Name = $"x{random.Next(3)}", NominalQuota = random.Next(6), GrantThreshold = 0 });
                        break;
                    case 1:
                        _removals.Add(_pool.RemoveAsync($"x{random.Next(3)}"));
                        break;
                    case 2:
                        _pool.Update(new ParticipantOptions { Name = "ab"[random.Next(2)].ToString(), NominalQuota = random.Next(1, 13), GrantThreshold = 0 });
                        break;
                    case 3:
                        _pool.Update(new ParticipantOptions { Name = "c", NominalQuota = 8, LendingLimit = random.Next(9), BorrowingLimit = random.Next(9), QueueLimit = random.Next(20), GrantThreshold = 0 });
                        break;
                    default:
                        _pool.Reconfigure(Options(random.Next(50, 70)));
                        break;
                }
            }
            catch (Exception exception) when (exception is OptionsValidationException or KeyNotFoundException or ObjectDisposedException)
            {
                // Not enough units, a name that is taken, still leaving or gone; or the pool was disposed.
                Assert.True(exception is not ObjectDisposedException || _disposesInTheMiddle);
            }
        }

        private void ComeToRest(Worker[] workers)
        {
            while (_copiedLeases.TryDequeue(out var lease)) lease.Dispose();
            while (_copiedLoans.TryDequeue(out var loan)) loan.Dispose();
            foreach (var loan in _leftLoans) loan.Dispose();
            foreach (var worker in workers) worker.ReturnAll();

            // Each wait that is granted gives its units to the next; what was borrowed for it ends with its term.
            Assert.True(
                SpinWait.SpinUntil(() => Pass(workers.Sum(static worker => worker.EndWaits())) == 0, Generous),
                $"waiters are left beside free units\n{_pool.Snapshot()}");
            if (_disposesInTheMiddle)
            {
                // The pool's end leaves loans as they are: units are in nobody's use and nobody's debt.
                TestPool.AssertLaws(_pool);
                Assert.All(_pool.Snapshot().Participants, static p => Assert.True(p is { InUse: 0, Debt: 0, Waiting: 0 }, p.ToString()));
                return;
            }

            SpinWait.SpinUntil(() => Pass(_pool.Snapshot().OpenLoans) == 0, Generous);
            TestPool.AssertAtRest(_pool);
            Assert.Equal(0, _pool.Snapshot().Retiring);
            Assert.True(Task.WhenAll(_removals).Wait(Generous), $"a removal does not end\n{_pool.Snapshot()}");
        }

        private int Pass(int left)
        {
            if (left > 0 && _time is FakeTimeProvider fake) fake.Advance(TimeSpan.FromMilliseconds(1));
            return left;
        }

        /// <summary>A caller that does everything callers may do.</summary>
        private sealed class Worker(Turmoil turmoil, Random random)
        {
            private const int MostHeld = 12;
            private static readonly TimeSpan LongestTerm = TimeSpan.FromMilliseconds(20);

            private readonly List<ResourceLease> _leases = [];
            private readonly List<(Wait Wait, CancellationTokenSource Cancellation)> _waits = [];
            private readonly List<Loan> _loans = [];

            internal void Work()
            {
                var all = turmoil._pool.Participants;
                var one = random.Next(12) == 0 ? turmoil._pool.Reserve : all[random.Next(all.Count)];
                var other = random.Next(6) == 0 ? turmoil._pool.Reserve : all[random.Next(all.Count)];
                try
                {
                    switch (random.Next(10))
                    {
                        case 0 or 1 or 2:
                            if (_leases.Count < MostHeld) Keep(one.TryAcquire(random.Next(1, 4)));
                            break;
                        case 3 or 4:
                            DisposeOne();
                            break;
                        case 5:
                            if (_waits.Count < MostHeld) BeginWait(one);
                            break;
                        case 6:
                            if (_waits.Count > 0 && random.Next(2) == 0) _waits[random.Next(_waits.Count)].Cancellation.Cancel();
                            EndWaits(keep: true);
                            break;
                        case 7 or 8:
                            if (one != other) Borrow(one, other);
                            break;
                        default:
                            ReturnOne();
                            break;
                    }
                }
                catch (ArgumentOutOfRangeException)
                {
                    // More than the ceiling is just now.
                }
                catch (ObjectDisposedException) when (turmoil._disposesInTheMiddle)
                {
                    // Nothing new any more; what is out can still be given back.
                }
            }

            internal void ReturnAll()
            {
                foreach (var loan in _loans) loan.Dispose();
                foreach (var lease in _leases) lease.Dispose();
                _loans.Clear();
                _leases.Clear();
            }

            /// <returns>How many still wait.</returns>
            internal int EndWaits() => EndWaits(keep: false);

            private int EndWaits(bool keep)
            {
                for (var i = _waits.Count - 1; i >= 0; i--)
                {
                    var (wait, cancellation) = _waits[i];
                    if (!wait.IsCompleted) continue;
                    _waits.RemoveAt(i);
                    cancellation.Dispose();
                    try
                    {
                        var lease = wait.End();
                        if (keep) Keep(lease);
                        else lease.Dispose();
                    }
                    catch (ObjectDisposedException) when (turmoil._disposesInTheMiddle)
                    {
                        // The pool's end was the wait's.
                    }
                }

                return _waits.Count;
            }

            private void Keep(ResourceLease lease)
            {
                if (!lease.IsAcquired) return;
                Interlocked.Increment(ref turmoil._leases);
                _leases.Add(lease);
            }

            private void BeginWait(Participant participant)
            {
                var cancellation = new CancellationTokenSource();
                _waits.Add((new Wait(participant.AcquireAsync(random.Next(1, 6), cancellation.Token)), cancellation));
                Interlocked.Increment(ref turmoil._waits);
            }

            private void DisposeOne()
            {
                if (random.Next(4) == 0 && turmoil._copiedLeases.TryDequeue(out var copied)) copied.Dispose();
                if (_leases.Count == 0) return;
                var place = random.Next(_leases.Count);
                var lease = _leases[place];
                _leases.RemoveAt(place);
                // Now and then a copy goes to another thread, which may come first.
                if (random.Next(3) == 0) turmoil._copiedLeases.Enqueue(lease);
                lease.Dispose();
                if (random.Next(3) == 0) lease.Dispose();
            }

            private void Borrow(Participant borrower, Participant lender)
            {
                var loan = borrower.TryBorrow(lender, random.Next(1, 5), LongestTerm * Math.Max(0.05, random.NextDouble()));
                if (!loan.IsGranted) return;
                Interlocked.Increment(ref turmoil._loans);
                _loans.Add(loan);
            }

            private void ReturnOne()
            {
                if (random.Next(4) == 0 && turmoil._copiedLoans.TryDequeue(out var copied)) copied.Dispose();
                if (_loans.Count == 0) return;
                var place = random.Next(_loans.Count);
                var loan = _loans[place];
                if (random.Next(3) == 0 && loan.IsActive) return;
                _loans.RemoveAt(place);
                if (random.Next(3) == 0) turmoil._copiedLoans.Enqueue(loan);
                if (random.Next(3) == 0)
                {
                    // Left to its term; at the end of the soak it may have some of it left.
                    turmoil._leftLoans.Add(loan);
                    return;
                }

                loan.Dispose();
                if (random.Next(3) == 0) loan.Dispose();
            }
        }
    }
}
