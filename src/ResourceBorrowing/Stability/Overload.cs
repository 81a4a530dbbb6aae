namespace ResourceBorrowing.Stability;

/// <summary>When a host counts as overloaded, and when no longer.</summary>
/// <param name="Threshold">Health below this is overload at once. 0 to 1.</param>
/// <param name="Recovery">Health must stay above this before overload ends; at least the threshold.</param>
/// <param name="RecoverySamples">For how many samples on end, from 1.</param>
internal readonly record struct OverloadLimits(double Threshold, double Recovery, int RecoverySamples)
{
    /// <summary>
    /// At 0.3 a signal has gone seven tenths of its way, such as a pool latency of 143 ms or a collector that stops everything for 15 % of the time: noise does not get there. At 0.6 it is nearer
    /// to healthy than to overload, and as far from the threshold as the threshold is from 0, so what hovers around one limit does not cross both. Five samples are the short
    /// window of a participant's latency: by then nothing in it was measured before health recovered.
    /// </summary>
    internal static OverloadLimits Default => new(0.3, 0.6, 5);
}

/// <summary>Overload with hysteresis. A value; the change is pure.</summary>
internal readonly record struct Overload(bool IsOverloaded, int Recovered)
{
    internal Overload After(double health, OverloadLimits limits)
    {
        if (health < limits.Threshold) return new(true, 0);
        if (!IsOverloaded) return default;
        var recovered = health > limits.Recovery ? Recovered + 1 : 0;
        return recovered >= limits.RecoverySamples ? default : new(true, recovered);
    }
}
