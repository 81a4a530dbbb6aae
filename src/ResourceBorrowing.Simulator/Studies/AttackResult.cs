using System.Globalization;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What an attack achieved, beside what it may achieve.</summary>
/// <param name="Attack">Who does what.</param>
/// <param name="Measured">The worst that came of it.</param>
/// <param name="Target">What it may come to, in words.</param>
/// <param name="IsMet">Whether it did not come to more.</param>
/// <param name="IsBinding">Whether the target is one of this mode; where it is not, the figure is for information.</param>
internal sealed record AttackResult(string Attack, double Measured, string Target, bool IsMet, bool IsBinding)
{
    internal static AttackResult AtMost(string attack, double measured, double bound, bool isBinding = true) =>
        new(attack, measured, Text($"<= {bound:0.##}"), measured <= bound, isBinding);

    internal static AttackResult AtLeast(string attack, double measured, double bound, bool isBinding = true) =>
        new(attack, measured, Text($">= {bound:0.##}"), measured >= bound, isBinding);

    internal static AttackResult Below(string attack, double measured, double bound, bool isBinding = true) =>
        new(attack, measured, Text($"< {bound:0.##}"), measured < bound, isBinding);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
