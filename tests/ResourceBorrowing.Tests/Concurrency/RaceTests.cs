namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Collisions that once went wrong, or could, and what must be true when they are over.</summary>
public class RaceTests
{
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(10);

    [Fact]
    public void Waiter_BesideACallerThatComesAndGoes_IsGrantedAtRest()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 1 }.AddParticipant("a", 1));
        var a = pool["a"];
        ResourceLease lease = default;
        ValueTask<ResourceLease> wait = default;
        Race.Run(
            200_000,
            prepare: () => lease = a.TryAcquire(),
            check: () =>
            {
                Assert.True(wait.IsCompleted, $"still waiting: {a}");
                Granted(wait).Dispose();
                Assert.Equal(0, a.InUse);
            },
            () => wait = a.AcquireAsync(),
            () =>
            {
                lease.Dispose();
                for (var i = 0; i < 3; i++) a.TryAcquire().Dispose();
            });
    }

    [Fact]
    public void ReleaseThatPays_WhileOthersLookWhetherTheLoanIsActive_ServesTheLender()
    {
        var options = new ResourcePoolOptions { Capacity = 1 }
            .AddParticipant("lender", 1, static p => p.LendingLimit = 1)
            .AddParticipant("borrower", 0);
        using var pool = new ResourcePool(options);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default;
        ValueTask<ResourceLease> wait = default;
        Race.Run(
            20_000,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
                wait = lender.AcquireAsync();
                loan.Dispose();
            },
            check: () =>
            {
                Assert.True(wait.IsCompleted, $"still waiting: {lender}; {borrower}");
                Granted(wait).Dispose();
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
        var options = new ResourcePoolOptions { Capacity = 1 }
            .AddParticipant("lender", 1, static p => p.LendingLimit = 1)
            .AddParticipant("borrower", 0);
        using var pool = new ResourcePool(options);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        Loan loan = default;
        ResourceLease lease = default;
        ValueTask<ResourceLease> wait = default;
        Race.Run(
            20_000,
            prepare: () =>
            {
                loan = borrower.TryBorrow(lender, 1, Term);
                lease = borrower.TryAcquire();
                wait = lender.AcquireAsync();
                loan.Dispose();
            },
            check: () =>
            {
                Assert.True(wait.IsCompleted, $"still waiting: {lender}; {borrower}");
                Granted(wait).Dispose();
            },
            () => lease.Dispose(),
            () =>
            {
                for (var i = 0; i < 10; i++) loan.Dispose();
            });
    }

    private static ResourceLease Granted(ValueTask<ResourceLease> completed, bool mayBeRefused = false)
    {
        var lease = completed.GetAwaiter().GetResult();
        Assert.True(lease.IsAcquired || mayBeRefused, lease.Explanation);
        return lease;
    }
}
