using System.Globalization;
using ResourceBorrowing.Simulator.Measurement;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>One figure of a result, as every output shows it.</summary>
/// <param name="Key">Its name for programs.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Meaning">What it says, with its unit.</param>
/// <param name="Value">The figure; null where there is none.</param>
/// <param name="Format">How people see it.</param>
internal sealed record Column(string Key, string Title, string Meaning, Func<PolicyResult, double?> Value, string Format)
{
    /// <summary>How well callers are served.</summary>
    internal static IReadOnlyList<Column> Service { get; } =
    [
        new("goodput", "goodput", "requests that finished in time, per request", static r => r.Goodput, "0.0000"),
        new("utilization", "utilization", "unit-time used by requests that finished in time, per unit-time of the capacity", static r => r.Utilization, "0.0000"),
        new("waitP50", "wait p50", "wait, in service times; who gave up counts as having waited as long as it could", static r => r.WaitP50, "0.000"),
        new("waitP99", "wait p99", "as wait p50", static r => r.WaitP99, "0.000"),
        new("convergence", "follows in", "median time from a rise of demand (at least doubled, and by two units) until the participant has its fair share in use, in steps", static r => r.Convergence, "0.000"),
        new("churn", "churn", "units that come to another holder, per second of virtual time", static r => r.Churn, "0.000"),
    ];

    /// <summary>How the participants fare among each other.</summary>
    internal static IReadOnlyList<Column> Fairness { get; } =
    [
        new("minMaxWelfare", "min/max", "welfare (a participant's goodput) of the worst served by that of the best served", static r => r.MinMax, "0.0000"),
        new("medianMinWelfare", "median/min", "welfare of the median participant by that of the worst served", static r => r.MedianMin, "0.000"),
        new("jain", "Jain", "Jain's index of welfare: 1 when all are equal", static r => r.Jain, "0.0000"),
        new("harmP99", "harm p99", "wait of callers whose participant had lent units, in service times; nothing where nobody lends", static r => r.HarmP99, "0.000"),
        new("shortfall", "shortfall", "most units in use beyond the capacity", static r => r.Shortfall, "0"),
        new("honestGoodput", "honest", "goodput of all but the adversary", static r => r.HonestLoss is null ? null : r.HonestGoodput, "0.0000"),
        new("honestLoss", "honest loss", "part of that which the adversary costs, against the same run with the adversary honest", static r => r.HonestLoss, "0.0000"),
    ];

    internal static IEnumerable<Column> All => Service.Concat(Fairness);

    /// <summary>For people.</summary>
    internal string Show(PolicyResult result) => Value(result) switch
    {
        null => "-",
        var value when double.IsInfinity(value.Value) => "inf",
        var value => value.Value.ToString(Format, CultureInfo.InvariantCulture),
    };
}
