using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>What the borrow path pays to know a score, beyond a field of another object.</summary>
internal sealed class ScoreGate(double most) : Gate("score/read", Bound.AtMostNanoseconds(most))
{
    private const int Rounds = 150;

    internal override Reading Measure()
    {
        var standings = Enumerable.Range(0, Workload.Operations).Select(static i => new Standing($"p{i}")).ToArray();
        var fields = Enumerable.Range(0, Workload.Operations).Select(static _ => new Box()).ToArray();
        var sum = 0.0;
        var scores = new Workload(() =>
        {
            foreach (var standing in standings) sum += standing.Score;
        });
        var plain = new Workload(() =>
        {
            foreach (var field in fields) sum += field.Value;
        });
        Slices.WarmUp(scores.Run, plain.Run);
        scores.Calibrate(Slices.Length);
        plain.Calibrate(Slices.Length);
        double ours = double.MaxValue, theirs = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            ours = Math.Min(ours, scores.Slice());
            theirs = Math.Min(theirs, plain.Slice());
        }

        return sum > 0 ? new Reading(Math.Max(0, ours - theirs), $"{ours:F2} ns / {theirs:F2} ns") : Reading.Wrong("nothing was read");
    }

    private sealed class Box
    {
        internal double Value = Standing.Newcomer;
    }
}
