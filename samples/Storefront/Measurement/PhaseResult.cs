using ResourceBorrowing;
using Storefront.Load;

namespace Storefront.Measurement;

/// <summary>One policy under the whole demand, once.</summary>
/// <param name="Load">What the load generator saw.</param>
/// <param name="Utilization">Units in use / capacity, averaged over time.</param>
/// <param name="CpuPart">The part of all processors that both processes used.</param>
/// <param name="SlowestCommit">The longest commit of the journal: far above the usual, the disk stood still, and nobody could answer.</param>
/// <param name="Pool">The pool at the end; null without one.</param>
/// <param name="Harm">For each participant, how long its callers waited while units it owned were lent out.</param>
internal sealed record PhaseResult(
    LoadReport Load, double Utilization, double CpuPart, TimeSpan SlowestCommit, PoolSnapshot? Pool, IReadOnlyList<TimeSpan> Harm)
{
    /// <summary>What became of the loans; null without a pool.</summary>
    internal LoanTally? Loans { get; init; }

    /// <summary>What its plans moved; null without a pool.</summary>
    internal PlanTally? Plans { get; init; }

    /// <summary>How the pool saw the host; empty without a pool.</summary>
    internal IReadOnlyList<PoolSample> Samples { get; init; } = [];
}
