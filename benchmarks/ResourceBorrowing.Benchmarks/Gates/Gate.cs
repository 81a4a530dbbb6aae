namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One figure that must not get worse. A new gate is one small class and one line in <see cref="GateList"/>.</summary>
/// <param name="name"><c>area/case</c>, without spaces.</param>
/// <param name="bound">What the figure must keep.</param>
internal abstract class Gate(string name, Bound bound)
{
    internal string Name { get; } = name;

    internal Bound Bound { get; } = bound;

    /// <summary>Measures once, from nothing to the end.</summary>
    internal abstract Reading Measure();

    internal bool IsCalled(string name) => Name == name || Name.StartsWith(name + '/', StringComparison.Ordinal);
}

/// <summary>One measurement.</summary>
/// <param name="Value">The figure that the bound speaks of.</param>
/// <param name="Detail">What it was made of, for people.</param>
/// <param name="IsConclusive">False when the machine did not allow it to be measured.</param>
internal readonly record struct Reading(double Value, string Detail, bool IsConclusive = true)
{
    /// <summary>What was measured did not do its job: no bound holds for it, and no rerun makes it good.</summary>
    internal static Reading Wrong(string detail) => new(double.NaN, detail);

    internal bool IsWrong => double.IsNaN(Value);
}
