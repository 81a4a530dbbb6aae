using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One jump of a fake clock over a million loans, each due in a millisecond of its own; one timer serves them all.</summary>
internal sealed class FakeClockGate(double most) : Gate("fake-clock/million", Bound.AtMostSeconds(most))
{
    private const int Rounds = 4;

    internal override Reading Measure()
    {
        var clock = new FakeTimeProvider();
        var time = new CountedTimers(clock);
        using var pool = Stage.Pool(ManyLoans.Parties, ManyLoans.Million, time: time, lendsAll: true);
        var loans = new ManyLoans(pool.Participants);
        var random = new Random(Seed: 1);
        var mostAlive = 0;
        var isSettled = true;
        Slices.WarmUp(() => Jump(ManyLoans.Few));
        var best = Slices.Best(() => Jump(ManyLoans.Million), Rounds);
        return mostAlive == 1 && isSettled
            ? new Reading(best, $"best of {Rounds}, {mostAlive} timer")
            : Reading.Wrong($"{mostAlive} timers, {(isSettled ? "all settled" : "not everything was settled")}");

        double Jump(int count)
        {
            int[] terms = [.. Enumerable.Range(1, count)];
            random.Shuffle(terms);
            foreach (var term in terms) loans.Borrow(TimeSpan.FromMilliseconds(term));
            mostAlive = Math.Max(mostAlive, time.Alive);
            var began = Stopwatch.GetTimestamp();
            clock.Advance(TimeSpan.FromMilliseconds(count));
            var elapsed = Stopwatch.GetElapsedTime(began);
            mostAlive = Math.Max(mostAlive, time.Alive);
            isSettled &= loans is { Outstanding: 0, AreJudged: true };
            return elapsed.TotalSeconds;
        }
    }
}
