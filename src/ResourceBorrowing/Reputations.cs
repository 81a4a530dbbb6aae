using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>Makes evidence of settled loans, for both parties, and lets the policy judge it: off the borrow path, outside all locks.</summary>
internal sealed class Reputations(ResourcePool pool, IReputationPolicy policy, LoanBook book)
{
    private const double MaxWeight = 2;

    // To honour a loan is worth a fifth of returning one.
    private const double LenderShare = 0.2;

    private readonly List<LoanOutcome> _batch = new(2 * LoanBook.OutcomesPerBatch);
    private Combiner _judging;

    internal double ReferenceSeconds { get; set; }

    /// <summary>Judges all loans settled so far, unless another thread is just doing so.</summary>
    internal void JudgeSettled()
    {
        if (book.OutcomeCount == 0 || !_judging.Enter()) return;
        var attention = new AttentionList();
        do
        {
            book.TakeOutcomes(_batch, ref attention);
            foreach (var outcome in _batch) Judge(outcome);
            _batch.Clear();
        }
        while (!_judging.Exit());
        attention.Run(book);
    }

    /// <summary>The score now, decay and all settled loans included.</summary>
    internal double ScoreOf(Standing standing) => ScoreOf(standing, out _);

    /// <summary>
    /// Lets those who look at the score at hand know what time has healed. A score below neutral may keep its owner from borrowing, and so from all
    /// that could better it.
    /// </summary>
    internal void LookAgain(Standing standing)
    {
        if (standing.Score < AdditiveReputationPolicy.Neutral) standing.Fade(ScoreOf(standing, out var changes), changes);
    }

    private double ScoreOf(Standing standing, out int changes)
    {
        JudgeSettled();
        var record = standing.Read(out changes);
        try
        {
            var score = policy.Score(record, TimeSpan.FromMilliseconds(book.Clock.NowOrLast()));
            if (double.IsFinite(score)) return Math.Clamp(score, 0, 100);
        }
        catch (Exception exception)
        {
            pool.Contain("reputation policy", exception);
        }

        return standing.Score;
    }

    private void Judge(in LoanOutcome outcome)
    {
        var borrower = (Participant)outcome.Borrower.Owner!;
        var lender = (Participant)outcome.Lender.Owner!;
        var reference = Math.Max(1, borrower.NominalQuota) * ReferenceSeconds;
        var weight = Math.Min(MaxWeight, outcome.UnitMilliseconds / 1000.0 / reference);
        var at = TimeSpan.FromMilliseconds(outcome.At);

        var returned = outcome.Units - outcome.Lost;
        var lateness = outcome.GraceMilliseconds == 0 || outcome.Lost > 0 ? 1 : Math.Min(1, (double)outcome.LateMilliseconds / outcome.GraceMilliseconds);
        var timeliness = returned == 0 ? 0 : 1 - lateness * outcome.Late / returned;
        Apply(borrower.Standing, new Evidence(
            EvidenceSource.Return, weight, (double)returned / outcome.Units, timeliness, at,
            outcome.Lost > 0 ? "units of a loan lost" : outcome.Late > 0 ? "loan returned late" : "loan returned in time"));
        // A recall within the terms is the lender's right: no credit for honouring the loan, and no blame.
        if (!outcome.WasRecalled) Apply(lender.Standing, new Evidence(EvidenceSource.Neighbour, LenderShare * weight, 1, 1, at, "loan honoured"));
        pool.Tracing.LoansSettled(outcome);
        pool.Metrics.LoansSettled(outcome.Loans, outcome.UnitMilliseconds / 1000.0 / outcome.Units, borrower.Name);
    }

    private void Apply(Standing standing, in Evidence evidence)
    {
        try
        {
            var record = policy.Apply(standing.RecordForJudge, evidence);
            var score = policy.Score(record, evidence.At);
            if (!record.IsFinite || !double.IsFinite(score))
                throw new InvalidOperationException($"{policy.GetType().Name} made something that is not a number of: {evidence}");
            standing.Set(record, Math.Clamp(score, 0, 100));
        }
        catch (Exception exception)
        {
            pool.Contain("reputation policy", exception);
        }
    }
}
