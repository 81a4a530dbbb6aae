using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>One participant as the policy knows it, with evidence made of its loans as pools make it, but without a pool's gates.</summary>
internal sealed class Subject(BetaReputationPolicy policy)
{
    private readonly Dictionary<int, Dealings> _dealings = [];
    private ReputationRecord _record;

    internal TimeSpan Now { get; set; }

    internal double Score => policy.Score(_record, Now);

    /// <summary>A loan is over.</summary>
    /// <param name="lender">Whose.</param>
    /// <param name="weight">In reference loans.</param>
    /// <param name="complete">The share that came back.</param>
    /// <param name="timely">1 in time, 0 at the end of the grace period.</param>
    /// <param name="impact">What it did to the lender; null where that is not known.</param>
    internal void Settle(int lender, double weight = 1, double complete = 1, double timely = 1, double? impact = 0)
    {
        var dealings = _dealings.GetValueOrDefault(lender);
        _record = Settled(_record, ref dealings, weight, complete, timely, impact);
        _dealings[lender] = dealings;
    }

    internal void Lose(int lender, double weight = 1) => Settle(lender, weight, complete: 0, timely: 0);

    /// <summary>The score if it lost that loan now.</summary>
    internal double ScoreAfterLoss(int lender, double weight)
    {
        var dealings = _dealings.GetValueOrDefault(lender);
        return policy.Score(Settled(_record, ref dealings, weight, 0, 0, impact: null), Now);
    }

    /// <summary>It lent, and let the borrower have the whole term.</summary>
    internal void Honour(int borrower, double weight = 1)
    {
        var dealings = _dealings.GetValueOrDefault(borrower);
        _record = policy.Apply(_record, new Evidence(EvidenceSource.Neighbour, weight, 1, 1, Now, "honoured"), ref dealings);
        _dealings[borrower] = dealings;
    }

    /// <summary>From now on this is all that others say of it.</summary>
    internal void Hear(params ReadOnlySpan<Opinion> opinions) => _record = policy.ApplyReports(_record, opinions, Now);

    internal Opinion Praise(double credibility, double severity = 1, bool isVetted = true) => new(severity, 0, Now, credibility, isVetted);

    internal Opinion Complaint(double credibility, double severity = 1, bool isVetted = true) => new(0, severity, Now, credibility, isVetted);

    private ReputationRecord Settled(in ReputationRecord record, ref Dealings dealings, double weight, double complete, double timely, double? impact)
    {
        var next = policy.Apply(record, new Evidence(EvidenceSource.Return, weight, complete, timely, Now, "returned"), ref dealings);
        if (complete * timely > 0)
            next = policy.Apply(next, new Evidence(EvidenceSource.Impact, weight, complete, timely, Now, "impact") { Impact = impact }, ref dealings);
        return policy.Apply(next, new Evidence(EvidenceSource.Borrowing, 1, complete, timely, Now, "borrowed"), ref dealings);
    }
}
