using CsCheck;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>
/// Lending, repaying and recalling on the real thing from two threads: what came of it must be what some order of the operations makes of a model in plain
/// numbers. A lender and two borrowers, each with a loan of which it uses half.
/// </summary>
[Collection(RealThreads.Name)]
public class LoanLinearizabilityTests
{
    private const int MostUnits = 3;
    private const int Borrowers = 2;

    private static readonly Gen<int> Units = Gen.Int[1, MostUnits];
    private static readonly Gen<int> Which = Gen.Int[0, Borrowers - 1];

    private static readonly Gen<(Real, Model)> Scenes = Gen.Select(
        Gen.Int[4, 12], Gen.Int[0, 12], Gen.Int[1, 4], Units,
        static (nominal, limit, busy, lent) => (new Real(nominal, Math.Min(limit, nominal), busy, lent), new Model(nominal, Math.Min(limit, nominal), busy, lent)));

    [Fact]
    public void BorrowReturnAndLoanRecall_FromTwoThreads_AreLinearizable() =>
        Scenes.SampleParallel(
            Gen.Select(Which, Units).Operation<Real, Model>(
                static x => $"TryBorrow{x}", static (real, x) => real.TryBorrow(x.Item1, x.Item2), static (model, x) => model.TryBorrow(x.Item1, x.Item2)),
            Which.Operation<Real, Model>(static i => $"Dispose({i})", static (real, i) => real.Dispose(i), static (model, i) => model.End(i, int.MaxValue)),
            Gen.Select(Which, Units).Operation<Real, Model>(
                static x => $"Return{x}", static (real, x) => real.Return(x.Item1, x.Item2), static (model, x) => model.End(x.Item1, x.Item2)),
            Gen.Select(Which, Units).Operation<Real, Model>(
                static x => $"Loan.Recall{x}", static (real, x) => real.Recall(x.Item1, x.Item2), static (model, x) => model.End(x.Item1, x.Item2)),
            Which.Operation<Real, Model>(static i => $"DisposeLease({i})", static (real, i) => real.DisposeLease(i), static (model, i) => model.DisposeLease(i)),
            equal: static (real, model) => real.State == model.State,
            maxParallelOperations: 2,
            threads: 2,
            iter: 250);

    // Beside no borrowing: a lender's recall goes from loan to loan, and who borrows meanwhile may have what came back of the first.
    [Fact]
    public void ReturnAndRecallOfAll_FromTwoThreads_AreLinearizable() =>
        Scenes.SampleParallel(
            Gen.Select(Which, Units).Operation<Real, Model>(
                static x => $"Return{x}", static (real, x) => real.Return(x.Item1, x.Item2), static (model, x) => model.End(x.Item1, x.Item2)),
            // All of them: which loans are victims of a smaller recall depends on what is free where when it looks.
            Gen.Const(0).Operation<Real, Model>(static _ => "Participant.Recall", static (real, _) => real.RecallAll(), static (model, _) => model.EndAll()),
            Which.Operation<Real, Model>(static i => $"DisposeLease({i})", static (real, i) => real.DisposeLease(i), static (model, i) => model.DisposeLease(i)),
            equal: static (real, model) => real.State == model.State,
            maxParallelOperations: 2,
            threads: 2,
            iter: 250);

    // Who takes what another has just recalled leaves it refused with units recalled: where idle units lie is no part of the outcome here, who has how many is.
    [Fact]
    public void TryAcquireThatRecallsWhatIsFree_FromTwoThreads_IsLinearizable() =>
        Scenes.SampleParallel(
            Gen.Int[1, 2 * MostUnits].Operation<Real, Model>(static n => $"TryAcquire({n})", static (real, n) => real.TryAcquire(n), static (model, n) => model.TryAcquire(n)),
            Gen.Const(0).Operation<Real, Model>(static _ => "DisposeBusy", static (real, _) => real.DisposeBusy(), static (model, _) => model.DisposeBusy()),
            Which.Operation<Real, Model>(static i => $"DisposeLease({i})", static (real, i) => real.DisposeLease(i), static (model, i) => model.DisposeLease(i)),
            equal: static (real, model) => real.Outcome == model.Outcome,
            maxParallelOperations: 3,
            threads: 2,
            iter: 250);

    private sealed class Real
    {
        private static readonly TimeSpan Term = TimeSpan.FromHours(1);
        private readonly Participant _lender;
        private readonly Participant[] _borrowers;
        private readonly Loan[] _loans;
        private readonly ResourceLease _busy;
        private readonly ResourceLease[] _leases;
        private int _granted;
        private int _refused;

        internal Real(int nominal, int limit, int busy, int lent)
        {
            // What was recalled may be lent again at once, or the model would need a clock.
            var options = new ResourcePoolOptions { Capacity = 100, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false }, PlanningPeriod = TimeSpan.Zero };
            options.AddParticipant("lender", nominal, p => (p.LendingLimit, p.GrantThreshold, p.BorrowOnDemand) = (limit, 0, false));
            options.AddParticipant("one", 0, static p => p.BorrowOnDemand = false);
            options.AddParticipant("other", 0, static p => p.BorrowOnDemand = false);
            // The clock stands still: the pool's own timer would be one more thread, which a check at rest does not wait for.
            var pool = new ResourcePool(options, new StoppedTime(), null, null, null, null, shards: 2);
            _lender = pool["lender"];
            _borrowers = [pool["one"], pool["other"]];
            _busy = _lender.TryAcquire(busy);
            _loans = [.. _borrowers.Select(b => b.TryBorrow(_lender, lent, Term))];
            _leases = [.. _borrowers.Zip(_loans, (b, loan) => loan.IsGranted ? b.TryAcquire((lent + 1) / 2) : default)];
        }

        internal string State => $"{Describe(_lender)}; {string.Join("; ", _borrowers.Select(Describe))}; {_granted} {_refused}";

        internal string Outcome =>
            $"{_lender.InUse} and {_borrowers.Sum(static b => b.InUse)} of {_lender.Allocation + _borrowers.Sum(static b => b.Allocation)}; {_granted} {_refused}";

        public override string ToString() => State;

        internal void TryBorrow(int borrower, int units) => Count(_borrowers[borrower].TryBorrow(_lender, units, Term).IsGranted);

        internal void Dispose(int loan) => _loans[loan].Dispose();

        internal void Return(int loan, int units) => _loans[loan].Return(units);

        internal void Recall(int loan, int units) => _loans[loan].Recall(units);

        internal void RecallAll() => _lender.Recall(int.MaxValue);

        // One at a time: of copies disposed at once one gives the units back, and the others may return a moment before it has.
        internal void DisposeLease(int borrower)
        {
            lock (_leases) _leases[borrower].Dispose();
        }

        internal void TryAcquire(int units) => Count(_lender.TryAcquire(Math.Min(units, _lender.NominalQuota)).IsAcquired);

        internal void DisposeBusy() => _busy.Dispose();

        private void Count(bool isGranted)
        {
            if (isGranted) Interlocked.Increment(ref _granted);
            else Interlocked.Increment(ref _refused);
        }

        private static string Describe(Participant p) => $"{p.Allocation} {p.InUse} {p.Lent} {p.Borrowed} {p.Debt}";
    }

    private sealed class Model
    {
        private readonly int _nominal;
        private readonly int _limit;
        private readonly int[] _borrowed = new int[Borrowers];
        private readonly int[] _live = new int[Borrowers];
        private readonly int[] _loan = new int[Borrowers];
        private readonly int[] _debt = new int[Borrowers];
        private readonly int[] _inUse = new int[Borrowers];
        private int _busy;
        private int _taken;
        private int _granted;
        private int _refused;

        internal Model(int nominal, int limit, int busy, int lent)
        {
            (_nominal, _limit, _busy) = (nominal, limit, busy);
            for (var i = 0; i < Borrowers; i++)
            {
                if (!Lend(i, lent)) continue;
                _loan[i] = lent;
                _inUse[i] = (lent + 1) / 2;
            }
        }

        internal string State => $"{_nominal - Lent} {_busy + _taken} {Lent} 0 0; {string.Join("; ", Enumerable.Range(0, Borrowers).Select(i => $"{_borrowed[i]} {_inUse[i]} 0 {_borrowed[i]} {_debt[i]}"))}; {_granted} {_refused}";

        internal string Outcome => $"{_busy + _taken} and {_inUse.Sum()} of {_nominal}; {_granted} {_refused}";

        public override string ToString() => State;

        private int Lent => _borrowed.Sum();

        private int Free => _nominal - Lent - _busy - _taken;

        internal void TryBorrow(int borrower, int units) => Count(Lend(borrower, units));

        internal void End(int borrower, int units)
        {
            units = Math.Min(units, _loan[borrower]);
            _loan[borrower] -= units;
            Owe(borrower, units);
        }

        internal void EndAll()
        {
            for (var i = 0; i < Borrowers; i++)
            {
                _loan[i] = 0;
                Owe(i, _live[i]);
            }
        }

        internal void DisposeLease(int borrower)
        {
            _inUse[borrower] = 0;
            Owe(borrower, 0);
        }

        internal void TryAcquire(int units)
        {
            units = Math.Min(units, _nominal);
            var missing = units - Free;
            var idle = Enumerable.Range(0, Borrowers).Select(i => Math.Min(_live[i], _borrowed[i] - _inUse[i])).ToArray();
            var canTake = missing <= idle.Sum();
            Count(canTake);
            if (!canTake) return;
            for (var i = 0; i < Borrowers && missing > 0; i++)
            {
                var part = Math.Min(missing, idle[i]);
                missing -= part;
                Owe(i, part);
            }

            _taken += units;
        }

        internal void DisposeBusy() => _busy = 0;

        private bool Lend(int borrower, int units)
        {
            if (units > _limit - Lent || units > Free || _debt[borrower] > 0) return false;
            _borrowed[borrower] += units;
            _live[borrower] += units;
            return true;
        }

        /// <summary>Units are owed, and what is free pays.</summary>
        private void Owe(int borrower, int units)
        {
            _live[borrower] -= units;
            _debt[borrower] += units;
            var paid = Math.Min(_debt[borrower], _borrowed[borrower] - _inUse[borrower]);
            _debt[borrower] -= paid;
            _borrowed[borrower] -= paid;
        }

        private void Count(bool isGranted)
        {
            if (isGranted) _granted++;
            else _refused++;
        }
    }
}
