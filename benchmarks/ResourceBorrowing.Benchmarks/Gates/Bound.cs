namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The most or the least that a figure may be.</summary>
/// <param name="IsCeiling">Whether it is the most.</param>
/// <param name="Stated">As it was stated.</param>
/// <param name="Unit">The figure's unit.</param>
/// <param name="Decimals">How many of them are printed and judged.</param>
/// <param name="IsTime">Whether it scales with the pace of this run.</param>
internal readonly record struct Bound(bool IsCeiling, double Stated, string Unit, int Decimals, bool IsTime = false)
{
    internal static Bound AtMost(double times) => new(true, times, "x", 2);

    internal static Bound AtLeast(double times) => new(false, times, "x", 2);

    internal static Bound AtMostBytes(double bytes) => new(true, bytes, "B", 2);

    internal static Bound AtMostPercent(double percent) => new(true, percent, "%", 2);

    internal static Bound Never { get; } = new(true, 0, "", 0);

    internal static Bound NoBytes { get; } = new(true, 0, "B", 0);

    internal static Bound AtMostNanoseconds(double nanoseconds) => new(true, nanoseconds, "ns", 1, IsTime: true);

    internal static Bound AtMostMicroseconds(double microseconds) => new(true, microseconds, "us", 2, IsTime: true);

    internal static Bound AtMostMilliseconds(double milliseconds) => new(true, milliseconds, "ms", 2, IsTime: true);

    internal static Bound AtMostSeconds(double seconds) => new(true, seconds, "s", 2, IsTime: true);

    internal double Limit => IsTime ? Math.Round(Stated * Pace.Scale, Decimals) : Stated;

    internal bool Holds(double value) => IsCeiling ? Printed(value) <= Limit : Printed(value) >= Limit;

    internal bool IsBetter(double value, double other) => IsCeiling ? value < other : value > other;

    internal string Print(double value) => double.IsNaN(value) ? "wrong" : Printed(value).ToString($"F{Decimals}") + Unit;

    public override string ToString() => $"{(IsCeiling ? "<=" : ">=")}{Limit}{Unit}";

    // Rounded against us, so that what is printed and what is judged are one number and rounding lets nothing pass.
    private double Printed(double value)
    {
        var scale = Math.Pow(10, Decimals);
        return (IsCeiling ? Math.Ceiling(value * scale) : Math.Floor(value * scale)) / scale;
    }
}
