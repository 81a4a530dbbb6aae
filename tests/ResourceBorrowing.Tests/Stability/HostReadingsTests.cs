using System.Text;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests.Stability;

/// <summary>The real host: what it says is not ours to know, that it says something is.</summary>
public class HostReadingsTests
{
    [Fact]
    public void Readings_OfThisProcess_AreThere()
    {
        using var host = new HostReadings(TimeProvider.System);
        Assert.InRange(host.Processors, 1, 100_000);
        Assert.True(host.ProcessorTime > TimeSpan.Zero);
        Assert.True(host.CollectorPauses >= TimeSpan.Zero);
        Assert.True(host.AllocatedBytes > 0);
        Assert.True(host.CompletedWorkItems >= 0 && host.PendingWorkItems >= 0 && host.LockContentions >= 0);
        if (host.CpuPressure is { } percent) Assert.InRange(percent, 0, 100);
        host.Dispose();
        Assert.Null(host.CpuPressure);
    }

    [Fact]
    public void ThreadPoolProbe_OnAnIdlePool_SaysHowLongItWaited()
    {
        var probe = new ThreadPoolProbe(TimeProvider.System);
        Assert.Null(probe.Read());
        Assert.True(SpinWait.SpinUntil(() => probe.Read() is >= 0, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void ThreadPoolProbe_StillQueued_CountsItsAge()
    {
        // A clock that stops whoever runs the probe: it stays as if it were queued until the test lets it go.
        using var gate = new ManualResetEventSlim();
        var time = new GatedTime(gate, Environment.CurrentManagedThreadId);
        var probe = new ThreadPoolProbe(time);
        probe.Read();
        time.Now = 300 * TimeSpan.TicksPerMillisecond;
        Assert.Equal(300, probe.Read());
        time.Now = 1_300 * TimeSpan.TicksPerMillisecond;
        Assert.Equal(1_300, probe.Read());
        gate.Set();
        Assert.True(SpinWait.SpinUntil(() => time.Stamped > 0, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void ThreadPoolProbe_WhoseClockThrows_EndsNoProcess()
    {
        var time = new ThrowingTime();
        var probe = new ThreadPoolProbe(time);
        probe.Read();
        Assert.True(SpinWait.SpinUntil(() => time.Thrown > 0, TimeSpan.FromMinutes(1)));
        time.IsBroken = false;
        Assert.True(SpinWait.SpinUntil(() => probe.Read() == 0, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void PressureFile_ThatIsNotThere_IsNull()
    {
        Assert.Null(PressureFile.TryOpen("/nowhere/at/all"));
        Assert.Null(PressureFile.TryOpen(Path.GetTempPath()));
        var path = Path.GetTempFileName();
        Assert.Null(PressureFile.TryOpen(path));
        File.Delete(path);
    }

    [Fact]
    public void PressureFile_ReadAgain_SaysWhatIsNew()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "some avg10=1.53 avg60=0.87 avg300=0.62 total=6789\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        using var file = PressureFile.TryOpen(path)!;
        Assert.Equal(1.53, file.Read());
        File.WriteAllText(path, "some avg10=98.85 avg60=0.87 avg300=0.62 total=6789\n");
        Assert.Equal(98.85, file.Read());
        File.WriteAllText(path, "nonsense");
        Assert.Null(file.Read());
        file.Dispose();
        Assert.Null(file.Read());
        File.Delete(path);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("some avg10=", null)]
    [InlineData("some avg10=NaN avg60=1", null)]
    [InlineData("some avg10=-1 avg60=1", null)]
    [InlineData("some avg10=101 avg60=1", null)]
    [InlineData("full avg10=1.00 avg60=1", null)]
    [InlineData("some avg10=0.00 avg60=1", 0.0)]
    public void PressureFile_OfAnyText_IsParsedOrNull(string text, double? expected) => Assert.Equal(expected, PressureFile.Parse(Encoding.ASCII.GetBytes(text)));

    private sealed class GatedTime(ManualResetEventSlim gate, int owner) : TimeProvider
    {
        private int _stamped;

        internal long Now { get; set; }

        internal int Stamped => Volatile.Read(ref _stamped);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            if (Environment.CurrentManagedThreadId == owner) return Now;
            gate.Wait();
            Interlocked.Increment(ref _stamped);
            return Now;
        }
    }

    private sealed class ThrowingTime : TimeProvider
    {
        private readonly FakeTimeProvider _time = new();
        private readonly int _owner = Environment.CurrentManagedThreadId;
        private int _thrown;

        internal volatile bool IsBroken = true;

        internal int Thrown => Volatile.Read(ref _thrown);

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override long GetTimestamp()
        {
            if (!IsBroken || Environment.CurrentManagedThreadId == _owner) return _time.GetTimestamp();
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException();
        }
    }
}
