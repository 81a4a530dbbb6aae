using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>Makes evidence of what happens, for both parties of a loan, and lets the policy judge it: off the borrow path, outside all locks.</summary>
internal sealed class Reputations(ResourcePool pool, IReputationPolicy policy, LoanBook book)
{
    private const double MaxWeight = 2;
    internal const double LeastSeverity = 0.25;

    private readonly List<LoanOutcome> _batch = new(2 * LoanBook.OutcomesPerBatch);
    private Combiner _judging;
    private Standing? _refused;

    internal IReputationPolicy Policy => policy;

    internal double ReferenceSeconds { get; set; }

    /// <summary>Judges all loans settled and requests refused so far, unless another thread is just doing so.</summary>
    internal void JudgeSettled()
    {
        if (book.OutcomeCount == 0 && Volatile.Read(ref _refused) is null || !_judging.Enter()) return;
        var attention = new AttentionList();
        do
        {
            book.TakeOutcomes(_batch, ref attention);
            foreach (var outcome in _batch) Judge(outcome);
            _batch.Clear();
            JudgeRefused();
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
        if (standing.Score < Standing.Newcomer) standing.Fade(ScoreOf(standing, out var changes), changes);
    }

    /// <summary>A request was turned down; only for what is the borrower's own doing it answers for.</summary>
    internal void CountRefused(Participant borrower, RefusalReason reason)
    {
        var isOwnDoing = reason is RefusalReason.BorrowingLimit or RefusalReason.OpenLoanLimit or RefusalReason.RequestRate
            || reason == RefusalReason.BorrowerOwesDebt && borrower.Overdue > 0;
        if (!isOwnDoing || !borrower.Standing.CountRefusal()) return;
        var (standing, first) = (borrower.Standing, Volatile.Read(ref _refused));
        do standing.NextRefused = first;
        while (first != (first = Interlocked.CompareExchange(ref _refused, standing, first)));
        book.OutcomesPending(book.Clock.NowOrLast());
    }

    /// <summary>One participant speaks of another.</summary>
    internal ReportResult Report(Participant reporter, Participant subject, ReportReason reason, double severity)
    {
        JudgeSettled();
        var now = TimeSpan.FromMilliseconds(book.Clock.NowOrLast());
        var standing = subject.Standing;
        if (reporter.Standing == standing || !HasStanding(reporter, subject)) return ReportResult.NoStanding;
        if (!reporter.Standing.TryTakeReport(pool.ReputationOptions.ReportsPerMinute, now)) return ReportResult.TooMany;

        var isPraise = reason == ReportReason.GoodNeighbour;
        try
        {
            standing.Hear(reporter.Standing, isPraise ? severity : 0, isPraise ? 0 : severity, now, policy.Fading);
            Weigh(standing, new Evidence(EvidenceSource.Neighbour, severity, isPraise ? 1 : 0, 1, now, InWords(reason)), reporter.Standing);
        }
        catch (Exception exception)
        {
            pool.Contain("reputation policy", exception);
        }

        return ReportResult.Accepted;
    }

    internal ReputationExplanation Explain(Standing standing, Participant? participant)
    {
        var now = TimeSpan.FromMilliseconds(book.Clock.NowOrLast());
        var changes = standing.ReadHistory(out var record, out var carried, out var decay, out var last);
        var score = last;
        var sources = new ReputationSource[4];
        try
        {
            if (policy.Score(record, now) is var found && double.IsFinite(found)) score = Math.Clamp(found, 0, 100);
            for (var source = EvidenceSource.Return; source <= EvidenceSource.Neighbour; source++)
            {
                var (@for, against) = (record.For(source), record.Against(source));
                if (source == EvidenceSource.Neighbour) (@for, against) = (@for + record.ReportsFor, against + record.ReportsAgainst);
                var left = policy.Fading(now - record.AsOf);
                sources[(int)source] = new ReputationSource(source, policy.ScoreOf(record, source, now), @for * left, against * left);
            }
        }
        catch (Exception exception)
        {
            pool.Contain("reputation policy", exception);
        }

        var limit = participant?.Account.BorrowingLimit ?? 0;
        var toGo = (int)Math.Max(0, pool.ReputationOptions.NewcomerLoans - standing.Completed);
        return new ReputationExplanation(
            standing.Name, score, LoanRules.CreditLineOf(limit, score), limit, toGo, participant?.Overdue ?? 0, sources, carried, decay + score - last, changes);
    }

    internal bool IsVetted(Standing standing) => standing.Completed + standing.Honoured >= pool.ReputationOptions.NewcomerLoans;

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
        var complete = (double)returned / outcome.Units;
        var lateness = outcome.GraceMilliseconds == 0 || outcome.Lost > 0 ? 1 : Math.Min(1, (double)outcome.LateMilliseconds / outcome.GraceMilliseconds);
        var timely = returned == 0 ? 0 : 1 - lateness * outcome.Late / returned;
        if (outcome.Lost == 0) borrower.CountCompleted(outcome.Loans);
        var reason = outcome.Lost > 0 ? "units of a loan lost" : outcome.Late > 0 ? "loan returned late" : "loan returned in time";
        Apply(borrower.Standing, new Evidence(EvidenceSource.Return, weight, complete, timely, at, reason), lender.Standing);
        var isJudgedLater = pool.Stability?.Impacts.TryBook(lender, borrower, outcome, weight, complete * timely) == true;
        if (!isJudgedLater && complete * timely > 0) Apply(borrower.Standing, new Evidence(EvidenceSource.Impact, weight, complete, timely, at, "impact of a loan not known"), lender.Standing);
        Apply(borrower.Standing, new Evidence(EvidenceSource.Borrowing, outcome.Loans, complete, timely, at, outcome.Lost > 0 ? "borrowed and did not return" : "borrowed and returned"), lender.Standing);
        if (outcome.WasWithdrawn)
        {
            Apply(lender.Standing, new Evidence(EvidenceSource.Neighbour, weight, 0, 1, at, "loan withdrawn before its term"), borrower.Standing);
        }
        else if (!outcome.WasRecalled)
        {
            // A recall within the terms is the lender's right: no credit for honouring the loan, and no blame.
            lender.Standing.CountHonoured(outcome.Loans);
            Apply(lender.Standing, new Evidence(EvidenceSource.Neighbour, weight, 1, 1, at, "loan honoured"), borrower.Standing);
        }

        pool.Tracing.LoansSettled(outcome);
        pool.Metrics.LoansSettled(outcome.Loans, outcome.UnitMilliseconds / 1000.0 / outcome.Units, borrower.Name);
    }

    private void JudgeRefused()
    {
        for (var standing = Interlocked.Exchange(ref _refused, null); standing is not null;)
        {
            // Once its refusals are taken, it may be listed again.
            var next = standing.NextRefused;
            standing.NextRefused = null;
            var refusals = standing.TakeRefusals();
            Apply(standing, new Evidence(EvidenceSource.Borrowing, refusals, 0, 1, TimeSpan.FromMilliseconds(book.Clock.NowOrLast()), "request beyond its own limits refused"), partner: null);
            standing = next;
        }
    }

    /// <summary>Lent to it, borrowed from it, or misses units while it holds borrowed ones.</summary>
    private bool HasStanding(Participant reporter, Participant subject)
    {
        if (subject.Standing.HasDealtWith(reporter.Standing) || reporter.Standing.HasDealtWith(subject.Standing)) return true;
        if (IsLending(reporter, subject) || IsLending(subject, reporter)) return true;
        var account = reporter.Account;
        return subject.Borrowed > 0 && (account.Cell.Read().HasWaiters || account.ShortAt > 0 && book.Clock.NowOrLast() - account.ShortAt <= book.PlanningPeriod);
    }

    private static bool IsLending(Participant lender, Participant borrower)
    {
        foreach (var group in lender.Account.Harm.Groups)
            if (group.Borrower == borrower.Account && group.Units > 0) return true;
        return false;
    }

    private static string InWords(ReportReason reason) => reason switch
    {
        ReportReason.ExcessiveBorrowing => "reported for excessive borrowing",
        ReportReason.HarmToAllocation => "reported for harm to an allocation",
        ReportReason.LateReturn => "reported for returning late",
        ReportReason.Instability => "reported for instability",
        _ => "praised as a good neighbour",
    };

    /// <summary>One more piece of evidence; its counterparty, where there is one, is the partner whose dealings count.</summary>
    internal void Apply(Standing standing, in Evidence evidence, Standing? partner)
    {
        try
        {
            while (true)
            {
                var changes = standing.Read(partner, out var record, out var dealings);
                Age(ref record, evidence.At);
                if (partner is not null) Age(ref dealings, evidence.At);
                var next = policy.Apply(record, evidence, ref dealings);
                if (!dealings.IsFinite) throw NotANumber(evidence);
                if (TrySet(standing, changes, record, next, evidence, partner, partner, dealings)) return;
            }
        }
        catch (Exception exception)
        {
            pool.Contain("reputation policy", exception);
        }
    }

    /// <summary>Once for all that is asked about it.</summary>
    private void Age(ref ReputationRecord record, TimeSpan at)
    {
        if (at > record.AsOf && policy.Fading(at - record.AsOf) is < 1 and var factor) record.Fade(factor, at);
    }

    private void Age(ref Dealings dealings, TimeSpan at)
    {
        if (at > dealings.AsOf && policy.Fading(at - dealings.AsOf) is < 1 and var factor) dealings.Fade(factor, at);
    }

    /// <summary>All that is said of a participant is weighed anew, with what its reporters are worth now.</summary>
    private void Weigh(Standing standing, in Evidence report, Standing reporter)
    {
        while (true)
        {
            var record = standing.Read(out var changes);
            Age(ref record, report.At);
            var all = standing.Opinions;
            var opinions = new Opinion[all.Length];
            for (var i = 0; i < all.Length; i++)
                opinions[i] = all[i].Value with { Credibility = ScoreOf(all[i].Key) / 100, IsVetted = IsVetted(all[i].Key) };
            var next = policy.ApplyReports(record, opinions, report.At);
            if (TrySet(standing, changes, record, next, report, reporter, partner: null, default)) return;
        }
    }

    private bool TrySet(
        Standing standing, int changes, in ReputationRecord record, in ReputationRecord next, in Evidence evidence, Standing? counterparty, Standing? partner, in Dealings dealings)
    {
        var at = evidence.At;
        var (before, after) = (policy.Score(record, at), policy.Score(next, at));
        var sourceDelta = policy.ScoreOf(next, evidence.Source, at) - policy.ScoreOf(record, evidence.Source, at);
        if (!next.IsFinite || !double.IsFinite(before) || !double.IsFinite(after) || !double.IsFinite(sourceDelta)) throw NotANumber(evidence);
        (before, after) = (Math.Clamp(before, 0, 100), Math.Clamp(after, 0, 100));
        var change = new ReputationChange(at, evidence.Source, evidence.Reason, counterparty?.Name, 1, evidence.Weight, sourceDelta, after - before);
        return standing.TrySet(changes, next, partner, dealings, change, before, after);
    }

    private InvalidOperationException NotANumber(in Evidence evidence) =>
        new($"{policy.GetType().Name} made something that is not a number of: {evidence}");
}
