using System.Numerics;

namespace ResourceBorrowing.Loans;

/// <summary>
/// A hierarchical timing wheel over the records of one slab: nine levels of 64 slots, one tick a millisecond, longer than a <see cref="TimeSpan"/> can be.
/// A record stands on the level of the highest base-64 digit in which its due tick differs from now, and moves down when
/// time enters its slot, so scheduling and cancelling are O(1) and lists keep the order in which they were scheduled. A slot whose records are all due at one tick
/// is taken as it is, without moving down.
/// </summary>
/// <remarks>Guarded by the shard's lock. The idea is Varghese and Lauck's (1987), with occupancy bits to skip empty slots.</remarks>
internal sealed class TimerWheel
{
    internal const long Never = long.MaxValue;

    private const int DigitBits = 6;
    private const int Slots = 1 << DigitBits;
    private const int Levels = 9;
    private const long Mixed = -1;
    private const int MostLead = 512;

    private readonly LoanSlab _slab;
    private readonly Slot[] _slots = new Slot[Levels * Slots];
    private readonly ulong[] _occupied = new ulong[Levels];
    private int _ahead = LoanRecord.None;
    private int _lead;
    private long _now;
    private int _cascading;
    private uint _levels;

    internal TimerWheel(LoanSlab slab)
    {
        _slab = slab;
        Array.Fill(_slots, new Slot { First = LoanRecord.None, Last = LoanRecord.None });
    }

    /// <summary>A tick up to which everything due has been taken.</summary>
    internal long Now => _now;

    /// <summary>A tick not later than the earliest due tick: when the wheel must be looked at again.</summary>
    internal long NextLook
    {
        get
        {
            if (_cascading > 0) return _now;
            if (_levels == 0) return Never;
            var begin = BeginOfFirst(out var index);
            return _slots[index].Due is var due and not Mixed ? due : begin;
        }
    }

    /// <summary>Schedules a record at its due tick, which must not lie before <see cref="Now"/>.</summary>
    internal void Add(int slot)
    {
        ref var record = ref _slab[slot];
        record.IsScheduled = true;
        // While a slot is being emptied in steps, who would belong below it queues behind it: order by age is kept.
        Append(slot, ref record, Math.Max(LevelOf(record.Due), _cascading));
    }

    internal void Remove(int slot)
    {
        ref var record = ref _slab[slot];
        record.IsScheduled = false;
        Unlink(ref record);
        if (_cascading > 0 && _slots[IndexOf(_cascading, _now)].First == LoanRecord.None) _cascading = 0;
    }

    /// <summary>
    /// Takes the oldest record of the earliest tick that is due by <paramref name="until"/>, at the cost of at most
    /// <paramref name="budget"/> steps.
    /// </summary>
    /// <returns>False when nothing is due or the budget is spent; <see cref="NextLook"/> tells which.</returns>
    internal bool TryTake(long until, ref int budget, out int slot)
    {
        while (NextLook is var next && next <= until)
        {
            slot = LoanRecord.None;
            if (budget-- <= 0) return false;

            var level = _cascading;
            if (level == 0)
            {
                _now = next;
                level = BitOperations.TrailingZeroCount(_levels);
            }

            var index = IndexOf(level, _now);
            slot = _slots[index].First;
            ReadAhead(slot);
            ref var record = ref _slab[slot];
            Unlink(ref record);
            if (level > 0) _cascading = _slots[index].First == LoanRecord.None ? 0 : level;
            if (record.Due == _now)
            {
                record.IsScheduled = false;
                return true;
            }

            Append(slot, ref record, LevelOf(record.Due));
        }

        _ahead = LoanRecord.None;
        // Not into a slot that is still full of a later tick: what is added must find its place before or behind it.
        _now = Math.Max(_now, _levels == 0 ? until : Math.Min(until, BeginOfFirst(out _) - 1));
        slot = LoanRecord.None;
        return false;
    }

    /// <summary>
    /// Touches, in order, the records that will be taken, long before they are. Whoever ends a loan writes to the next younger one of its group, which stands
    /// some way ahead and out of order, and would wait for memory each time. Only a hint: it does not matter what became of the record it stands at.
    /// </summary>
    private void ReadAhead(int slot)
    {
        if (_ahead == LoanRecord.None) (_ahead, _lead) = (slot, 0);
        for (var steps = 0; steps < 2 && _lead <= MostLead && _ahead != LoanRecord.None; steps++, _lead++) _ahead = _slab[_ahead].Next;
        _lead--;
    }

    /// <summary>The first tick of the earliest slot that holds records. There must be one.</summary>
    private long BeginOfFirst(out int index)
    {
        var level = BitOperations.TrailingZeroCount(_levels);
        var slot = BitOperations.TrailingZeroCount(_occupied[level]);
        index = level * Slots + slot;
        var shift = level * DigitBits;
        var above = _now >> shift >> DigitBits << DigitBits;
        return (above | (long)slot) << shift;
    }

    private static int IndexOf(int level, long tick) => level * Slots + (int)((tick >> (level * DigitBits)) & (Slots - 1));

    private int LevelOf(long due) => due == _now ? 0 : BitOperations.Log2((ulong)(due ^ _now)) / DigitBits;

    private void Append(int slot, ref LoanRecord record, int level)
    {
        var index = IndexOf(level, record.Due);
        ref var place = ref _slots[index];
        record.Level = (byte)level;
        record.Next = LoanRecord.None;
        record.Previous = place.Last;
        if (record.Previous == LoanRecord.None)
        {
            place.First = slot;
            place.Due = record.Due;
            _occupied[level] |= 1UL << (index & (Slots - 1));
            _levels |= 1u << level;
        }
        else
        {
            _slab[record.Previous].Next = slot;
            if (place.Due != record.Due) place.Due = Mixed;
        }

        place.Last = slot;
    }

    private void Unlink(ref LoanRecord record)
    {
        var index = IndexOf(record.Level, record.Due);
        ref var place = ref _slots[index];
        if (record.Previous == LoanRecord.None) place.First = record.Next; else _slab[record.Previous].Next = record.Next;
        if (record.Next == LoanRecord.None) place.Last = record.Previous; else _slab[record.Next].Previous = record.Previous;
        if (place.First != LoanRecord.None) return;
        ref var occupied = ref _occupied[record.Level];
        occupied &= ~(1UL << (index & (Slots - 1)));
        if (occupied == 0) _levels &= ~(1u << record.Level);
    }

    /// <summary>The list of the records in one slot, oldest first.</summary>
    private struct Slot
    {
        internal int First;
        internal int Last;

        /// <summary>The one tick at which all of them are due, or <see cref="Mixed"/>.</summary>
        internal long Due;
    }
}
