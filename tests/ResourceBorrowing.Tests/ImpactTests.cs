using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests;

/// <summary>What a loan does to its lender moves the borrower's reputation, from what participants tell of their requests.</summary>
public class ImpactTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Impact_InAPoolYoungerThanAMinute_IsHeldAgainstTheControlsThereAre()
    {
        var (pool, time) = Of5();
        Pass(pool, time, seconds: 20, lenders: 10);
        var loan = pool["borrower"].TryBorrow(pool["lender"], 4, TimeSpan.FromMinutes(5));
        Pass(pool, time, seconds: 12, lenders: 20);
        loan.Dispose();
        Pass(pool, time, seconds: 23, lenders: 10);
        var change = Assert.Single(pool.Explain("borrower").Changes, static c => c.Source == EvidenceSource.Impact);
        Assert.Equal(("slowed its lender down", "lender"), (change.Reason, change.Counterparty));
        Assert.InRange(change.ScoreDelta, -100, -5);
    }

    [Fact]
    public void Impact_OfWhatAllWentThrough_IsNone()
    {
        var (pool, time) = Of5();
        Pass(pool, time, seconds: 20, lenders: 10);
        var loan = pool["borrower"].TryBorrow(pool["lender"], 4, TimeSpan.FromMinutes(5));
        Pass(pool, time, seconds: 12, lenders: 20, others: 20);
        loan.Dispose();
        Pass(pool, time, seconds: 23, lenders: 10);
        var change = Assert.Single(pool.Explain("borrower").Changes, static c => c.Source == EvidenceSource.Impact);
        Assert.Equal("did its lender no harm", change.Reason);
    }

    [Fact]
    public void Impact_OfALoanWithinSeconds_IsFoundInTheLatenciesThatComeAfter()
    {
        var (pool, time) = Of5();
        var borrower = pool["borrower"];
        Pass(pool, time, seconds: 20, lenders: 10);
        time.Advance(0.4 * Second);
        _ = borrower.TryBorrow(pool["lender"], 4, 5 * Second);
        var held = borrower.TryAcquire(12);
        Record(pool, lenders: 10);
        time.Advance(0.6 * Second);
        Pass(pool, time, seconds: 11, lenders: 20);
        time.Advance(0.4 * Second);
        held.Dispose();
        Record(pool, lenders: 20);
        time.Advance(0.6 * Second);
        Pass(pool, time, seconds: 23, lenders: 10);
        Assert.Contains(pool.Explain("borrower").Changes, static c => c.Reason == "slowed its lender down");
    }

    private static (ResourcePool Pool, FakeTimeProvider Time) Of5()
    {
        var options = TestPool.Options(40, ("borrower", 8), ("lender", 8), ("one", 8), ("two", 8), ("three", 8));
        // Outcomes that double are an overload of the host, which is another test's business.
        options.Stability.OverloadThreshold = 0;
        var time = new FakeTimeProvider();
        return (new ResourcePool(options, time), time);
    }

    private static void Pass(ResourcePool pool, FakeTimeProvider time, int seconds, int lenders, int others = 10)
    {
        for (var i = 0; i < seconds; i++)
        {
            Record(pool, lenders, others);
            time.Advance(Second);
        }
    }

    /// <summary>Everybody's requests took so many milliseconds.</summary>
    private static void Record(ResourcePool pool, int lenders, int others = 10)
    {
        foreach (var participant in pool.Participants)
            for (var request = 0; request < 5; request++) participant.RecordOutcome(TimeSpan.FromMilliseconds(participant.Name == "lender" ? lenders : others));
    }
}
