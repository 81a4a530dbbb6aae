
namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Carrying a plan out: the longest that any of its steps takes, and so the longest that any lock is held for it; the median of many plans, for what interrupts a step is no part of it.</summary>
internal sealed class PlanLockGate(double most) : Gate("plan/lock", Bound.AtMostMicroseconds(most))
{
    private const int Participants = 1000;
    private const int Units = 20;
    private const int Plans = 1000;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(Participants, Units, lendsAll: true);
        var all = pool.Participants;
        var longest = new double[Plans];
        for (var plan = 0; plan < Plans; plan++)
        {
            var worst = 0.0;
            var loans = new List<Loan>();
            for (var i = 0; i < Participants; i += 2)
            {
                var began = Stopwatch.GetTimestamp();
                loans.Add(all[i].TryBorrow(all[i + 1], 5, TimeSpan.FromMinutes(1)));
                worst = Math.Max(worst, Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            foreach (var loan in loans)
            {
                if (!loan.IsGranted) return Reading.Wrong(loan.Explanation);
                // Evidence is judged batch by batch, in some returns, and under no lock of the ledger.
                pool.Reputations.JudgeSettled();
                var began = Stopwatch.GetTimestamp();
                loan.Dispose();
                worst = Math.Max(worst, Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            longest[plan] = worst;
        }

        Array.Sort(longest);
        return new Reading(longest[Plans / 2], $"{Participants} steps in each of {Plans} plans");
    }
}
