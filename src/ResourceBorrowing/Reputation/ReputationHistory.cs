namespace ResourceBorrowing.Reputation;

/// <summary>The last changes of one reputation. The change by decay is one sum, and so is all that no longer fits: together they are always R - 50.</summary>
/// <remarks>Not thread-safe; its owner locks. Adding allocates nothing once it is full.</remarks>
internal sealed class ReputationHistory
{
    internal const int Length = 32;

    // So far back it is looked for a change of the same kind to join: settled loans bring three, and partners take turns.
    private const int LookBack = 12;

    private ReputationChange[] _changes = new ReputationChange[4];
    private int _first;
    private int _count;

    /// <param name="score">The reputation at the beginning.</param>
    internal ReputationHistory(double score)
    {
        Score = score;
        Carried = score - Standing.Newcomer;
    }

    /// <summary>The reputation after the last change.</summary>
    internal double Score { get; private set; }

    /// <summary>The sum of all changes that no longer fit.</summary>
    internal double Carried { get; private set; }

    /// <summary>The sum of all changes by decay.</summary>
    internal double Decay { get; private set; }

    /// <summary>Oldest first.</summary>
    internal ReputationChange[] Changes
    {
        get
        {
            var all = new ReputationChange[_count];
            for (var i = 0; i < _count; i++) all[i] = At(i);
            return all;
        }
    }

    /// <param name="change">What happened.</param>
    /// <param name="before">The reputation just before, decay included.</param>
    /// <param name="after">The reputation now.</param>
    internal void Add(in ReputationChange change, double before, double after)
    {
        Decay += before - Score;
        Score = after;
        for (var back = 1; back <= Math.Min(LookBack, _count); back++)
        {
            ref var last = ref At(_count - back);
            if (!last.IsLike(change)) continue;
            last = last.With(change);
            return;
        }

        if (_count == _changes.Length && _count < Length) Grow();
        if (_count == Length)
        {
            Carried += At(0).ScoreDelta;
            _first = (_first + 1) & (Length - 1);
            _count--;
        }

        At(_count++) = change;
    }

    // Lengths are powers of two.
    private ref ReputationChange At(int place) => ref _changes[(_first + place) & (_changes.Length - 1)];

    // It begins at 0 until it has its full length.
    private void Grow() => Array.Resize(ref _changes, Math.Min(Length, 2 * _count));
}
