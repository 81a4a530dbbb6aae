using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

public class RefusalTests
{
    [Fact]
    public void Layout_OfThePackedNumber_FitsAndLeavesTheSignFree()
    {
        Assert.Equal(Refusal.AskedWidth, Refusal.PossibleShift);
        Assert.Equal(Refusal.PossibleShift + Refusal.PossibleWidth, Refusal.ReasonShift);
        Assert.True(Refusal.ReasonShift + Refusal.ReasonWidth <= 63);
        Assert.All(Enum.GetValues<RefusalReason>(), static reason => Assert.InRange((int)reason, 0, (1 << Refusal.ReasonWidth) - 1));
    }

    [Fact]
    public void Packed_AnyReasonAndNumbers_ComesBackAndSpeaks()
    {
        foreach (var reason in Enum.GetValues<RefusalReason>())
        {
            foreach (var asked in (int[])[0, 1, 77, int.MaxValue])
            {
                foreach (var possible in (int[])[-5, 0, 1, 1 << 20, int.MaxValue])
                {
                    var packed = new Refusal(reason, asked, possible).Packed;
                    Assert.True(packed < 0);
                    Assert.Equal(new Refusal(reason, asked, Math.Clamp(possible, 0, (1 << Refusal.PossibleWidth) - 1)), Refusal.From(packed));
                    Assert.NotEqual(reason.ToString(), Refusal.From(packed).Describe("a"));
                }
            }
        }
    }

    [Fact]
    public void Reputation_ThatTimeHasHealed_BorrowsOnDemandAndRenews()
    {
        var (_, a, b, time) = Disgraced();
        time.Advance(TimeSpan.FromDays(60));
        using (var lease = a.TryAcquire(11)) Assert.True(lease.IsAcquired, lease.Explanation);

        var loan = a.TryBorrow(b, 1, TestPool.Term);
        Assert.Equal(RefusalReason.None, loan.TryRenew(TestPool.Term));
    }

    [Fact]
    public async Task Reputation_ThatTimeHeals_EndsTheWaitForALoan()
    {
        var (_, a, b, time) = Disgraced();
        var wait = a.BorrowAsync(new LoanRequest(1) { Lender = b });
        Assert.False(wait.IsCompleted);
        for (var day = 0; day < 60; day++) time.Advance(TimeSpan.FromDays(1));
        Assert.True((await wait.Within()).IsGranted);
    }

    /// <summary>a has lost units of three loans, and has given them back since.</summary>
    private static (ResourcePool Pool, Participant A, Participant B, FakeTimeProvider Time) Disgraced()
    {
        var parties = TestPool.Of30(static o => o.Participants[0].BorrowOnDemand = true);
        var (_, a, b, time) = parties;
        for (var i = 0; i < 3; i++)
        {
            a.TryBorrow(b, 5, 2 * TestPool.Term);
            using (a.TryAcquire(15)) time.Advance(2.2 * TestPool.Term);
            time.Advance(TestPool.Term);
        }

        Assert.Equal(RefusalReason.Reputation, a.TryBorrow(b, 1, TestPool.Term).Refusal);
        return parties;
    }
}
