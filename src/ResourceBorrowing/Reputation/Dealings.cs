using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>What a policy remembers of one participant's dealings with one other, so that no single partner makes its reputation. A value; the default is none.</summary>
public readonly struct Dealings
{
    private const int Sources = 4;

    private readonly Amounts _counted;

    private Dealings(Amounts counted, double volume, TimeSpan asOf)
    {
        _counted = counted;
        Volume = volume;
        AsOf = asOf;
    }

    /// <summary>How much good there was, counted or not.</summary>
    public double Volume { get; }

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { get; }

    /// <summary>How much evidence in favour from one source has been counted.</summary>
    public double Counted(EvidenceSource source) => _counted[(int)source];

    /// <summary>These dealings with another amount for one source.</summary>
    public Dealings With(EvidenceSource source, double counted)
    {
        var amounts = _counted;
        amounts[(int)source] = counted;
        return new Dealings(amounts, Volume, AsOf);
    }

    /// <summary>These dealings with another volume.</summary>
    public Dealings WithVolume(double volume) => new(_counted, volume, AsOf);

    /// <summary>These dealings as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public Dealings Faded(double factor, TimeSpan asOf)
    {
        var amounts = _counted;
        for (var i = 0; i < Sources; i++) amounts[i] *= factor;
        return new Dealings(amounts, Volume * factor, asOf);
    }

    /// <summary>Whether every amount is a number.</summary>
    internal bool IsFinite
    {
        get
        {
            for (var i = 0; i < Sources; i++)
                if (!double.IsFinite(_counted[i])) return false;
            return double.IsFinite(Volume);
        }
    }

    [InlineArray(Sources)]
    private struct Amounts
    {
        private double _first;
    }
}
