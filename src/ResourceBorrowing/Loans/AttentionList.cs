namespace ResourceBorrowing.Loans;

/// <summary>
/// Participants whose words say that somebody waits for units or that debt is owed, collected under a lock and attended
/// outside it. One payment may credit the next debtor, so the list is worked off by iteration, not recursion.
/// </summary>
/// <remarks>
/// A participant stands in at most one list. Who finds it marked may rely on the other list: the mark is cleared
/// before it is attended, so its holder sees all that happened before it was found.
/// </remarks>
internal struct AttentionList
{
    private Allocation? _first;
    private Allocation? _last;

    internal void Add(Allocation allocation)
    {
        if (!allocation.TryMarkForAttention()) return;
        if (_last is null) _first = allocation; else _last.NextForAttention = allocation;
        _last = allocation;
    }

    internal void Run()
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
        }
    }
}
