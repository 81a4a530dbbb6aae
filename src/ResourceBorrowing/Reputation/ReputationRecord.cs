using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>All that a policy remembers of one participant: evidence for and against it per source, what others report, and as of when. A value.</summary>
/// <remarks>The default is a newcomer without evidence. What the amounts mean is the policy's business.</remarks>
public readonly struct ReputationRecord
{
    private const int Sources = 4;

    private readonly Amounts _for;
    private readonly Amounts _against;

    private ReputationRecord(Amounts @for, Amounts against, double reportsFor, double reportsAgainst, TimeSpan asOf)
    {
        _for = @for;
        _against = against;
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

    /// <summary>This record with other amounts for one source.</summary>
    public ReputationRecord With(EvidenceSource source, double @for, double against)
    {
        Amounts newFor = _for, newAgainst = _against;
        newFor[(int)source] = @for;
        newAgainst[(int)source] = against;
        return new ReputationRecord(newFor, newAgainst, ReportsFor, ReportsAgainst, AsOf);
    }

    /// <summary>This record with other reports.</summary>
    public ReputationRecord WithReports(double @for, double against) => new(_for, _against, @for, against, AsOf);

    /// <summary>This record as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public ReputationRecord Faded(double factor, TimeSpan asOf)
    {
        Amounts newFor = _for, newAgainst = _against;
        for (var i = 0; i < Sources; i++)
        {
            newFor[i] *= factor;
            newAgainst[i] *= factor;
        }

        return new ReputationRecord(newFor, newAgainst, ReportsFor * factor, ReportsAgainst * factor, asOf);
    }

    /// <summary>Whether every amount is a number.</summary>
    internal bool IsFinite
    {
        get
        {
            for (var i = 0; i < Sources; i++)
                if (!double.IsFinite(_for[i]) || !double.IsFinite(_against[i])) return false;
            return double.IsFinite(ReportsFor) && double.IsFinite(ReportsAgainst);
        }
    }

    [InlineArray(Sources)]
    private struct Amounts
    {
        private double _first;
    }
}
