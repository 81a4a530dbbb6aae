using ResourceBorrowing;
using Storefront.Guards;
using Storefront.Load;

namespace Storefront.Measurement;

/// <summary>One policy under the whole demand, once.</summary>
/// <param name="Load">What the load generator saw.</param>
/// <param name="Utilization">Units in use / capacity, averaged over time.</param>
/// <param name="CpuPart">The part of all processors that both processes used.</param>
/// <param name="Loans">What the loan desk counted for each subsystem; empty without loans.</param>
/// <param name="Pool">The pool at the end; null without loans.</param>
internal sealed record PhaseResult(
    LoadReport Load, double Utilization, double CpuPart, IReadOnlyList<LoanCounts> Loans, PoolSnapshot? Pool);
