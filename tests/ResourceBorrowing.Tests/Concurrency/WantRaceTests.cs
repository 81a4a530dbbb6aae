namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Somebody waits for units of others while these become free: it has them when all is over. The clock stands still, so no later look helps.</summary>
[Collection(RealThreads.Name)]
public class WantRaceTests
{
    private const int Rounds = 5_000;
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BorrowAsync_BesideAReleaseAtTheLender_IsGranted(bool isNamed)
    {
        using var pool = Pool(lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        Task<Loan>? want = null;
        Race.Run(
            2 * Rounds,
            prepare: () => lease = lender.TryAcquire(2),
            check: () =>
            {
                Assert.True(borrower.Borrowed == 1, $"not granted: {lender}; {borrower}");
                End(want!).Dispose();
                AssertOver(pool);
            },
            () => want = borrower.BorrowAsync(new LoanRequest(1) { Lender = isNamed ? lender : null, Duration = Term }).AsTask(),
            () => lease.Dispose());
    }

    [Fact]
    public void TwoBorrowAsync_BesideTwoReleases_AreBothGranted()
    {
        using var pool = Pool(lender: 2);
        var (lender, borrower, other) = (pool["lender"], pool["borrower"], pool["other"]);
        var leases = new ResourceLease[2];
        var wants = new Task<Loan>[2];
        Race.Run(
            Rounds / 2,
            prepare: () =>
            {
                for (var i = 0; i < 2; i++) leases[i] = lender.TryAcquire();
            },
            check: () =>
            {
                Assert.True((borrower.Borrowed, other.Borrowed) == (1, 1), $"not granted: {lender}; {borrower}; {other}");
                foreach (var want in wants) End(want).Dispose();
                AssertOver(pool);
            },
            () => wants[0] = borrower.BorrowAsync(new LoanRequest(1) { Lender = lender, Duration = Term }).AsTask(),
            () => wants[1] = other.BorrowAsync(new LoanRequest(1) { Duration = Term }).AsTask(),
            () => leases[0].Dispose(),
            () => leases[1].Dispose());
    }

    [Fact]
    public void BorrowAsync_BesideTheCancellationOfTheLendersWaiter_IsGranted()
    {
        using var pool = Pool(lender: 3);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        Wait? wait = null;
        CancellationTokenSource? cancellation = null;
        Task<Loan>? want = null;
        Race.Run(
            Rounds,
            prepare: () =>
            {
                lease = lender.TryAcquire();
                cancellation = new CancellationTokenSource();
                wait = new Wait(lender.AcquireAsync(3, cancellation.Token));
            },
            check: () =>
            {
                Assert.True(borrower.Borrowed == 2, $"not granted: {lender}; {borrower}");
                wait!.End();
                lease.Dispose();
                End(want!).Dispose();
                AssertOver(pool);
            },
            () => want = borrower.BorrowAsync(new LoanRequest(2) { Lender = lender, Duration = Term }).AsTask(),
            () => cancellation!.Cancel());
    }

    [Fact]
    public void BorrowAsync_BesideAReleaseThatServesTheLendersWaiterFirst_IsGrantedTheRest()
    {
        using var pool = Pool(lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        Wait? wait = null;
        Task<Loan>? want = null;
        Race.Run(
            2 * Rounds,
            prepare: () =>
            {
                lease = lender.TryAcquire(2);
                want = borrower.BorrowAsync(new LoanRequest(1) { Lender = lender, Duration = Term }).AsTask();
            },
            check: () =>
            {
                Assert.True(borrower.Borrowed == 1, $"not granted: {lender}; {borrower}");
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
                End(want!).Dispose();
                AssertOver(pool);
            },
            () => wait = new Wait(lender.AcquireAsync()),
            () => lease.Dispose());
    }

    [Fact]
    public void BorrowAsync_BesideItsCancellation_IsGrantedOrCancelledAndLeaksNothing()
    {
        const int Many = 8;
        using var pool = Pool(lender: Many);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        var cancellation = new CancellationTokenSource[Many];
        var wants = new Task<Loan>[Many];
        Race.Run(
            Rounds,
            prepare: () =>
            {
                lease = lender.TryAcquire(Many);
                for (var i = 0; i < Many; i++)
                {
                    cancellation[i] = new CancellationTokenSource();
                    wants[i] = borrower.BorrowAsync(new LoanRequest(1) { Lender = lender, Duration = Term }, cancellationToken: cancellation[i].Token).AsTask();
                }
            },
            check: () =>
            {
                var loans = wants.Select(End).ToArray();
                Assert.Equal(loans.Count(static l => l.IsGranted), borrower.Borrowed);
                Assert.Equal(wants.Count(static w => !w.IsCanceled), borrower.Borrowed);
                foreach (var loan in loans) loan.Dispose();
                AssertOver(pool);
            },
            () =>
            {
                foreach (var one in cancellation) one.Cancel();
            },
            () => lease.Dispose());
    }

    [Fact]
    public void QueuedCaller_BesideAReleaseAtTheLender_IsLentWhatItMisses()
    {
        using var pool = Pool(lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        Wait? wait = null;
        Race.Run(
            2 * Rounds,
            prepare: () => lease = lender.TryAcquire(2),
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
                lender.Recall(2);
                AssertOver(pool);
            },
            () => wait = new Wait(borrower.AcquireAsync()),
            () => lease.Dispose());
    }

    [Fact]
    public void TwoQueuedCallers_BesideAReleaseAtTheLender_AreBothLentWhatTheyMiss()
    {
        using var pool = Pool(lender: 2);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease lease = default;
        var waits = new Wait[2];
        Race.Run(
            2 * Rounds,
            prepare: () => lease = lender.TryAcquire(2),
            check: () =>
            {
                foreach (var wait in waits) Assert.True(wait.IsCompleted, $"still waiting: {lender}; {borrower}");
                foreach (var wait in waits) wait.End().Dispose();
                lender.Recall(2);
                AssertOver(pool);
            },
            () => waits[0] = new Wait(borrower.AcquireAsync()),
            () => waits[1] = new Wait(borrower.AcquireAsync()),
            () => lease.Dispose());
    }

    [Fact]
    public void QueuedCaller_BesideAReleaseOfItsOwn_IsLentTheRest()
    {
        using var pool = Pool(lender: 1, borrower: 1);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        ResourceLease own = default;
        Wait? wait = null;
        Race.Run(
            2 * Rounds,
            prepare: () => own = borrower.TryAcquire(),
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
                lender.Recall(1);
                AssertOver(pool);
            },
            () => wait = new Wait(borrower.AcquireAsync(2)),
            () => own.Dispose());
    }

    [Fact]
    public void QueuedCaller_BesideTheDebtOfItsLenderBeingPaid_IsLentTheRest()
    {
        using var pool = Pool(lender: 1, other: 1);
        var (lender, borrower, debtor) = (pool["lender"], pool["borrower"], pool["other"]);
        ResourceLease lease = default;
        Loan loan = default;
        Wait? ofLender = null, wait = null;
        Race.Run(
            Rounds,
            prepare: () =>
            {
                // It uses a unit of its own and one that the lender's caller waits for.
                loan = debtor.TryBorrow(lender, 1, Term);
                lease = debtor.TryAcquire(2);
                ofLender = new Wait(lender.AcquireAsync());
                wait = new Wait(borrower.AcquireAsync());
            },
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}; {debtor}");
                wait.End().Dispose();
                ofLender!.End().Dispose();
                debtor.Recall(1);
                AssertOver(pool);
            },
            () => lease.Dispose(),
            () =>
            {
                for (var i = 0; i < 10; i++) _ = loan.Status;
            });
    }

    private static ResourcePool Pool(int lender, int borrower = 0, int other = 0)
    {
        var options = new ResourcePoolOptions { Capacity = lender + borrower + other, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false }, PlanningPeriod = TimeSpan.Zero };
        options.AddParticipant("lender", lender, p => (p.LendingLimit, p.GrantThreshold, p.BorrowOnDemand) = (lender, 0, false));
        options.AddParticipant("borrower", borrower, static p => (p.LendingLimit, p.GrantThreshold) = (0, 0));
        options.AddParticipant("other", other, p => (p.LendingLimit, p.GrantThreshold, p.BorrowOnDemand) = (other, 0, false));
        return new ResourcePool(options, new StoppedTime());
    }

    /// <summary>The loan; the default one when the want was cancelled. Its continuation may still be on its way.</summary>
    private static Loan End(Task<Loan> want)
    {
        Assert.True(Task.WaitAny([want], TimeSpan.FromSeconds(30)) == 0, "the task never ends");
        return want.IsCanceled ? default : want.GetAwaiter().GetResult();
    }

    private static void AssertOver(ResourcePool pool)
    {
        Assert.False(pool.Wants.IsAny, "somebody is still listed");
        foreach (var participant in pool.Participants)
        {
            Assert.True(
                participant is { InUse: 0, Lent: 0, Borrowed: 0, Debt: 0, Incoming: 0, Waiting: 0 } && participant.Allocation == participant.NominalQuota,
                string.Join("; ", pool.Participants));
        }

        Assert.Equal(0, pool.Book.OpenLoans);
    }
}
