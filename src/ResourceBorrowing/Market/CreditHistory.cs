namespace ResourceBorrowing.Market;

/// <summary>The last postings to one account; what no longer fits is one sum.</summary>
/// <remarks>Not thread-safe; its owner locks. Adding allocates nothing, so it cannot fail between a debit and its credit.</remarks>
internal sealed class CreditHistory
{
    internal const int Length = 64;

    // So far back it is looked for a line of the same kind to join: partners take turns.
    private const int LookBack = 8;

    private readonly (long At, CreditReason Reason, string Counterparty, long Amount, int Postings)[] _lines = new (long, CreditReason, string, long, int)[Length];
    private int _first;
    private int _count;

    /// <summary>The sum of all lines that no longer fit.</summary>
    internal Int128 Carried { get; private set; }

    /// <summary>Oldest first.</summary>
    internal CreditEntry[] Entries
    {
        get
        {
            var entries = new CreditEntry[_count];
            for (var i = 0; i < _count; i++)
            {
                ref readonly var line = ref At(i);
                entries[i] = new(TimeSpan.FromMilliseconds(line.At), line.Reason, line.Counterparty, CreditAmount.Credits(line.Amount), line.Postings);
            }

            return entries;
        }
    }

    internal void Add(long at, CreditReason reason, string counterparty, long amount)
    {
        for (var i = _count - 1; i >= Math.Max(0, _count - LookBack); i--)
        {
            ref var line = ref At(i);
            if (line.Reason != reason || !ReferenceEquals(line.Counterparty, counterparty) || line.Postings == int.MaxValue) continue;
            // What is to come and what has gone stay apart.
            if (line.Amount < 0 != amount < 0 || Math.Abs(line.Amount) > CreditAmount.Most) continue;
            (line.At, line.Amount, line.Postings) = (at, line.Amount + amount, line.Postings + 1);
            return;
        }

        if (_count == Length)
        {
            Carried += At(0).Amount;
            _first = (_first + 1) % Length;
            _count--;
        }

        At(_count++) = (at, reason, counterparty, amount, 1);
    }

    private ref (long At, CreditReason Reason, string Counterparty, long Amount, int Postings) At(int place) => ref _lines[(_first + place) % Length];
}
