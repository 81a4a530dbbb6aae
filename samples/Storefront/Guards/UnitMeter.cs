using System.Diagnostics;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>How long units were held: their sum over capacity and time is the utilization.</summary>
internal sealed class UnitMeter
{
    private readonly long[] _ticks = new long[Subsystem.All.Count];
    private readonly long[] _holds = new long[Subsystem.All.Count];

    internal TimeSpan Held => Stopwatch.GetElapsedTime(0, _ticks.Sum());

    internal Holding Hold(int subsystem) => new(this, subsystem, Stopwatch.GetTimestamp());

    internal TimeSpan? MeanHold(int subsystem) =>
        _holds[subsystem] == 0 ? null : Stopwatch.GetElapsedTime(0, _ticks[subsystem] / _holds[subsystem]);

    /// <summary>Forgets all; nothing may be held.</summary>
    internal void Reset()
    {
        Array.Clear(_ticks);
        Array.Clear(_holds);
    }

    internal readonly struct Holding(UnitMeter meter, int subsystem, long since) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Add(ref meter._ticks[subsystem], Stopwatch.GetTimestamp() - since);
            Interlocked.Increment(ref meter._holds[subsystem]);
        }
    }
}
