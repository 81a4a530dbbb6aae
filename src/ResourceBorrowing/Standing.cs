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
    private int _changes;
    private Allocation? _account;

    /// <summary>The score after the last evidence; decay since then is not in it, unless it was low and somebody had it looked at again.</summary>
    internal double Score => Volatile.Read(ref _score);

    /// <summary>The record, and how often there was evidence until then.</summary>
    internal ReputationRecord Read(out int changes)
    {
        lock (_lock)
        {
            changes = _changes;
            return _record;
        }
    }

    /// <summary>The record without the lock: for the judge, who alone writes it.</summary>
    internal ref readonly ReputationRecord RecordForJudge => ref _record;

    internal void Set(in ReputationRecord record, double score)
    {
        lock (_lock)
        {
            _record = record;
            _changes++;
            Publish(score);
        }
    }

    /// <summary>The score that decay alone has made of the record; nothing when there was evidence meanwhile.</summary>
    internal void Fade(double score, int changes)
    {
        lock (_lock)
            if (changes == _changes) Publish(score);
    }

    /// <summary>From now on the account has the score beside it, for loans that are renewed without asking anybody; null when its bearer has left.</summary>
    internal void Follow(Allocation? account)
    {
        account?.Score = Score;
        Volatile.Write(ref _account, account);
    }

    private void Publish(double score)
    {
        Volatile.Write(ref _score, score);
        if (Volatile.Read(ref _account) is { } account) account.Score = score;
    }
}
