using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>All that a policy remembers of one participant: evidence for and against it per source, and as of when. A value.</summary>
/// <remarks>The default is a newcomer without evidence. What the amounts mean is the policy's business.</remarks>
public readonly struct ReputationRecord
{
    private const int Sources = 4;

    private readonly Amounts _for;
    private readonly Amounts _against;

    private ReputationRecord(Amounts @for, Amounts against, TimeSpan asOf)
    {
        _for = @for;
        _against = against;
        AsOf = asOf;
    }

    /// <summary>The pool time of the last evidence.</summary>
    public TimeSpan AsOf { get; }

    /// <summary>Evidence for the participant from one source.</summary>
    public double For(EvidenceSource source) => _for[(int)source];

    /// <summary>Evidence against the participant from one source.</summary>
    public double Against(EvidenceSource source) => _against[(int)source];

    /// <summary>This record with other amounts for one source.</summary>
    public ReputationRecord With(EvidenceSource source, double @for, double against)
    {
        Amounts newFor = _for, newAgainst = _against;
        newFor[(int)source] = @for;
        newAgainst[(int)source] = against;
        return new ReputationRecord(newFor, newAgainst, AsOf);
    }

    /// <summary>This record as of another time, with all amounts multiplied by <paramref name="factor"/>.</summary>
    public ReputationRecord Faded(double factor, TimeSpan asOf)
    {
        Amounts newFor = _for, newAgainst = _against;
        for (var i = 0; i < Sources; i++)
        {
            newFor[i] *= factor;
            newAgainst[i] *= factor;
        }

        return new ReputationRecord(newFor, newAgainst, asOf);
    }

    /// <summary>Whether every amount is a number.</summary>
    internal bool IsFinite
    {
        get
        {
            for (var i = 0; i < Sources; i++)
                if (!double.IsFinite(_for[i]) || !double.IsFinite(_against[i])) return false;
            return true;
        }
    }

    [InlineArray(Sources)]
    private struct Amounts
    {
        private double _first;
    }
}
