using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Due times as the loan book keeps them: in the wheel of one shard, under its lock.</summary>
internal sealed class WheelDueTimes : DueTimes
{
    private readonly Lock _lock = new();
    private readonly LoanSlab _slab = new();
    private readonly TimerWheel _wheel;
    private readonly int[] _slots = new int[Count];

    internal WheelDueTimes() => _wheel = new TimerWheel(_slab);

    protected override void Schedule(int place, int milliseconds)
    {
        lock (_lock)
        {
            var slot = _slab.Rent();
            _slab[slot].Due = milliseconds;
            _wheel.Add(slot);
            _slots[place] = slot;
        }
    }

    protected override void Cancel(int place)
    {
        lock (_lock)
        {
            var slot = _slots[place];
            _wheel.Remove(slot);
            _slab.Return(slot);
        }
    }
}
