using Storefront.Guards;
using Storefront.Load;

namespace Storefront.Measurement;

/// <summary>One policy over all rounds.</summary>
internal sealed record PolicyResult(Policy Policy, double RoundSeconds, IReadOnlyList<PhaseResult> Rounds)
{
    internal double Utilization => Rounds.Average(static r => r.Utilization);

    internal double CpuPart => Rounds.Average(static r => r.CpuPart);

    internal double LagMilliseconds => Rounds.Max(static r => r.Load.LagMilliseconds);

    internal double SlowestCommitMilliseconds => Rounds.Max(static r => r.SlowestCommit.TotalMilliseconds);

    internal SubsystemResult Total => Result(Rounds.SelectMany(static r => r.Load.Subsystems));

    internal SubsystemResult this[int subsystem] => Result(Rounds.Select(r => r.Load.Subsystems[subsystem]));

    /// <summary>The 99th percentile of one subsystem in one round only.</summary>
    internal double P99(int round, int subsystem) => Percentile.Of(Rounds[round].Load.Subsystems[subsystem].Latencies, 0.99);

    private SubsystemResult Result(IEnumerable<SubsystemLoad> loads)
    {
        var all = loads.ToList();
        var latencies = all.SelectMany(static l => l.Latencies).ToList();
        var seconds = RoundSeconds * Rounds.Count;
        return new SubsystemResult(
            all.Sum(static l => l.Sent) / seconds,
            all.Sum(static l => l.Good) / seconds,
            Percentile.Of(latencies, 0.5),
            Percentile.Of(latencies, 0.99),
            all.Sum(static l => l.Refused),
            all.Sum(static l => l.Late),
            all.Sum(static l => l.Failed));
    }
}

/// <summary>Rates are per second; latencies are milliseconds, from the scheduled arrival, of answers with 200, late ones included.</summary>
internal sealed record SubsystemResult(double Asked, double Goodput, double P50, double P99, int Refused, int Late, int Failed);
