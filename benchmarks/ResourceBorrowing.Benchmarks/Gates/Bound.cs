namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The most or the least that a figure may be.</summary>
internal readonly record struct Bound(bool IsCeiling, double Limit, string Unit, int Decimals)
{
    internal static Bound AtMost(double times) => new(true, times, "x", 2);

    internal static Bound AtLeast(double times) => new(false, times, "x", 2);

    internal static Bound NoBytes { get; } = new(true, 0, "B", 0);

    internal bool Holds(double value) => IsCeiling ? Printed(value) <= Limit : Printed(value) >= Limit;

    internal bool IsBetter(double value, double other) => IsCeiling ? value < other : value > other;

    internal string Print(double value) => Printed(value).ToString($"F{Decimals}") + Unit;

    public override string ToString() => $"{(IsCeiling ? "<=" : ">=")}{Limit}{Unit}";

    // Rounded against us, so that what is printed and what is judged are one number and rounding lets nothing pass.
    private double Printed(double value)
    {
        var scale = Math.Pow(10, Decimals);
        return (IsCeiling ? Math.Ceiling(value * scale) : Math.Floor(value * scale)) / scale;
    }
}
