using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>What a policy remembers of one participant's dealings with one other, so that no single partner makes its reputation. A value; the default is none.</summary>
public readonly struct Dealings
{
    private const int Sources = 4;

    private readonly Amounts _counted;
    private readonly Amounts _turnover;

    private Dealings(Amounts counted, Amounts turnover, double volume, TimeSpan asOf)
    {
        _counted = counted;
        _turnover = turnover;
        Volume = volume;
        AsOf = asOf;
    }

    /// <summary>How much good there was, counted or not.</summary>
    public double Volume { get; }

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { get; }

    /// <summary>How much evidence in favour from one source has been counted.</summary>
    public double Counted(EvidenceSource source) => _counted[(int)source];

    /// <summary>The record's <see cref="ReputationRecord.Turnover"/> of that source when it was.</summary>
    public double Turnover(EvidenceSource source) => _turnover[(int)source];

    /// <summary>These dealings with another amount for one source.</summary>
    public Dealings With(EvidenceSource source, double counted) => With(source, counted, Turnover(source));

    /// <summary>These dealings with another amount for one source.</summary>
    public Dealings With(EvidenceSource source, double counted, double turnover)
    {
        Amounts amounts = _counted, turnovers = _turnover;
        amounts[(int)source] = counted;
        turnovers[(int)source] = turnover;
        return new Dealings(amounts, turnovers, Volume, AsOf);
    }

    /// <summary>These dealings with another volume.</summary>
    public Dealings WithVolume(double volume) => new(_counted, _turnover, volume, AsOf);

    /// <summary>These dealings as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public Dealings Faded(double factor, TimeSpan asOf)
    {
        var amounts = _counted;
        for (var i = 0; i < Sources; i++) amounts[i] *= factor;
        return new Dealings(amounts, _turnover, Volume * factor, asOf);
    }

    /// <summary>Whether every amount is a number.</summary>
    internal bool IsFinite
    {
        get
        {
            for (var i = 0; i < Sources; i++)
                if (!double.IsFinite(_counted[i]) || !double.IsFinite(_turnover[i])) return false;
            return double.IsFinite(Volume);
        }
    }

    [InlineArray(Sources)]
    private struct Amounts
    {
        private double _first;
    }
}
