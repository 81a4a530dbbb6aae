using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests.Model;

/// <summary>Who may borrow at all.</summary>
public class BorrowerProperties
{
    [Property(MaxTest = 200)]
    public void Borrower_BelowTheGrantThreshold_IsAlwaysRefused(byte reputation, byte threshold, byte units, byte lent)
    {
        var (score, least) = (reputation % 101, threshold % 101);
        var options = TestPool.Options(60, ("a", 10), ("b", 20), ("c", 20));
        options.Participants[1].GrantThreshold = options.Participants[2].GrantThreshold = least;
        using var pool = new ResourcePool(options, new FakeTimeProvider(), new Unmoved(score));
        var (a, b) = (pool["a"], pool["b"]);
        a.Standing.Load(default, score, 0, 0, [], []);
        using var other = pool["c"].TryBorrow(b, 1 + lent % 10, TestPool.Term);

        // Availability comes first, so only what b could lend is refused for the reputation.
        var most = b.Lendable;
        var loan = a.TryBorrow(b, 1 + units % 12, TestPool.Term);
        if (score < least) Assert.Equal(1 + units % 12 <= most ? RefusalReason.Reputation : RefusalReason.LendingLimit, loan.Refusal);
        else Assert.NotEqual(RefusalReason.Reputation, loan.Refusal);

        // Nor does it get their units by asking for anybody's: the reserve, the only other lender, has 10.
        var anyone = a.TryBorrow(11, TestPool.Term);
        if (score < least) Assert.Equal(11 <= a.CreditLine ? RefusalReason.NotEnoughToLend : RefusalReason.CreditLine, anyone.Refusal);
        Assert.Equal(loan.IsGranted || anyone.IsGranted, a.Borrowed > 0);
        TestPool.AssertLaws(pool);
    }

    [Property(MaxTest = 200)]
    public void Borrower_WhoOwes_GetsNoLoanUntilTheLastUnitIsPaid(byte units, uint wait, bool isWrittenOff, bool isPaidInParts)
    {
        var (pool, a, b, time) = TestPool.Of30(
            static o =>
            {
                foreach (var p in o.Participants) (p.GrantThreshold, p.BorrowOnDemand) = (0, p.Name == "a");
            },
            new Unmoved(50));
        var owed = 1 + units % 5;
        var loan = a.TryBorrow(b, owed, TestPool.Term);
        var own = a.TryAcquire(10 - 1);
        var leases = Enumerable.Range(0, owed + 1).Select(_ => a.TryAcquire()).ToList();
        time.Advance(TestPool.Term);
        // From the end of the term to long after the default limit.
        time.Advance(TimeSpan.FromMilliseconds(wait % 200_000));
        if (isWrittenOff) loan.WriteOff();

        while (leases.Count > 1)
        {
            AssertNothingToBorrow();
            if (isPaidInParts) time.Advance(TimeSpan.FromMinutes(2));
            if (isPaidInParts && isWrittenOff) loan.WriteOff();
            leases[0].Dispose();
            leases.RemoveAt(0);
        }

        Assert.Equal((0, 0, 10), (a.Debt, a.Overdue, b.Allocation));
        Assert.True(a.TryBorrow(b, 1, TestPool.Term).IsGranted);
        Assert.True(a.TryAcquire(2).IsAcquired, "one that it has just borrowed, and one on demand");
        TestPool.AssertLaws(pool);

        void AssertNothingToBorrow()
        {
            Assert.Equal(leases.Count - 1, a.Debt);
            Assert.Equal(RefusalReason.BorrowerOwesDebt, a.TryBorrow(pool.Reserve, 1, TestPool.Term).Refusal);
            Assert.Equal(RefusalReason.BorrowerOwesDebt, a.TryBorrow(1, TestPool.Term).Refusal);
            Assert.NotEqual(RefusalReason.None, loan.TryRenew(TestPool.Term));
            Assert.False(a.TryAcquire().IsAcquired, "nor on demand");
        }
    }
}
