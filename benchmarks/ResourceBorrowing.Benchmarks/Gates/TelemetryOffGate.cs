using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The hot path of a pool that has a meter nobody listens to, against one without a meter.</summary>
internal sealed class TelemetryOffGate(double most) : Gate("telemetry-off/pair", Bound.AtMost(most))
{
    internal override Reading Measure()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var measured = Stage.Pool(meters: services.GetRequiredService<IMeterFactory>());
        using var silent = Stage.Pool();
        return Slices.Ratio(AcquireReleaseGate.Pair(measured["p0"]), AcquireReleaseGate.Pair(silent["p0"]));
    }
}
