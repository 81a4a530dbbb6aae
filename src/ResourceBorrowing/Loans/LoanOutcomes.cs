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
    internal void Add(in LoanRecord record, Allocation borrower, Allocation lender, int late, long now, bool keepApart)
    {
        var isClean = late == 0 && record.Left == 0;
        var settled = CollectionsMarshal.AsSpan(_outcomes);
        if (!isClean || keepApart || settled.IsEmpty || settled[^1] is var last && !(last.IsClean && last.Borrower == borrower && last.Lender == lender))
        {
            _outcomes.Add(new LoanOutcome { Borrower = borrower, Lender = lender });
            settled = CollectionsMarshal.AsSpan(_outcomes);
        }

        ref var outcome = ref settled[^1];
        outcome.Loans++;
        outcome.Units += record.Units;
        outcome.Lost = record.Left;
        outcome.Late = late;
        outcome.LateMilliseconds = late > 0 ? Math.Max(0, now - record.Start - record.Term) : 0;
        outcome.Open(record.Units, record.Start);
        if (now == NotTimed) _firstOpen = Math.Min(_firstOpen, _outcomes.Count - 1);
        else outcome.Time(now);
    }

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
