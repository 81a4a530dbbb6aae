using System.Runtime.InteropServices;

namespace ResourceBorrowing.Loans;

/// <summary>The settled loans of one shard that nobody has judged yet, oldest first. Guarded by the shard's lock.</summary>
internal sealed class LoanOutcomes
{
    /// <summary>Stands for a time that nobody has looked up.</summary>
    internal const long NotTimed = -1;

    private readonly List<LoanOutcome> _outcomes = new(2 * LoanBook.OutcomesPerBatch);
    private int _firstOpen;

    internal int Count => _outcomes.Count;

    /// <summary>Adds a settled loan. A run of clean loans between the same two is one fact, so a storm of them costs one judgement.</summary>
    internal void Add(in LoanRecord record, LoanGroup group, int lost, int late, long now, bool keepApart)
    {
        var wasRecalled = record.Has(LoanFlags.WasRecalled);
        var isClean = late == 0 && lost == 0;
        var settled = CollectionsMarshal.AsSpan(_outcomes);
        if (!isClean || keepApart || settled.IsEmpty || !IsSameFact(settled[^1], group, wasRecalled))
        {
            _outcomes.Add(new LoanOutcome { Borrower = group.Borrower, Lender = group.Lender, WasRecalled = wasRecalled });
            settled = CollectionsMarshal.AsSpan(_outcomes);
        }

        var start = record.StartOn(group.Conditions);
        ref var outcome = ref settled[^1];
        outcome.Loans++;
        outcome.Units += record.Units;
        outcome.Lost = lost;
        outcome.Late = late;
        outcome.LateMilliseconds = late > 0 ? Math.Max(0, now - start - record.Term) : 0;
        outcome.GraceMilliseconds = group.Conditions.Grace;
        outcome.Open(record.Units, start);
        if (now == NotTimed) _firstOpen = Math.Min(_firstOpen, _outcomes.Count - 1);
        else outcome.Time(now);
    }

    private static bool IsSameFact(in LoanOutcome last, LoanGroup group, bool wasRecalled) =>
        last.IsClean && last.Borrower == group.Borrower && last.Lender == group.Lender && last.WasRecalled == wasRecalled;

    /// <summary>Times what came back untimed: it was back by now.</summary>
    internal void TimeOpen(long now)
    {
        for (; _firstOpen < _outcomes.Count; _firstOpen++) CollectionsMarshal.AsSpan(_outcomes)[_firstOpen].Time(now);
    }

    internal void MoveTo(List<LoanOutcome> judge)
    {
        judge.AddRange(_outcomes);
        _outcomes.Clear();
        _firstOpen = 0;
    }
}
