using System.Runtime.InteropServices;

namespace ResourceBorrowing.Loans;

/// <summary>The settled loans of one shard that nobody has judged yet, oldest first. Guarded by the shard's lock.</summary>
internal sealed class LoanOutcomes
{
    /// <summary>Stands for a time that nobody has looked up.</summary>
    internal const long NotTimed = -1;

    private readonly List<LoanOutcome> _outcomes = new(2 * LoanBook.OutcomesPerBatch);
    private int _firstOpen;
    private int _batch = 1;

    internal int Count => _outcomes.Count;

    /// <summary>Adds a settled loan. Clean loans of one group are one fact until they are judged, so a storm of them costs one judgement.</summary>
    internal void Add(in LoanRecord record, LoanGroup group, int lost, int late, long now, bool keepApart)
    {
        var (wasRecalled, wasWithdrawn) = (record.Has(LoanFlags.WasRecalled), record.Has(LoanFlags.WasWithdrawn));
        var isClean = late == 0 && lost == 0;
        var place = group.CleanBatch == _batch ? group.CleanOutcome : -1;
        if (!isClean || keepApart || place < 0 || _outcomes[place].WasRecalled != wasRecalled || wasWithdrawn)
        {
            place = _outcomes.Count;
            _outcomes.Add(new LoanOutcome { Borrower = group.Borrower, Lender = group.Lender, WasRecalled = wasRecalled, WasWithdrawn = wasWithdrawn });
            if (isClean && !wasWithdrawn) (group.CleanBatch, group.CleanOutcome) = (_batch, place);
        }

        var start = record.StartOn(group.Conditions);
        ref var outcome = ref CollectionsMarshal.AsSpan(_outcomes)[place];
        outcome.Loans++;
        outcome.Units += record.Units;
        outcome.Lost = lost;
        outcome.Late = late;
        outcome.LateMilliseconds = late > 0 ? Math.Max(0, now - start - record.Term) : 0;
        outcome.GraceMilliseconds = group.Conditions.Grace;
        outcome.Open(record.Units, start);
        if (now == NotTimed) _firstOpen = Math.Min(_firstOpen, place);
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
        _batch++;
    }
}
