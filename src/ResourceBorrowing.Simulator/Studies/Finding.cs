using System.Globalization;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>One figure of a study.</summary>
/// <param name="Name">What.</param>
/// <param name="Part">How often, 0 to 1.</param>
/// <param name="Bound">What it must be; empty when it is only told.</param>
/// <param name="IsMet">Whether it is.</param>
internal sealed record Finding(string Name, double Part, string Bound, bool IsMet)
{
    internal static Finding AtMost(string name, double part, double bound) => new(name, part, $"<= {Percent(bound)}", part <= bound);

    internal static Finding AtLeast(string name, double part, double bound) => new(name, part, $">= {Percent(bound)}", part >= bound);

    internal static Finding Told(string name, double part) => new(name, part, "", IsMet: true);

    /// <summary>For people.</summary>
    internal string Measured => Percent(Part);

    private static string Percent(double part) => (100 * part).ToString("0.0#", CultureInfo.InvariantCulture) + " %";
}
