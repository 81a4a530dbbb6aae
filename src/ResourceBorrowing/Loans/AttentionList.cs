namespace ResourceBorrowing.Loans;

/// <summary>
/// Participants whose words say that somebody waits for units or that debt is owed, collected under a lock and attended
/// outside it; and whoever else is to be told then. One payment may credit the next debtor, so the list is worked off by
/// iteration, not recursion.
/// </summary>
/// <remarks>
/// A participant stands in at most one list. Who finds it marked may rely on the other list: the mark is cleared
/// before it is attended, so its holder sees all that happened before it was found.
/// </remarks>
internal struct AttentionList
{
    private Allocation? _first;
    private Allocation? _last;
    private List<CancellationTokenSource>? _recalled;
    private List<LoanNotice>? _notices;

    internal void Add(Allocation allocation)
    {
        if (!allocation.TryMarkForAttention()) return;
        if (_last is null) _first = allocation; else _last.NextForAttention = allocation;
        _last = allocation;
    }

    /// <summary>Whoever holds the token learns of the recall.</summary>
    internal void Recall(CancellationTokenSource? source)
    {
        if (source is not null) (_recalled ??= []).Add(source);
    }

    internal void Tell(in LoanNotice notice) => (_notices ??= []).Add(notice);

    internal void Run(LoanBook book)
    {
        while (_first is { } allocation)
        {
            _first = allocation.NextForAttention;
            if (_first is null) _last = null;
            allocation.NextForAttention = null;
            allocation.ClearAttention();

            if (allocation.Cell.Read().OwesDebt) allocation.Home.PayDebts(allocation, ref this);
            if (allocation.Cell.Read().HasWaiters) allocation.Waiters.Serve();
            allocation.Changed?.Invoke();
            book.Attended(allocation);
        }

        if (_recalled is not null || _notices is not null) TellOthers(book);
    }

    private void TellOthers(LoanBook book)
    {
        foreach (var source in _recalled ?? []) book.Recall(source);
        foreach (var notice in _notices ?? []) book.Notify(notice);
        (_recalled, _notices) = (null, null);
    }
}
