namespace ResourceBorrowing.Balancing;

/// <summary>Smoothed demand: it follows what demand takes upwards at once, and downwards slowly. Source: Kubernetes API Priority and Fairness.</summary>
internal static class DemandEnvelope
{
    /// <param name="smooth">As it was.</param>
    /// <param name="envelope">What the last period took.</param>
    /// <param name="time">How long that was.</param>
    /// <param name="halfLife">After how long half of a peak is forgotten, in the same unit.</param>
    internal static double Next(double smooth, double envelope, double time, double halfLife)
    {
        var kept = Math.Pow(0.5, time / halfLife);
        return Math.Max(envelope, kept * smooth + (1 - kept) * envelope);
    }
}
