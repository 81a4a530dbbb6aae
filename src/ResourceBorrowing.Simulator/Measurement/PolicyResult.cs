using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>How a policy did in one scenario.</summary>
internal sealed record PolicyResult
{
    internal required Policy Policy { get; init; }

    /// <summary>Unit-time used by requests that finished in time, per unit-time there was.</summary>
    internal required double Utilization { get; init; }

    /// <summary>Requests that finished in time, per request.</summary>
    internal required double Goodput { get; init; }

    /// <summary>Waits, in service times; those that gave up count as long as they could wait.</summary>
    internal required double WaitP50 { get; init; }

    internal required double WaitP99 { get; init; }

    /// <summary>Goodput of each participant; not a number for those that asked for nothing.</summary>
    internal required double[] Welfare { get; init; }

    internal required double MinMax { get; init; }

    /// <summary>Infinite when somebody got nothing.</summary>
    internal required double MedianMin { get; init; }

    internal required double Jain { get; init; }

    /// <summary>Waits of callers of participants that had units lent out, in service times; null when nobody lends.</summary>
    internal required double? HarmP99 { get; init; }

    /// <summary>The median time to follow a rise of demand, in steps; null when there was none.</summary>
    internal required double? Convergence { get; init; }

    internal required int Rises { get; init; }

    /// <summary>Units that came to another holder, per second.</summary>
    internal required double Churn { get; init; }

    internal required int Shortfall { get; init; }

    /// <summary>Goodput of all but the adversary.</summary>
    internal required double HonestGoodput { get; init; }

    /// <summary>The part of the honest participants' goodput that the adversary costs; null without one.</summary>
    internal double? HonestLoss { get; init; }

    internal required int[] Shown { get; init; }

    internal required Timeline Allocations { get; init; }

    internal required Timeline Scores { get; init; }

    internal static PolicyResult Of(Policy policy, Scenario scenario, Tally tally, int adversary)
    {
        var (asked, served) = (tally.Asked, tally.Served);
        double GoodputOf(Func<int, bool> counts)
        {
            var places = Enumerable.Range(0, asked.Length).Where(counts).ToList();
            return (double)places.Sum(i => served[i]) / Math.Max(1, places.Sum(i => asked[i]));
        }

        var welfare = asked.Select((a, i) => a == 0 ? double.NaN : (double)served[i] / a).ToArray();
        var known = welfare.Where(static w => !double.IsNaN(w)).Order().ToArray();
        var median = (known[(known.Length - 1) / 2] + known[known.Length / 2]) / 2;
        var model = scenario.Model;
        var seconds = scenario.Traces.Steps * model.StepLength.TotalSeconds;
        return new PolicyResult
        {
            Policy = policy,
            Utilization = served.Sum() * TimeSpan.FromTicks(model.ServiceTicks).TotalSeconds / (scenario.Capacity * seconds),
            Goodput = GoodputOf(static _ => true),
            WaitP50 = tally.Waits.Quantile(0.5)!.Value * model.Patience,
            WaitP99 = tally.Waits.Quantile(0.99)!.Value * model.Patience,
            Welfare = welfare,
            MinMax = known[^1] == 0 ? 1 : known[0] / known[^1],
            MedianMin = median == 0 ? 1 : median / known[0],
            Jain = JainOf(known),
            HarmP99 = tally.LenderWaits.Quantile(0.99) * model.Patience,
            Convergence = tally.Convergence.Median(),
            Rises = tally.Convergence.Count,
            Churn = tally.Moved / seconds,
            Shortfall = tally.Shortfall,
            HonestGoodput = GoodputOf(i => i != adversary),
            Shown = tally.Shown,
            Allocations = tally.Allocations,
            Scores = tally.Scores,
        };
    }

    /// <summary>(sum x)^2 / (n sum x^2): 1 when all are equal, 1/n when one has all (Jain, Chiu, Hawe 1984).</summary>
    private static double JainOf(double[] welfare)
    {
        var squares = welfare.Sum(static w => w * w);
        return squares == 0 ? 1 : Math.Pow(welfare.Sum(), 2) / (welfare.Length * squares);
    }
}
