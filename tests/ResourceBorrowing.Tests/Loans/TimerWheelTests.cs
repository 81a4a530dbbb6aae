using CsCheck;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Tests.Loans;

public class TimerWheelTests
{
    private const long Day = 24L * 60 * 60 * 1000;

    // From the same tick to several years, with many ties and slot boundaries.
    private static readonly Gen<long> Delays = Gen.OneOf(
        Gen.Long[0, 3],
        Gen.Long[0, 200],
        Gen.Long[0, 10_000],
        Gen.Select(Gen.Int[1, 6], Gen.Long[-1, 1], static (level, offset) => (1L << (6 * level)) + offset),
        Gen.Long[0, 40 * Day],
        Gen.Long[0, 3000 * Day]);

    private static readonly Gen<(int Kind, long Delay, int Choice)> Steps = Gen.Select(Gen.Int[0, 6], Delays, Gen.Int[0, 1000]);

    [Fact]
    public void Wheel_UnderAnyHistory_AgreesWithASortedList() =>
        Steps.Array[1, 120].Sample(static steps => new Pair().Run(steps), iter: 4_000);

    [Fact]
    public void Wheel_AfterManyEqualDues_KeepsTheOrderOfInsertion() =>
        Gen.Select(Delays, Gen.Int[2, 200], Gen.Int[1, 9]).Sample(
            static (delay, count, budget) =>
            {
                var pair = new Pair();
                for (var i = 0; i < count; i++)
                {
                    pair.Add(delay);
                    // Part of the way, so that the first ones cascade before the last ones come.
                    if (i % 7 == 3) pair.Advance(delay / 50, budget);
                }

                pair.DrainAll();
            },
            iter: 500);

    [Fact]
    public void NextLook_OfAnEmptyWheel_IsNever()
    {
        var slab = new LoanSlab();
        var wheel = new TimerWheel(slab);
        Assert.Equal(TimerWheel.Never, wheel.NextLook);

        var slot = slab.Rent();
        slab[slot].Due = 5 * Day;
        wheel.Add(slot);
        Assert.InRange(wheel.NextLook, 0, 5 * Day);
        wheel.Remove(slot);
        Assert.Equal(TimerWheel.Never, wheel.NextLook);
    }

    /// <summary>The wheel beside a list that is sorted by (due, insertion).</summary>
    private sealed class Pair
    {
        // Each record steps down at most once per level, and is taken once.
        private const int StepsPerRecord = 8;

        private readonly LoanSlab _slab = new();
        private readonly TimerWheel _wheel;
        private readonly List<(long Due, int Order, int Slot)> _model = [];
        private long _target;
        private int _order;

        internal Pair() => _wheel = new TimerWheel(_slab);

        internal void Run((int Kind, long Delay, int Choice)[] steps)
        {
            foreach (var (kind, delay, choice) in steps)
            {
                switch (kind)
                {
                    case 0 or 1 or 2:
                        Add(delay);
                        break;
                    case 3:
                        if (_model.Count > 0) Remove(choice % _model.Count);
                        break;
                    case 4:
                        Advance(delay, choice % 5);
                        break;
                    case 5:
                        AdvanceTickByTick(delay, 1 + choice % 70);
                        break;
                    default:
                        // The clock stands still; the work left over goes on in small steps.
                        Take(choice % 4);
                        break;
                }

                CheckNextLook();
            }

            DrainAll();
        }

        internal void Add(long delay)
        {
            var slot = _slab.Rent();
            var due = _wheel.Now + delay;
            _slab[slot].Due = due;
            _wheel.Add(slot);
            _model.Add((due, _order++, slot));
        }

        internal void Advance(long by, int budget)
        {
            _target = Math.Max(_target, _wheel.Now) + by;
            Take(budget);
        }

        internal void DrainAll()
        {
            _target += 4000 * Day;
            var before = _model.Count;
            var budget = StepsPerRecord * before + 1;
            while (_wheel.TryTake(_target, ref budget, out var slot)) Taken(slot);
            Assert.Empty(_model);
            Assert.True(budget >= 0, $"more than {StepsPerRecord} steps for each of {before} records");
            Assert.Equal(_target, _wheel.Now);
            Assert.Equal(TimerWheel.Never, _wheel.NextLook);
            Assert.Equal(0, _slab.Count);
        }

        private void Remove(int place)
        {
            var slot = _model[place].Slot;
            _model.RemoveAt(place);
            _wheel.Remove(slot);
            Assert.False(_slab[slot].IsScheduled);
            _slab.Return(slot);
        }

        /// <summary>As the loan book does it: look by look, each look in bounded steps.</summary>
        private void AdvanceTickByTick(long by, int budgetPerHold)
        {
            _target = Math.Max(_target, _wheel.Now) + by;
            var holds = StepsPerRecord * (_model.Count + 1);
            for (var tick = _wheel.NextLook; tick <= _target; tick = _wheel.NextLook)
            {
                while (_wheel.NextLook <= tick)
                {
                    Assert.True(holds-- > 0, "the wheel makes no progress");
                    var budget = budgetPerHold;
                    while (_wheel.TryTake(tick, ref budget, out var slot)) Taken(slot);
                    CheckNextLook();
                }
            }

            Assert.DoesNotContain(_model, entry => entry.Due <= _target);
        }

        private void Take(int budget)
        {
            int slot;
            while (_wheel.TryTake(_target, ref budget, out slot)) Taken(slot);
            Assert.Equal(LoanRecord.None, slot);
            if (budget >= 0)
            {
                Assert.True(_wheel.NextLook > _target);
                Assert.DoesNotContain(_model, entry => entry.Due <= _target);
                Assert.InRange(_wheel.Now, 0, _target);
            }
        }

        private void Taken(int slot)
        {
            var earliest = _model.Min();
            Assert.Equal(earliest.Slot, slot);
            Assert.InRange(earliest.Due, 0, _target);
            Assert.Equal(earliest.Due, _wheel.Now);
            Assert.False(_slab[slot].IsScheduled);
            _model.Remove(earliest);
            _slab.Return(slot);
        }

        private void CheckNextLook()
        {
            if (_model.Count == 0) Assert.Equal(TimerWheel.Never, _wheel.NextLook);
            else Assert.InRange(_wheel.NextLook, _wheel.Now, _model.Min().Due);
        }
    }
}
