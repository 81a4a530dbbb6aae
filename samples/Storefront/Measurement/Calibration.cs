namespace Storefront.Measurement;

/// <summary>What this machine needs for a request: so the same levels of demand mean the same everywhere.</summary>
/// <param name="HoldSeconds">For each subsystem, how long a request holds its unit.</param>
/// <param name="CpuMilliseconds">Processor time of a request, both processes together, without the journal's writer.</param>
/// <param name="FlushMilliseconds">What a flushed page took before the run.</param>
/// <param name="MostPerSecond">Requests that may be asked for while the processors keep some room.</param>
/// <param name="CutPart">The part of the time in which demand had to be cut down to that.</param>
internal sealed record Calibration(
    IReadOnlyList<double> HoldSeconds, double CpuMilliseconds, double FlushMilliseconds, double MostPerSecond, double CutPart);
