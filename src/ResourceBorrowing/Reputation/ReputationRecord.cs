namespace ResourceBorrowing.Reputation;

/// <summary>All that a policy remembers of one participant: evidence for and against it per source, what others report, and as of when. A value.</summary>
/// <remarks>The default is a newcomer without evidence. What the amounts mean is the policy's business.</remarks>
public record struct ReputationRecord
{
    private SourceAmounts _for;
    private SourceAmounts _against;
    private SourceAmounts _turnover;

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { readonly get; private set; }

    /// <summary>What others report in its favour; apart from what the pool itself has seen.</summary>
    public double ReportsFor { readonly get; private set; }

    /// <summary>What others report against it.</summary>
    public double ReportsAgainst { readonly get; private set; }

    /// <summary>Evidence for the participant from one source, without reports.</summary>
    public readonly double For(EvidenceSource source) => _for[(int)source];

    /// <summary>Evidence against the participant from one source, without reports.</summary>
    public readonly double Against(EvidenceSource source) => _against[(int)source];

    /// <summary>
    /// How often the evidence from one source has made room for newer, from 0: 1 more when 1/e of it is left. Only differences say something; a policy that makes no
    /// room leaves it at 0.
    /// </summary>
    public readonly double Turnover(EvidenceSource source) => _turnover[(int)source];

    /// <summary>This record with other amounts for one source.</summary>
    public readonly ReputationRecord With(EvidenceSource source, double @for, double against)
    {
        var record = this;
        record.Set(source, @for, against);
        return record;
    }

    /// <summary>This record with another turnover of one source.</summary>
    public readonly ReputationRecord WithTurnover(EvidenceSource source, double turnover)
    {
        var record = this;
        record._turnover[(int)source] = turnover;
        return record;
    }

    /// <summary>This record with other reports.</summary>
    public readonly ReputationRecord WithReports(double @for, double against)
    {
        var record = this;
        (record.ReportsFor, record.ReportsAgainst) = (@for, against);
        return record;
    }

    /// <summary>This record as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public readonly ReputationRecord Faded(double factor, TimeSpan asOf)
    {
        var record = this;
        record.Fade(factor, asOf);
        return record;
    }

    internal void Fade(double factor, TimeSpan asOf)
    {
        for (var i = 0; i < SourceAmounts.Sources; i++)
        {
            _for[i] *= factor;
            _against[i] *= factor;
        }

        ReportsFor *= factor;
        ReportsAgainst *= factor;
        AsOf = asOf;
    }

    internal void Turn(EvidenceSource source, double amount) => _turnover[(int)source] += amount;

    internal void Set(EvidenceSource source, double @for, double against)
    {
        _for[(int)source] = @for;
        _against[(int)source] = against;
    }

    /// <summary>Whether every amount is a number.</summary>
    internal readonly bool IsFinite
    {
        get
        {
            // What is not finite stays so when it is multiplied by nothing.
            var sum = ReportsFor * 0 + ReportsAgainst * 0;
            for (var i = 0; i < SourceAmounts.Sources; i++) sum += _for[i] * 0 + _against[i] * 0 + _turnover[i] * 0;
            return sum == 0;
        }
    }
}
