using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>How often the first units released after a recall of units in use did not go to the lender's caller, while the borrower's own callers want them.</summary>
internal sealed class RecallGate() : Gate("recall/first-release", Bound.Never)
{
    private const int Rounds = 20_000;

    internal override Reading Measure()
    {
        var options = new ResourcePoolOptions { Capacity = 2, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
        options.AddParticipant("lender", 2, static p => (p.LendingLimit, p.GrantThreshold) = (2, 0));
        options.AddParticipant("borrower", 0);
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (lender, borrower) = (pool["lender"], pool["borrower"]);
        long missed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var held = borrower.TryAcquire(2);
            if (!held.IsAcquired) return Reading.Wrong(held.Explanation);
            using var stop = new CancellationTokenSource();
            var lendersCaller = lender.AcquireAsync(2).AsTask();
            var borrowersCaller = borrower.AcquireAsync(1, stop.Token).AsTask();
            held.Dispose();
            using var again = borrower.TryAcquire();
            if (again.IsAcquired || borrowersCaller.IsCompleted) missed++;
            stop.Cancel();
            lendersCaller.GetAwaiter().GetResult().Dispose();
            time.Advance(options.PlanningPeriod);
        }

        return new Reading(missed, $"{Rounds} recalls");
    }
}
