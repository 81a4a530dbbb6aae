namespace ResourceBorrowing.Stability;

/// <summary>One more measure of how the host fares, such as the length of a queue or the share of cache misses.</summary>
/// <remarks>
/// <see cref="Read"/> is called on the pool's one loop, about once a second, by one thread at a time and never under a lock: let it answer within microseconds from what is
/// known already. An exception, or a reading that is not a number, is contained and counted, and the signal has nothing to say that time. The other members are read once,
/// when the pool is built.
/// </remarks>
public interface IStabilitySignal
{
    /// <summary>What is measured, in lower-case words for people: <c>"order queue length"</c>. Not empty.</summary>
    string Name { get; }

    /// <summary>The reading at which health is still 1, in the signal's own unit. Finite.</summary>
    double Healthy { get; }

    /// <summary>
    /// The reading at which health is 0; between <see cref="Healthy"/> and this it falls in a straight line, and beyond them it stays as it is. Finite, and not equal to
    /// <see cref="Healthy"/>; below it when less is worse.
    /// </summary>
    double Unhealthy { get; }

    /// <summary>The reading at <paramref name="now"/>, the time since the pool began; null when there is nothing to say this time, which harms no health.</summary>
    double? Read(TimeSpan now);
}
