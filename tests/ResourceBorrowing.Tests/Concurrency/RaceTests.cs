namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Collisions that once went wrong, or could, and what must be true when they are over.</summary>
[Collection(RealThreads.Name)]
public class RaceTests
{
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(10);

    [Fact]
    public void Waiter_BesideACallerThatComesAndGoes_IsGrantedAtRest()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 1));
        var a = pool["a"];
        ResourceLease lease = default;
        Wait? wait = null;
        Race.Run(
            200_000,
            prepare: () => lease = a.TryAcquire(),
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {a}");
                wait.End().Dispose();
                Assert.Equal(0, a.InUse);
            },
            () => wait = new Wait(a.AcquireAsync()),
            () =>
            {
                lease.Dispose();
                for (var i = 0; i < 3; i++) a.TryAcquire().Dispose();
            });
    }

    [Fact]
    public void TwoWaiters_PushedWhileTheQueueIsServed_StandInItOnce()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 2, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 2));
        var a = pool["a"];
        ResourceLease lease = default;
        var waits = new Wait[2];
        Race.Run(
            100_000,
            prepare: () => lease = a.TryAcquire(2),
            check: () =>
            {
                foreach (var wait in waits) wait.End().Dispose();
                Assert.Equal((0, 0), (a.InUse, a.Waiting));
            },
            () => waits[0] = new Wait(a.AcquireAsync()),
            () => waits[1] = new Wait(a.AcquireAsync()),
            () => lease.Dispose());
    }

    [Fact]
    public void ReleaseThatPays_WhileOthersLookWhetherTheLoanIsActive_ServesTheLender()
    {
        var options = new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
            .AddParticipant("lender", 1, static p => p.LendingLimit = 1)
            .AddParticipant("borrower", 0);
        using var pool = new ResourcePool(options, new StoppedTime());
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default;
        Wait? wait = null;
        Race.Run(
            20_000,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
                wait = new Wait(lender.AcquireAsync());
                loan.Dispose();
            },
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
            },
            () => lease.Dispose(),
            () =>
            {
                for (var i = 0; i < 30; i++) Assert.False(loan.IsActive);
            });
    }

    [Fact]
    public void ReleaseThatPays_WhileTheLoanIsReturnedAgain_ServesTheLender()
    {
        var options = new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
            .AddParticipant("lender", 1, static p => p.LendingLimit = 1)
            .AddParticipant("borrower", 0);
        using var pool = new ResourcePool(options, new StoppedTime());
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default;
        Wait? wait = null;
        Race.Run(
            20_000,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
                wait = new Wait(lender.AcquireAsync());
                loan.Dispose();
            },
            check: () =>
            {
                Assert.True(wait!.IsCompleted, $"still waiting: {lender}; {borrower}");
                wait.End().Dispose();
            },
            () => lease.Dispose(),
            () =>
            {
                for (var i = 0; i < 10; i++) loan.Dispose();
            });
    }

    [Fact]
    public void ReleaseAndCancellationAndEndOfLoan_AtOnce_LeaveNoDebtUnpaid()
    {
        var options = new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
            .AddParticipant("lender", 1, static p => p.LendingLimit = 1)
            .AddParticipant("borrower", 0, static p => p.BorrowOnDemand = false);
        using var pool = new ResourcePool(options, new StoppedTime());
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default;
        var cancellation = new CancellationTokenSource[8];
        var waits = new Wait[8];
        Race.Run(
            30_000,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                Assert.True(loan.IsGranted, loan.Explanation);
                lease = borrower.TryAcquire();
                for (var i = 0; i < waits.Length; i++)
                {
                    cancellation[i] = new CancellationTokenSource();
                    waits[i] = new Wait(borrower.AcquireAsync(1, cancellation[i].Token));
                }
            },
            check: () =>
            {
                foreach (var wait in waits)
                {
                    Assert.True(wait.IsCompleted, $"still waiting: {borrower}");
                    wait.End().Dispose();
                }

                Assert.True(borrower is { InUse: 0, Debt: 0, Allocation: 0 }, borrower.ToString());
                Assert.True(lender is { Allocation: 1, Lent: 0 }, lender.ToString());
            },
            () => lease.Dispose(),
            () =>
            {
                foreach (var one in cancellation) one.Cancel();
            },
            () => loan.Dispose());
    }

    [Fact]
    public void TwoBorrowers_OfTheSameUnits_AreServedOnceAndNotRefusedTwice()
    {
        var options = new ResourcePoolOptions { Capacity = 10, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
            .AddParticipant("lender", 10, static p => p.LendingLimit = 10)
            .AddParticipant("one", 0)
            .AddParticipant("other", 0);
        using var pool = new ResourcePool(options, new StoppedTime());
        var lender = pool["lender"];
        using var busy = lender.TryAcquire(2);
        Loan one = default, other = default;
        Race.Run(
            50_000,
            prepare: static () => { },
            check: () =>
            {
                Assert.True(one.IsGranted != other.IsGranted, $"{one.Explanation}; {other.Explanation}");
                one.Dispose();
                other.Dispose();
                Assert.Equal(10, lender.Allocation);
            },
            () => one = pool["one"].TryBorrow(lender, 5, Term),
            () => other = pool["other"].TryBorrow(lender, 5, Term));
    }

    [Fact]
    public void TwoCallers_OfUnitsThatLieFreeAtTheSameBorrowers_AreNotBothRefused()
    {
        const int Many = 16;
        var options = new ResourcePoolOptions { Capacity = Many, PlanningPeriod = TimeSpan.Zero };
        options.AddParticipant("lender", Many, static p => (p.LendingLimit, p.GrantThreshold, p.BorrowOnDemand) = (Many, 0, false));
        for (var i = 0; i < Many; i++) options.AddParticipant($"borrower {i}", 0, static p => p.BorrowOnDemand = false);
        using var pool = new ResourcePool(options, new StoppedTime());
        var lender = pool["lender"];
        var borrowers = pool.Participants.Where(p => p != lender).ToArray();
        ResourceLease one = default, other = default;
        Race.Run(
            20_000,
            prepare: () =>
            {
                foreach (var borrower in borrowers) Assert.True(borrower.TryBorrow(lender, 1, Term).IsGranted);
            },
            check: () =>
            {
                Assert.True(one.IsAcquired != other.IsAcquired, $"{one.Explanation}; {other.Explanation}");
                one.Dispose();
                other.Dispose();
                lender.Recall(Many);
                Assert.Equal(Many, lender.Available);
            },
            () => one = lender.TryAcquire(Many),
            () => other = lender.TryAcquire(Many));
    }

    [Fact]
    public void GrantsAndCancellations_AtOnce_DecideEachWaitOnce()
    {
        const int Many = 4;
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = Many, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", Many));
        var a = pool["a"];
        var leases = new ResourceLease[Many];
        var cancellation = new CancellationTokenSource[Many];
        var waits = new Wait[Many];
        Race.Run(
            60_000,
            prepare: () =>
            {
                for (var i = 0; i < Many; i++) leases[i] = a.TryAcquire();
                for (var i = 0; i < Many; i++)
                {
                    cancellation[i] = new CancellationTokenSource();
                    waits[i] = new Wait(a.AcquireAsync(1, cancellation[i].Token));
                }
            },
            check: () =>
            {
                foreach (var wait in waits)
                {
                    Assert.True(wait.IsCompleted, $"still waiting: {a}");
                    var isCancelled = wait.IsCancelled;
                    var lease = wait.End();
                    Assert.NotEqual(isCancelled, lease.IsAcquired);
                    lease.Dispose();
                }

                Assert.True(a is { InUse: 0, Waiting: 0, Available: Many }, a.ToString());
            },
            () =>
            {
                foreach (var lease in leases) lease.Dispose();
            },
            () =>
            {
                foreach (var one in cancellation) one.Cancel();
            });
    }

    [Fact]
    public void CopiesOfALease_DisposedAtOnce_GiveItsUnitsBackOnce()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 8, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 8));
        var a = pool["a"];
        // Units that a second return of others would take away.
        using var busy = a.TryAcquire(4);
        var leases = new ResourceLease[4];
        Race.Run(
            60_000,
            prepare: () =>
            {
                for (var i = 0; i < leases.Length; i++) leases[i] = a.TryAcquire();
            },
            check: () => Assert.Equal(4, a.InUse),
            DisposeAll,
            DisposeAll);

        void DisposeAll()
        {
            foreach (var lease in leases) lease.Dispose();
        }
    }

    [Fact]
    public void TwoBorrowers_OfOneLender_AreBothCounted()
    {
        var options = new ResourcePoolOptions { Capacity = 10, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }
            .AddParticipant("lender", 10, static p =>
            {
                p.LendingLimit = 10;
                p.GrantThreshold = 0;
            })
            .AddParticipant("one", 0)
            .AddParticipant("other", 0);
        using var pool = new ResourcePool(options, new StoppedTime());
        var (lender, one, other) = (pool["lender"], pool["one"], pool["other"]);
        Race.Run(
            30_000,
            prepare: static () => { },
            check: () => Assert.True(lender is { Lent: 0, Allocation: 10 } && one.Borrowed == 0 && other.Borrowed == 0, $"{lender}; {one}; {other}"),
            () => BorrowAndReturn(one),
            () => BorrowAndReturn(other));

        void BorrowAndReturn(Participant borrower)
        {
            for (var i = 0; i < 8; i++)
            {
                using var loan = borrower.TryBorrow(lender, 1, Term);
                Assert.True(loan.IsGranted, loan.Explanation);
                Assert.InRange(lender.Allocation, 8, 9);
            }
        }
    }
}
