namespace ResourceBorrowing.Mapping;

/// <summary>Amounts, or rates, of two kinds at once: bytes and operations, say. The second may be without limit. A value.</summary>
internal readonly record struct Rates(double First, double Second = double.PositiveInfinity)
{
    internal bool IsAnything => First > 0 && Second > 0;

    public static Rates operator +(Rates one, Rates other) => new(one.First + other.First, one.Second + other.Second);

    public static Rates operator -(Rates one, Rates other) => new(one.First - other.First, double.IsInfinity(other.Second) ? one.Second : one.Second - other.Second);

    public static Rates operator *(Rates one, double factor) => new(one.First * factor, double.IsInfinity(one.Second) ? one.Second : one.Second * factor);

    internal Rates AtMost(Rates other) => new(Math.Min(First, other.First), Math.Min(Second, other.Second));

    internal bool Covers(Rates amount) => First >= amount.First && (double.IsInfinity(amount.Second) || Second >= amount.Second);

    /// <summary>How many seconds of a rate it is, of the kind that takes longer.</summary>
    internal double Over(Rates rate) => Math.Max(First <= 0 ? 0 : First / rate.First, double.IsInfinity(Second) || Second <= 0 ? 0 : Second / rate.Second);

    /// <summary>The share, 0 to 1, that is missing to fill it, of the kind of which more is missing.</summary>
    internal double Missing(Rates full) => Math.Max(Share(First, full.First), Share(Second, full.Second));

    private static double Share(double level, double full) =>
        double.IsInfinity(full) || full <= 0 ? 0 : Math.Clamp(1 - level / full, 0, 1);
}
