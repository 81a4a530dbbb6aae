using System.Globalization;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>Numbers as text, the same everywhere.</summary>
internal static class Figures
{
    internal static string Short(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>All digits that matter; empty for what is no number.</summary>
    internal static string Exact(double? value) => value switch
    {
        null => "",
        var some when double.IsNaN(some.Value) => "",
        var some when double.IsInfinity(some.Value) => "inf",
        var some => some.Value.ToString("R", CultureInfo.InvariantCulture),
    };
}
