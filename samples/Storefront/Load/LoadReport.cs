namespace Storefront.Load;

/// <summary>What the load generator saw, one line of JSON on its standard output.</summary>
/// <param name="Subsystems">Its results for each subsystem.</param>
/// <param name="StartedAt">When its time began.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="CpuSeconds">Processor time that it used itself.</param>
/// <param name="LagMilliseconds">By how much the latest 1 % of requests went out late, at least: above a few milliseconds the machine was overloaded.</param>
/// <param name="FirstFailure">What the first failed request failed of.</param>
internal sealed record LoadReport(SubsystemLoad[] Subsystems, DateTimeOffset StartedAt, double Seconds, double CpuSeconds, double LagMilliseconds, string? FirstFailure)
{
    internal int Sent => Subsystems.Sum(static s => s.Sent);

    internal int Failed => Subsystems.Sum(static s => s.Failed);
}

/// <summary>What the requests of one subsystem came to.</summary>
internal sealed class SubsystemLoad
{
    public int Sent { get; set; }

    /// <summary>Answered with 200 within the deadline.</summary>
    public int Good { get; set; }

    /// <summary>Answered with 200, but too late.</summary>
    public int Late { get; set; }

    /// <summary>Answered with 503.</summary>
    public int Refused { get; set; }

    /// <summary>Answered otherwise, or not at all.</summary>
    public int Failed { get; set; }

    /// <summary>Milliseconds from the scheduled arrival to the end of each answer with 200.</summary>
    public List<double> Latencies { get; set; } = [];

    /// <summary>For each of these, when it was due: seconds from the start.</summary>
    public List<double> Dues { get; set; } = [];

    /// <summary>When each other request was due.</summary>
    public List<double> MissedDues { get; set; } = [];
}
