using System.Globalization;

namespace ResourceBorrowing.Stability;

/// <summary>How the host fares, and why. A value: it does not change after it was made.</summary>
/// <param name="Health">From 1, all is well, down to 0: 1 less the worst of all signals, each from 0 at its healthy reading to 1 at its unhealthy one. 1 before anything was measured.</param>
/// <param name="IsOverloaded">Whether nothing new is lent until health recovers.</param>
/// <param name="Reason">The worst signal with its reading and its limits, in words.</param>
/// <param name="Readings">All readings, those that only inform among them.</param>
/// <param name="Missing">The names of signals that this system does not offer.</param>
public sealed record StabilityReport(double Health, bool IsOverloaded, string Reason, IReadOnlyList<StabilityReading> Readings, IReadOnlyList<string> Missing)
{
    /// <summary>Health and its reason.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"health {Health:0.00}{(IsOverloaded ? ", overloaded" : "")}: {Reason}");
}

/// <summary>The latest reading of one signal. A value.</summary>
/// <param name="Name">What is measured, in words.</param>
/// <param name="Unit">The unit of the reading; empty for a ratio, a count, or a signal of yours.</param>
/// <param name="Participant">Whose reading it is; null for the host's.</param>
/// <param name="Value">The reading; null while there is nothing to say.</param>
/// <param name="Healthy">Up to which reading health is 1; null when the reading does not count in health.</param>
/// <param name="Unhealthy">From which reading health is 0; null when the reading does not count in health.</param>
public sealed record StabilityReading(string Name, string Unit, string? Participant, double? Value, double? Healthy, double? Unhealthy)
{
    /// <summary>In words: <c>thread-pool latency 140 ms (healthy to 10, unhealthy from 200)</c>.</summary>
    public override string ToString()
    {
        var whose = Participant is null ? "" : $" of '{Participant}'";
        var value = Value is { } some ? Number(some) : "unknown";
        var limits = Healthy is { } healthy && Unhealthy is { } unhealthy ? $" (healthy to {Number(healthy)}, unhealthy from {Number(unhealthy)})" : "";
        return $"{Name}{whose} {value}{(Unit.Length == 0 ? "" : " ")}{Unit}{limits}";
    }

    // Below 100 a decimal or two may matter, above it none does.
    private static string Number(double value) => value.ToString(Math.Abs(value) < 10 ? "0.##" : Math.Abs(value) < 100 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
