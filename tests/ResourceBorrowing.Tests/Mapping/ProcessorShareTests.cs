using System.Runtime.InteropServices;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>Processor time, measured: on a saturated host each participant's threads have what its allocation says.</summary>
[Collection(RealThreads.Name)]
public class ProcessorShareTests(ITestOutputHelper output)
{
    private const int FewestWindows = 7;
    private const int MostWindows = 60;
    private const double EnoughError = 0.025;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Portion = TimeSpan.FromMilliseconds(1);

    [ManyProcessorsFact]
    public async Task Shares_OfTwoParticipantsWithEndlessWork_FollowTheAllocations()
    {
        using var pool = new ResourcePool(TestPool.Options(8, ("a", 6), ("b", 2)));
        var (a, b) = (pool["a"], pool["b"]);
        // Not to be recalled, or the lender's work would have its units back at once.
        var loan = b.TryBorrow(new LoanRequest(2) { Lender = a, Duration = TimeSpan.FromMinutes(1), Terms = new LoanTerms { IsRecallable = false } });
        Assert.True(loan.IsGranted);
        await using var ofA = new DedicatedThreads(a);
        await using var ofB = new DedicatedThreads(b);
        using var load = new Load(ofA, ofB);

        Assert.InRange(await load.RatioAsync(output), 0.9, 1.1);
        loan.Dispose();
        Assert.True(SpinWait.SpinUntil(() => (ofA.ThreadCount, ofB.ThreadCount) == (6, 2), TimeSpan.FromSeconds(30)));
        Assert.InRange(await load.RatioAsync(output), 2.7, 3.3);
    }

    /// <summary>Endless work on both: portions of processor time, each followed by the next, added up by whose they were.</summary>
    private sealed class Load : IDisposable
    {
        private readonly long[] _used = new long[2];
        private TaskCompletionSource? _full;
        private long _until;
        private bool _stops;

        internal Load(params DedicatedThreads[] groups)
        {
            for (var group = 0; group < groups.Length; group++)
            {
                var (place, factory) = (group, new TaskFactory(groups[group]));
                for (var i = 0; i < 16; i++) _ = factory.StartNew(() => Portion(place, factory));
            }
        }

        /// <summary>Measured for as long as it takes to know it: others run on this machine too, now beside the one, now beside the other.</summary>
        internal async Task<double> RatioAsync(ITestOutputHelper output)
        {
            var ratios = new List<double>();
            double mean, deviation;
            do
            {
                ratios.Add(await RatioOfAWindowAsync());
                mean = ratios.Average();
                deviation = Math.Sqrt(ratios.Average(ratio => (ratio - mean) * (ratio - mean)));
            }
            while (ratios.Count < FewestWindows || ratios.Count < MostWindows && deviation > EnoughError * mean * Math.Sqrt(ratios.Count));
            output.WriteLine($"{mean:F3} +- {deviation:F3}: {string.Join(' ', ratios.Select(static r => $"{r:F3}"))}");
            return mean;
        }

        private async Task<double> RatioOfAWindowAsync()
        {
            var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var (a, b) = (Volatile.Read(ref _used[0]), Volatile.Read(ref _used[1]));
            Volatile.Write(ref _until, a + b + (long)Window.TotalNanoseconds * 2);
            Volatile.Write(ref _full, full);
            await full.Task.Within();
            return (double)(Volatile.Read(ref _used[0]) - a) / (Volatile.Read(ref _used[1]) - b);
        }

        public void Dispose() => Volatile.Write(ref _stops, true);

        private void Portion(int place, TaskFactory factory)
        {
            var began = ThreadTime();
            long used;
            do used = ThreadTime() - began;
            while (used < ProcessorShareTests.Portion.TotalNanoseconds);
            Interlocked.Add(ref _used[place], used);
            if (Volatile.Read(ref _used[0]) + Volatile.Read(ref _used[1]) >= Volatile.Read(ref _until)) Volatile.Read(ref _full)?.TrySetResult();
            if (!Volatile.Read(ref _stops)) factory.StartNew(() => Portion(place, factory));
        }
    }

    /// <summary>Nanoseconds of processor time that this thread has had.</summary>
    private static long ThreadTime()
    {
        const int ThreadClock = 3;
        Assert.Equal(0, ReadClock(ThreadClock, out var time));
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ReadClock(int clock, out ClockTime time);

    private struct ClockTime
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>Skipped, visibly, where shares of the processors cannot be measured.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ManyProcessorsFactAttribute : FactAttribute
    {
        public ManyProcessorsFactAttribute()
        {
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) Skip = "Reads the processor time of threads from 64-bit Linux.";
            else if (Environment.ProcessorCount < 2) Skip = "Needs two processors.";
        }
    }
}
