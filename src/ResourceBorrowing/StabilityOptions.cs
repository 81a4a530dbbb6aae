using System.ComponentModel.DataAnnotations;

namespace ResourceBorrowing;

/// <summary>How a pool watches the host, and what it does when the host is overloaded.</summary>
public sealed class StabilityOptions
{
    /// <summary>
    /// Whether the host is watched: about once a second, on the pool's one timer. Default true. With a <see cref="TimeProvider"/> other than the system's the host's
    /// own signals are left out, for their rates mean nothing in its time; signals of yours and outcomes of participants count all the same.
    /// Cannot change while the pool lives.
    /// </summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Health, 0 to 1, under which nothing is lent, and what is lent is recalled bit by bit, lowest reputation first. Default 0.3; 0 for never.</summary>
    [Range(0.0, 1.0)]
    public double OverloadThreshold { get; set; } = 0.3;

    /// <summary>
    /// Health, from the threshold to 1, above which it must stay for 5 samples before an overload is over; between threshold and this, lending limits shrink in
    /// proportion. Default 0.6.
    /// </summary>
    [Range(0.0, 1.0)]
    public double RecoveryThreshold { get; set; } = 0.6;

    internal StabilityOptions Copy() => (StabilityOptions)MemberwiseClone();
}
