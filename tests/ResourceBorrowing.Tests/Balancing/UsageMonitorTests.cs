using ResourceBorrowing.Balancing;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>What callers use, wait for and leave behind is told once, to the period in which it was seen.</summary>
public class UsageMonitorTests
{
    private const long Sample = 10;
    private static readonly DemandPeriod Untouched = new(-1, -1, -1, -1);

    [Fact]
    public void Demand_IsWhatIsInUse_AndWhatWaits()
    {
        var (monitor, one, other) = (new UsageMonitor(), new Subject(10), new Subject(10));
        monitor.Follow([one.Followed, other.Followed]);
        Assert.False(monitor.Look(0));
        Assert.True(one.Cell.TryAcquireSlow(7));
        Assert.True(monitor.Look(100));
        Assert.True(one.Queue.TryEnqueue(new Wait(5)));
        Assert.True(one.Cell.Read().HasWaiters);
        Assert.True(monitor.Look(200));
        var periods = new DemandPeriod[2];
        monitor.End(400, Sample, periods);
        Assert.Equal((12, (100 * 7 + 200 * 12) / 400.0), (periods[0].Most, periods[0].Mean));
        Assert.Equal(new DemandPeriod(0, 0, 0, 0), periods[1]);
    }

    /// <summary>Whoever comes first or last in the order.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Anybody_ThatDemands_IsSeen(int who)
    {
        var (monitor, all) = (new UsageMonitor(), new Subject[] { new(1), new(1), new(1) });
        monitor.Follow([all[0].Followed, all[1].Followed, all[2].Followed]);
        Assert.False(monitor.Look(0));
        Assert.True(all[who].Cell.TryAcquireSlow(1));
        Assert.True(monitor.Look(1));
        Assert.True(all[(who + 1) % 3].Cell.TryAcquireSlow(1));
        Assert.True(monitor.Look(2));
        all[who].Cell.Release(1);
        Assert.True(monitor.Look(3));
        all[(who + 1) % 3].Cell.Release(1);
        Assert.False(monitor.Look(4));
    }

    [Fact]
    public void Notes_OfAnEmptyPeriod_WaitForTheNext_AndAreToldOnce()
    {
        var (monitor, one) = (new UsageMonitor(), new Subject(10));
        monitor.Follow([one.Followed]);
        one.Notes.Note(4);
        one.Notes.Note(9);
        one.Notes.Note(6);
        one.Notes.NoteRefused(2);
        one.Notes.NoteRefused(3);
        var periods = new[] { Untouched };
        monitor.End(50, Sample, periods);
        monitor.Look(50);
        monitor.End(50, Sample, periods);
        Assert.Equal(Untouched, periods[0]);
        monitor.End(100, Sample, periods);
        Assert.Equal((9, 5L, 5 * Sample / 50.0), (periods[0].Most, periods[0].Refused, periods[0].Mean));
        monitor.End(200, Sample, periods);
        Assert.Equal(new DemandPeriod(0, 0, 0, 0), periods[0]);
    }

    [Fact]
    public void WhoWasThereBefore_GoesOn_AndNewcomersBegin()
    {
        var (monitor, one, gone, newcomer) = (new UsageMonitor(), new Subject(10), new Subject(10), new Subject(10));
        monitor.Follow([gone.Followed, one.Followed]);
        Assert.True(one.Cell.TryAcquireSlow(4));
        Assert.True(gone.Cell.TryAcquireSlow(8));
        monitor.Look(0);
        monitor.Look(100);
        monitor.Follow([one.Followed, newcomer.Followed]);
        one.Cell.Release(4);
        Assert.False(monitor.Look(100));
        var periods = new[] { Untouched, Untouched };
        monitor.End(100, Sample, periods);
        Assert.Equal([new(4, 4, 0, 0), Untouched], periods);
        monitor.End(200, Sample, periods);
        Assert.Equal([new(0, 0, 0, 0), new DemandPeriod(0, 0, 0, 0)], periods);
        // Whoever left and came again has no past.
        monitor.Follow([gone.Followed]);
        monitor.End(300, Sample, periods);
        monitor.Look(300);
        monitor.End(400, Sample, periods);
        Assert.Equal(new DemandPeriod(8, 8, 0, 0), periods[0]);
    }

    private sealed class Subject
    {
        internal Subject(int allocation)
        {
            Cell = new PermitCell("subject", allocation, () => Queue?.Serve());
            Queue = new WaiterQueue(Cell, static () => { }) { Limit = 100, LargestEver = 100 };
        }

        internal PermitCell Cell { get; }

        internal WaiterQueue Queue { get; }

        internal DemandNotes Notes { get; } = new();

        internal (PermitCell, WaiterQueue, DemandNotes) Followed => (Cell, Queue, Notes);
    }

    private sealed class Wait : Waiter
    {
        internal Wait(int units) => Reset(units);

        internal override void Complete() { }
    }
}
