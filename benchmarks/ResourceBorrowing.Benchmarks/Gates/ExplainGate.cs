using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Every reputation of a large pool explained once, each with a history of its own.</summary>
internal sealed class ExplainGate(int participants, double most) : Gate($"explain/participants={participants}", Bound.AtMostMilliseconds(most))
{
    private const int Rounds = 30;

    internal override Reading Measure()
    {
        var time = new FakeTimeProvider();
        using var pool = Stage.Pool(participants, time: time, lendsAll: true);
        var all = pool.Participants;
        for (var lender = 1; lender <= 12; lender++)
        {
            for (var i = 0; i < all.Count; i++) all[i].TryBorrow(all[(i + lender) % all.Count], 10, TimeSpan.FromSeconds(10));
            time.Advance(TimeSpan.FromSeconds(10));
        }

        var changes = 0;
        Slices.WarmUp(Explain);
        var best = Slices.Best(
            () =>
            {
                var began = Stopwatch.GetTimestamp();
                Explain();
                return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            },
            Rounds);
        return changes > 0 ? new Reading(best, $"best of {Rounds}, {changes / (double)participants:F1} changes each") : Reading.Wrong("there was nothing to explain");

        void Explain()
        {
            changes = 0;
            foreach (var participant in all) changes += pool.Explain(participant.Name).Changes.Count;
        }
    }
}
