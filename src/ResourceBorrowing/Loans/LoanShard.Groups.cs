namespace ResourceBorrowing.Loans;

// Who borrows from whom, and how many loans there may be.
internal sealed partial class LoanShard
{
    private readonly Stack<int> _freeGroups = new();
    private LoanGroup[] _groups = [];
    private int _groupsMade;
    private int _places;

    /// <summary>The groups in which a participant, or anybody, borrows.</summary>
    internal IReadOnlyList<LoanGroup> GroupsOf(Allocation? borrower)
    {
        _lock.Enter();
        try
        {
            return [.. _groups.Where(g => g is not null && (borrower is null || g.Borrower == borrower))];
        }
        finally
        {
            LeaveAndDrain();
        }
    }

    /// <summary>When live loans of a group come due, for the youngest few.</summary>
    internal void AddDues(LoanGroup group, List<(long Due, int Units)> dues)
    {
        _lock.Enter();
        try
        {
            var budget = StepsPerHold;
            for (var slot = group.Youngest; slot != LoanRecord.None && budget-- > 0; slot = _slab[slot].NextPeer) dues.Add((_slab[slot].Due, _slab[slot].Left));
        }
        finally
        {
            LeaveAndDrain();
        }
    }

    /// <summary>The group of these two on these conditions. May allocate, so it comes before any unit moves.</summary>
    private LoanGroup GroupFor(Allocation lender, Allocation borrower, LoanConditions conditions) =>
        borrower.GroupOf(lender, conditions) ?? MakeGroup(lender, borrower, conditions);

    private LoanGroup MakeGroup(Allocation lender, Allocation borrower, LoanConditions conditions)
    {
        var pair = lender.Harm.FindOrAdd(lender, borrower);
        var index = _freeGroups.TryPop(out var free) ? free : _groupsMade++;
        if (index == _groups.Length) Array.Resize(ref _groups, Math.Max(8, _groups.Length * 2));
        var group = _groups[index] = new LoanGroup(pair, conditions, index);
        borrower.Add(group);
        return group;
    }

    /// <summary>Forgets the groups of a participant that has left the pool with all its loans settled. All locks are held.</summary>
    internal void ForgetGroupsOf(Allocation participant)
    {
        for (var i = 0; i < _groupsMade; i++)
        {
            if (_groups[i] is not { } group || group.Lender != participant && group.Borrower != participant) continue;
            group.Borrower.Remove(group);
            group.Lender.Harm.Remove(group);
            _groups[i] = null!;
            _freeGroups.Push(i);
        }
    }

    private bool TryTakePlaces(int count)
    {
        if (_places < count) _places += Book.TakePlaces(count - _places);
        if (_places < count) return false;
        _places -= count;
        return true;
    }

    /// <summary>The limit changes: what this shard has left over was taken under the old one.</summary>
    internal void GiveAllPlacesBack() => _places -= Book.GivePlacesBack(_places);

    private void GivePlaceBack()
    {
        _places++;
        if (_places > 2 * Book.PlacesPerShard) _places -= Book.GivePlacesBack(Math.Max(1, Book.PlacesPerShard));
    }

    private void Count(Allocation borrower)
    {
        borrower.OpenLoans++;
        Volatile.Write(ref _openLoans, _openLoans + 1);
    }

    private void Uncount(Allocation borrower)
    {
        borrower.OpenLoans--;
        Volatile.Write(ref _openLoans, _openLoans - 1);
        GivePlaceBack();
    }
}
