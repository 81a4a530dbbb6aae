using ResourceBorrowing;
using ResourceBorrowing.Reputation;
using Storefront.Load;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>What came of the subsystem that misbehaves, and of the others.</summary>
/// <param name="Load">What the load generator saw.</param>
/// <param name="LoadBegan">When the load began, in seconds of the act.</param>
/// <param name="Batches">What the trainer did.</param>
/// <param name="Samples">How its score, and the host, fared.</param>
/// <param name="Explanation">Why its reputation is what it is, at the end.</param>
/// <param name="CutPart">The part of the time in which demand had to be cut down.</param>
internal sealed record ActTwoResult(
    LoadReport Load, double LoadBegan, IReadOnlyList<TrainingBatch> Batches, IReadOnlyList<PoolSample> Samples, ReputationExplanation Explanation, double CutPart)
{
    internal static readonly IReadOnlyList<int> Others = [.. Enumerable.Range(0, Subsystem.All.Count).Except(Trainer.Lenders)];

    /// <summary>When it turned greedy; the end when it never came to it.</summary>
    internal double GreedyAt => Batches.FirstOrDefault(static b => b.IsGreedy)?.At.TotalSeconds ?? ActTwo.Seconds;

    /// <summary>When it gave back the last that it had borrowed, if it was refused for its conduct ever after; null when it went on borrowing.</summary>
    internal double? LostAt
    {
        get
        {
            var last = Batches.LastOrDefault(static b => b is { IsGreedy: true, Loans: > 0 });
            if (last is null) return null;
            var wasRefused = Batches.Any(b => b.At > last.At && b.Refusals.Any(TrainingBatch.IsForItsConduct));
            return wasRefused && last.ReturnedAt.TotalSeconds < ActTwo.Seconds ? last.ReturnedAt.TotalSeconds : null;
        }
    }

    /// <summary>Before, during and after the misconduct; without an end of it there is no after.</summary>
    internal IReadOnlyList<ActTwoPhase> Phases
    {
        get
        {
            // Who comes just after the units may stand behind those that waited for them; a deadline later nobody does.
            var (greedy, end) = (GreedyAt, LostAt + Subsystem.Deadline.TotalSeconds);
            ActTwoPhase[] phases = [Phase("before", 0, greedy), Phase("during", greedy, end ?? ActTwo.Seconds)];
            return end is { } lost ? [.. phases, Phase("after", lost, ActTwo.Seconds)] : phases;
        }
    }

    internal PoolSample Worst => Samples.MinBy(static s => s.Score)!;

    internal bool IsImpactAReason => Explanation.Changes.Any(static c => c is { Source: EvidenceSource.Impact, ScoreDelta: < 0 });

    private ActTwoPhase Phase(string name, double from, double to)
    {
        bool IsIn(double at) => at >= from && at < to;
        var batches = Batches.Where(b => IsIn(b.At.TotalSeconds)).ToList();
        var samples = Samples.Where(s => IsIn(s.At)).ToList();
        return new ActTwoPhase(
            name, from, to,
            samples.FirstOrDefault()?.Score ?? 0, samples.LastOrDefault()?.Score ?? 0,
            batches.Sum(static b => b.Loans),
            batches.SelectMany(static b => b.Refusals).CountBy(static r => r).ToDictionary(),
            PoolWatch.OverloadedSeconds(samples),
            Seen(Trainer.Lenders, from, to), Seen(Others, from, to));
    }

    private Service Seen(IReadOnlyList<int> subsystems, double from, double to)
    {
        bool IsIn(double due) => due + LoadBegan >= from && due + LoadBegan < to;
        var latencies = new List<double>();
        var missed = 0;
        foreach (var load in subsystems.Select(i => Load.Subsystems[i]))
        {
            latencies.AddRange(load.Latencies.Where((_, i) => IsIn(load.Dues[i])));
            missed += load.MissedDues.Count(IsIn);
        }

        var asked = latencies.Count + missed;
        return new Service(
            asked, Percentile.Of(latencies, 0.5), Percentile.Of(latencies, 0.99),
            asked == 0 ? 1 : (double)latencies.Count(static l => l <= Subsystem.Deadline.TotalMilliseconds) / asked);
    }
}

/// <summary>One part of act two.</summary>
/// <param name="Name">Which.</param>
/// <param name="From">Seconds of the act.</param>
/// <param name="To">Seconds of the act.</param>
/// <param name="FirstScore">The trainer's reputation when the phase began.</param>
/// <param name="LastScore">And when it ended.</param>
/// <param name="Loans">Loans it was granted.</param>
/// <param name="Refusals">How many it was refused, and why.</param>
/// <param name="OverloadedSeconds">How long nothing at all was lent.</param>
/// <param name="Lenders">How those that it borrows from served their requests.</param>
/// <param name="Others">How the rest did.</param>
internal sealed record ActTwoPhase(
    string Name, double From, double To, double FirstScore, double LastScore, int Loans, IReadOnlyDictionary<RefusalReason, int> Refusals, double OverloadedSeconds, Service Lenders, Service Others);

/// <summary>Latencies are milliseconds of answers with 200; in time is the part of all requests.</summary>
internal sealed record Service(int Asked, double P50, double P99, double InTime);
