using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A plan for all participants, where units move for each of them, in scans of all their words; wrong when somebody is left out.</summary>
internal sealed class PlanGate(int participants, double most) : Gate($"plan/participants={participants}", Bound.AtMost(most))
{
    private const int Units = 100;
    private const int Rounds = 100;

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(participants, Units);
        var words = pool.Participants.Select(static p => p.Account.Cell).ToArray();
        var random = new Random(7);
        // Every second one needs more than it owns, more than there is; the others offer half of theirs.
        var situations = new Situation[participants];
        for (var i = 0; i < participants; i++)
        {
            var need = i % 2 == 0 ? random.Next(3 * Units / 2, 5 * Units / 2) : random.Next(0, Units / 3);
            situations[i] = new(
                Units, Units / 2, participants * Units, Units, i % 2 == 0 ? 0 : Units - need, need, need, need, i % 2 == 0 ? 0 : Units / 2, i % 2 == 0 ? 0 : Units / 2,
                participants * Units, 0, random.NextDouble() * 100);
        }

        var limits = new PlanLimits(participants * Units, 0.1, 1);
        var moves = Planner.Make(limits, situations, []).Moves;
        var moving = moves.SelectMany(static m => new[] { m.Lender, m.Borrower }).Distinct().Count();
        if (moving < 0.9 * participants) return Reading.Wrong($"{moving} of {participants} move");

        long sum = 0;
        var scan = new Workload(() =>
        {
            foreach (var word in words) sum += word.Read().Free;
        }, operations: 1);
        var plan = new Workload(() => sum += Planner.Make(limits, situations, []).Moves.Count, operations: 1);
        Slices.WarmUp(plan.Run, scan.Run);
        scan.Calibrate(Slices.Length);
        plan.Calibrate(Slices.Length);
        var ratio = Slices.Ratio(plan.Slice, scan.Slice, Rounds);
        return sum > 0 ? ratio with { Detail = $"{ratio.Detail}; {moves.Count} moves" } : Reading.Wrong("nothing was read");
    }
}
