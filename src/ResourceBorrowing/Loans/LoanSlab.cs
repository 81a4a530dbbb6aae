using ResourceBorrowing.Market;

namespace ResourceBorrowing.Loans;

/// <summary>The records of one shard, in pages that never move. Guarded by the shard's lock, but for reading whether a loan goes on.</summary>
internal sealed class LoanSlab
{
    private const int PageBits = 10;
    private const int PageSize = 1 << PageBits;

    private LoanRecord[][] _pages = [];
    private LoanPrice[][] _prices = [];
    private bool _keepsPrices;
    private int _free = LoanRecord.None;

    /// <summary>Records in use.</summary>
    internal int Count { get; private set; }

    /// <summary>All slots ever made, used or free.</summary>
    internal int Capacity => _pages.Length * PageSize;

    internal ref LoanRecord this[int slot] => ref Volatile.Read(ref _pages)[slot >> PageBits][slot & (PageSize - 1)];

    /// <summary>What a loan costs; kept apart, for where there is no marketplace nobody looks. Only after <see cref="KeepPrices"/>.</summary>
    internal ref LoanPrice PriceOf(int slot) => ref _prices[slot >> PageBits][slot & (PageSize - 1)];

    /// <summary>From now on all records have a price. May allocate, so it comes before any unit moves.</summary>
    internal void KeepPrices()
    {
        _keepsPrices = true;
        while (_prices.Length < _pages.Length) _prices = [.. _prices, new LoanPrice[PageSize]];
    }

    /// <summary>Takes an unused record. May allocate, so it comes before any unit moves.</summary>
    internal int Rent()
    {
        if (_free == LoanRecord.None) Grow();
        var slot = _free;
        ref var record = ref this[slot];
        _free = record.Next;
        Count++;
        record.Next = record.Previous = record.NextPeer = record.PreviousPeer = LoanRecord.None;
        record.Flags = LoanFlags.None;
        return slot;
    }

    /// <summary>Ends the record's generation: no handle on it answers any more.</summary>
    internal void Return(int slot)
    {
        ref var record = ref this[slot];
        Volatile.Write(ref record.Generation, record.Generation + 1);
        record.State = LoanState.Free;
        record.Next = _free;
        _free = slot;
        Count--;
    }

    private void Grow()
    {
        var first = Capacity;
        var page = new LoanRecord[PageSize];
        for (var i = 0; i < PageSize; i++)
        {
            page[i].Next = i + 1 < PageSize ? first + i + 1 : LoanRecord.None;
            // So that no loan is named 0, which is the name of none.
            page[i].Generation = 1;
        }

        if (_keepsPrices && _prices.Length == _pages.Length) _prices = [.. _prices, new LoanPrice[PageSize]];
        Volatile.Write(ref _pages, [.. _pages, page]);
        _free = first;
    }
}

/// <summary>What a loan costs.</summary>
/// <param name="PerUnit">Thousandths of a credit for a unit and a second.</param>
/// <param name="Term">Milliseconds for which it is paid at the most: the term that was agreed. A record may have one longer, or, once it was recalled, a shorter one.</param>
internal readonly record struct LoanPrice(int PerUnit, uint Term)
{
    internal long Cost(int units, long milliseconds) => (long)CreditAmount.Cost(PerUnit, units, milliseconds);
}
