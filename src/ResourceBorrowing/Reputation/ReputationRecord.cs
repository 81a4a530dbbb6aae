using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>All that a policy remembers of one participant: evidence for and against it per source, what others report, and as of when. A value.</summary>
/// <remarks>The default is a newcomer without evidence. What the amounts mean is the policy's business.</remarks>
public readonly struct ReputationRecord
{
    private const int Sources = 4;

    private readonly Amounts _for;
    private readonly Amounts _against;
    private readonly Amounts _turnover;

    private ReputationRecord(Amounts @for, Amounts against, Amounts turnover, double reportsFor, double reportsAgainst, TimeSpan asOf)
    {
        _for = @for;
        _against = against;
        _turnover = turnover;
        ReportsFor = reportsFor;
        ReportsAgainst = reportsAgainst;
        AsOf = asOf;
    }

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { get; }

    /// <summary>What others report in its favour; apart from what the pool itself has seen.</summary>
    public double ReportsFor { get; }

    /// <summary>What others report against it.</summary>
    public double ReportsAgainst { get; }

    /// <summary>Evidence for the participant from one source, without reports.</summary>
    public double For(EvidenceSource source) => _for[(int)source];

    /// <summary>Evidence against the participant from one source, without reports.</summary>
    public double Against(EvidenceSource source) => _against[(int)source];

    /// <summary>
    /// How often the evidence from one source has made room for newer, from 0: 1 more when 1/e of it is left. Only differences say something; a policy that makes no
    /// room leaves it at 0.
    /// </summary>
    public double Turnover(EvidenceSource source) => _turnover[(int)source];

    /// <summary>This record with other amounts for one source.</summary>
    public ReputationRecord With(EvidenceSource source, double @for, double against)
    {
        Amounts newFor = _for, newAgainst = _against;
        newFor[(int)source] = @for;
        newAgainst[(int)source] = against;
        return new ReputationRecord(newFor, newAgainst, _turnover, ReportsFor, ReportsAgainst, AsOf);
    }

    /// <summary>This record with another turnover of one source.</summary>
    public ReputationRecord WithTurnover(EvidenceSource source, double turnover)
    {
        var newTurnover = _turnover;
        newTurnover[(int)source] = turnover;
        return new ReputationRecord(_for, _against, newTurnover, ReportsFor, ReportsAgainst, AsOf);
    }

    /// <summary>This record with other reports.</summary>
    public ReputationRecord WithReports(double @for, double against) => new(_for, _against, _turnover, @for, against, AsOf);

    /// <summary>This record as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public ReputationRecord Faded(double factor, TimeSpan asOf)
    {
        Amounts newFor = _for, newAgainst = _against;
        for (var i = 0; i < Sources; i++)
        {
            newFor[i] *= factor;
            newAgainst[i] *= factor;
        }

        return new ReputationRecord(newFor, newAgainst, _turnover, ReportsFor * factor, ReportsAgainst * factor, asOf);
    }

    /// <summary>Whether every amount is a number.</summary>
    internal bool IsFinite
    {
        get
        {
            for (var i = 0; i < Sources; i++)
                if (!double.IsFinite(_for[i]) || !double.IsFinite(_against[i]) || !double.IsFinite(_turnover[i])) return false;
            return double.IsFinite(ReportsFor) && double.IsFinite(ReportsAgainst);
        }
    }

    [InlineArray(Sources)]
    private struct Amounts
    {
        private double _first;
    }
}
