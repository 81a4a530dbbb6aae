using ResourceBorrowing.Loans;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>The reputation of one name: its record and its score as of the last evidence. Outlives removal of the participant.</summary>
/// <remarks><b>Ownership.</b> The judge writes, one thread at a time; the lock keeps a record whole for readers. <b>Progress.</b> Reading the score on the borrow path takes no lock.</remarks>
internal sealed class Standing
{
    private readonly Lock _lock = new();
    private ReputationRecord _record;
    private double _score = AdditiveReputationPolicy.Neutral;
    private Allocation? _account;

    /// <summary>The score after the last evidence; decay since then is not in it.</summary>
    internal double Score => Volatile.Read(ref _score);

    internal ReputationRecord Record
    {
        get
        {
            lock (_lock) return _record;
        }
    }

    /// <summary>The record without the lock: for the judge, who alone writes it.</summary>
    internal ref readonly ReputationRecord RecordForJudge => ref _record;

    internal void Set(in ReputationRecord record, double score)
    {
        lock (_lock) _record = record;
        Volatile.Write(ref _score, score);
        if (Volatile.Read(ref _account) is { } account) account.Score = score;
    }

    /// <summary>From now on the account has the score beside it, for loans that are renewed without asking anybody.</summary>
    internal void Follow(Allocation account)
    {
        account.Score = Score;
        Volatile.Write(ref _account, account);
    }
}
