namespace ResourceBorrowing.Reputation;

/// <summary>What a policy remembers of one participant's dealings with one other, so that no single partner makes its reputation. A value; the default is none.</summary>
public record struct Dealings
{
    private SourceAmounts _counted;
    private SourceAmounts _turnover;

    /// <summary>How much good there was, counted or not.</summary>
    public double Volume { readonly get; private set; }

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { readonly get; private set; }

    /// <summary>How much evidence in favour from one source has been counted.</summary>
    public readonly double Counted(EvidenceSource source) => _counted[(int)source];

    /// <summary>The record's <see cref="ReputationRecord.Turnover"/> of that source when it was.</summary>
    public readonly double Turnover(EvidenceSource source) => _turnover[(int)source];

    /// <summary>These dealings with another amount for one source, counted when the record had that turnover.</summary>
    public readonly Dealings With(EvidenceSource source, double counted, double turnover = 0)
    {
        var dealings = this;
        dealings.Set(source, counted, turnover);
        return dealings;
    }

    /// <summary>These dealings with another volume.</summary>
    public readonly Dealings WithVolume(double volume)
    {
        var dealings = this;
        dealings.Volume = volume;
        return dealings;
    }

    /// <summary>These dealings as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public readonly Dealings Faded(double factor, TimeSpan asOf)
    {
        var dealings = this;
        dealings.Fade(factor, asOf);
        return dealings;
    }

    internal void Fade(double factor, TimeSpan asOf)
    {
        for (var i = 0; i < SourceAmounts.Sources; i++) _counted[i] *= factor;
        Volume *= factor;
        AsOf = asOf;
    }

    internal void Set(EvidenceSource source, double counted, double turnover)
    {
        _counted[(int)source] = counted;
        _turnover[(int)source] = turnover;
    }

    internal void CountVolume(double amount) => Volume += amount;

    /// <summary>Whether every amount is a number.</summary>
    internal readonly bool IsFinite
    {
        get
        {
            // What is not finite stays so when it is multiplied by nothing.
            var sum = Volume * 0;
            for (var i = 0; i < SourceAmounts.Sources; i++) sum += _counted[i] * 0 + _turnover[i] * 0;
            return sum == 0;
        }
    }
}
