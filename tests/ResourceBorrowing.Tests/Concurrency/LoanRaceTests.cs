using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Collisions of all that can happen to one loan: it ends once, and nothing is left of it.</summary>
[Collection(RealThreads.Name)]
public class LoanRaceTests
{
    private const int Rounds = 5_000;
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public void ReturnAndRecallAndExpiry_OfOneLoan_EndItOnce(int inUse)
    {
        var time = new FakeTimeProvider();
        using var pool = Pool(time, lender: 3);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        var ledger = new Ledger(pool);
        Loan loan = default;
        ResourceLease lease = default;
        int returned = 0, recalled = 0;
        Race.Run(
            Rounds,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 3, Term);
                Assert.True(loan.IsGranted, loan.Explanation);
                lease = inUse == 0 ? default : borrower.TryAcquire(inUse);
            },
            check: () =>
            {
                Assert.InRange(returned + recalled, 0, 3);
                Assert.False(loan.IsActive);
                lease.Dispose();
                ledger.AssertSettled(units: 3);
                AssertOver(pool);
            },
            () => returned = loan.Return(2),
            () => recalled = loan.Recall(),
            () => time.Advance(Term),
            () =>
            {
                loan.Dispose();
                lease.Dispose();
            });
    }

    [Fact]
    public void RecallBesideReleaseAndAcquire_OfUnitsInUse_LeavesNoFreeUnitWithADebtor()
    {
        using var pool = Pool(new StoppedTime(), lender: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default, next = default;
        Race.Run(
            2 * Rounds,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
            },
            check: () =>
            {
                Assert.Equal(next.IsAcquired ? (1, 1, 1) : (0, 0, 0), (borrower.Allocation, borrower.InUse, borrower.Debt));
                Assert.Equal(next.IsAcquired ? 0 : 1, lender.Allocation);
                next.Dispose();
                AssertOver(pool);
            },
            () => loan.Recall(),
            () =>
            {
                lease.Dispose();
                next = borrower.TryAcquire();
            });
    }

    [Fact]
    public void RecallBesideARelease_WhileBothHaveCallersWaiting_ServesTheLender()
    {
        using var pool = Pool(new StoppedTime(), lender: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        Wait? ofLender = null, ofBorrower = null;
        Race.Run(
            Rounds,
            prepare: () =>
            {
                borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
                ofBorrower = new Wait(borrower.AcquireAsync());
            },
            check: () =>
            {
                // The borrower's caller may have had the unit before the recall: then the recalled unit is the one it holds.
                Assert.NotEqual(ofLender!.IsCompleted, borrower is { InUse: 1, Debt: 1 });
                // When the lender has it, nothing can come to the borrower any more, and its caller is told so.
                Assert.True(ofBorrower!.IsCompleted, $"still waiting: {borrower}");
                ofBorrower.End().Dispose();
                Assert.True(ofLender.IsCompleted, $"still waiting: {lender}; {borrower}");
                ofLender.End().Dispose();
                AssertOver(pool);
            },
            () => ofLender = new Wait(lender.AcquireAsync()),
            () => lease.Dispose());
    }

    [Fact]
    public void LendersCaller_BesideALoanOfTheUnitItNeeds_HasItBack()
    {
        using var pool = Pool(new StoppedTime(), lender: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Wait? wait = null;
        Race.Run(
            2 * Rounds,
            prepare: static () => { },
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
                lender.Recall(1);
                AssertOver(pool);
            },
            () => wait = new Wait(lender.AcquireAsync()),
            () => borrower.TryBorrow(lender, 1, Term));
    }

    [Fact]
    public void LendersNextCaller_BesideTheRepaymentForTheFirst_RecallsForItselfToo()
    {
        using var pool = Pool(new StoppedTime(), lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        var leases = new ResourceLease[2];
        var waits = new Wait[2];
        Race.Run(
            2 * Rounds,
            prepare: () =>
            {
                borrower.TryBorrow(lender, 2, Term);
                for (var i = 0; i < 2; i++) leases[i] = borrower.TryAcquire();
                waits[0] = new Wait(lender.AcquireAsync());
            },
            check: () =>
            {
                Assert.True(waits[0].IsCompleted, $"the first still waits: {lender}; {borrower}");
                Assert.True(lender.Incoming >= lender.Waiting, $"{lender.Waiting} wait, {lender.Incoming} are on their way back: {lender}; {borrower}");
                leases[1].Dispose();
                foreach (var wait in waits) wait.End().Dispose();
                AssertOver(pool);
            },
            () => waits[1] = new Wait(lender.AcquireAsync()),
            () => leases[0].Dispose());
    }

    [Fact]
    public void RenewalBesideRecall_IsBeatenByIt()
    {
        using var pool = Pool(new StoppedTime(), lender: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        var notice = new LoanTerms { Notice = TimeSpan.FromSeconds(1) };
        var renewed = RefusalReason.None;
        var recalled = 0;
        Loan loan = default;
        Race.Run(
            Rounds,
            prepare: () => loan = borrower.TryBorrow(new LoanRequest(1) { Lender = lender, Duration = Term, Terms = notice }),
            check: () =>
            {
                Assert.Equal(1, recalled);
                Assert.True(renewed is RefusalReason.None or RefusalReason.LoanRecalled, renewed.ToString());
                var status = Assert.Single(loan.Status);
                Assert.Equal((LoanPhase.Recalled, notice.Notice), (status.Phase, status.Due));
                Assert.Equal(RefusalReason.LoanRecalled, loan.TryRenew(Term));
                loan.Dispose();
                AssertOver(pool);
            },
            () => renewed = loan.TryRenew(2 * Term),
            () => recalled = loan.Recall());
    }

    [Fact]
    public void RenewalBesideExpiry_EitherGoesOnOrHasEnded()
    {
        var time = new FakeTimeProvider();
        using var pool = Pool(time, lender: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        var renewed = RefusalReason.None;
        Loan loan = default;
        Race.Run(
            Rounds,
            prepare: () => loan = borrower.TryBorrow(lender, 1, Term),
            check: () =>
            {
                Assert.Equal(renewed == RefusalReason.None ? (1, 0, true) : (0, 1, false), (borrower.Allocation, lender.Allocation, loan.IsActive));
                if (renewed != RefusalReason.None) Assert.Equal(RefusalReason.LoanEnded, renewed);
                time.Advance(2 * Term);
                AssertOver(pool);
            },
            () => renewed = loan.TryRenew(2 * Term),
            () => time.Advance(Term));
    }

    [Fact]
    public void WriteOffBesideRepayment_ClosesTheLoanOnceAndPaysTheDebt()
    {
        var time = new FakeTimeProvider();
        using var pool = Pool(time, lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        var ledger = new Ledger(pool);
        Loan loan = default;
        ResourceLease lease = default;
        Race.Run(
            Rounds,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 2, Term);
                lease = borrower.TryAcquire(2);
                time.Advance(Term + TimeSpan.FromSeconds(1));
                Assert.Equal(2, borrower.Overdue);
            },
            check: () =>
            {
                Assert.Equal(0, borrower.Overdue);
                ledger.AssertSettled(units: 2);
                AssertOver(pool);
            },
            () => loan.WriteOff(),
            () => lease.Dispose(),
            () => time.Advance(TimeSpan.FromMinutes(1)));
    }

    private static ResourcePool Pool(TimeProvider time, int lender)
    {
        var options = new ResourcePoolOptions { Capacity = lender, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false }, PlanningPeriod = TimeSpan.Zero, GracePeriod = TimeSpan.FromSeconds(1) };
        options.AddParticipant("lender", lender, p => (p.LendingLimit, p.GrantThreshold, p.BorrowOnDemand) = (lender, 0, false));
        options.AddParticipant("borrower", 0, static p => p.BorrowOnDemand = false);
        return new ResourcePool(options, time, new Unmoved(50));
    }

    private static void AssertOver(ResourcePool pool)
    {
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Assert.True(
            lender is { InUse: 0, Lent: 0, Incoming: 0, Waiting: 0 } && lender.Allocation == lender.NominalQuota
            && borrower is { InUse: 0, Allocation: 0, Borrowed: 0, Debt: 0, Waiting: 0 }
            && pool.Book.OpenLoans == 0,
            $"{lender}; {borrower}; {pool.Book.OpenLoans} loans open");
    }

    /// <summary>Reads along what becomes of each loan.</summary>
    private sealed class Ledger
    {
        private readonly int[] _units = new int[(int)LedgerEntryKind.SetOff + 1];

        internal Ledger(ResourcePool pool) => pool.Book.Journal = entry => Interlocked.Add(ref _units[(int)entry.Kind], entry.Units);

        internal void AssertSettled(int units)
        {
            Assert.Equal((units, units), (Units(LedgerEntryKind.Granted), Units(LedgerEntryKind.Ended)));
            Assert.Equal(units, Units(LedgerEntryKind.PartRepaid) + Units(LedgerEntryKind.Repaid));
            Array.Clear(_units);
        }

        private int Units(LedgerEntryKind kind) => _units[(int)kind];
    }
}
