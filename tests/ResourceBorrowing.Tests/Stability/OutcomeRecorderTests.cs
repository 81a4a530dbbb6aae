using CsCheck;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing.Tests.Stability;

public class OutcomeRecorderTests
{
    private readonly OutcomeRecorder _recorder = new("checkout");
    private long _number;

    [Fact]
    public void Sample_OfAnyOutcomes_HasTheirCountsAndMeanLogarithm() => Gen.Select(Gen.Double[-6, 3], Gen.Bool).Array[0, 50].Sample(static outcomes =>
    {
        var recorder = new OutcomeRecorder("checkout");
        foreach (var (exponent, failed) in outcomes) recorder.Record(TimeSpan.FromSeconds(Math.Pow(10, exponent)), failed);
        var sums = recorder.Sample(0);
        var answered = outcomes.Where(static o => !o.Item2).Select(static o => Math.Log(TimeSpan.FromSeconds(Math.Pow(10, o.Item1)).TotalSeconds)).ToList();
        Assert.Equal((answered.Count, outcomes.Length - answered.Count), (sums.Answers, sums.Failures));
        var sample = Copy(recorder.LogLatencies, 1, 1)[0];
        Assert.Equal(answered.Count == 0, double.IsNaN(sample));
        if (answered.Count > 0) Assert.Equal(answered.Average(), sample, 1e-4);
    });

    [Fact]
    public void Record_OfAbsurdLatencies_ClampsThem()
    {
        foreach (var absurd in new[] { TimeSpan.MinValue, TimeSpan.FromSeconds(-1), TimeSpan.Zero }) Assert.Equal(Math.Log(1e-7), SampleOf(absurd), 1e-3);
        foreach (var absurd in new[] { TimeSpan.MaxValue, TimeSpan.FromDays(3) }) Assert.Equal(Math.Log(3600), SampleOf(absurd), 1e-3);
    }

    /// <summary>Several rounds: on few processors the threads seldom run at the same instant.</summary>
    [Fact]
    public void Record_FromManyThreads_LosesNothing()
    {
        for (var round = 0; round < 20; round++) RecordFromManyThreads(threads: 4, each: 100_000);
    }

    private void RecordFromManyThreads(int threads, int each)
    {
        var (all, running) = (default(OutcomeSums), threads);
        using var start = new Barrier(threads + 1);
        var recording = Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < each; i++) _recorder.Record(TimeSpan.FromMilliseconds(10), failed: i % 4 == 0);
            Interlocked.Decrement(ref running);
        })).ToList();
        recording.ForEach(static t => t.Start());
        void Take()
        {
            var sums = _recorder.Sample(_number++);
            // Whatever the instant: no answer without its latency, no latency without its answer.
            if (sums.Answers > 0) Assert.Equal(Math.Log(0.01), sums.MeanLog, 1e-4);
            all += sums;
        }

        start.SignalAndWait();
        while (Volatile.Read(ref running) > 0) Take();
        recording.ForEach(static t => t.Join());
        Take();
        Assert.Equal((threads * each * 3 / 4, threads * each / 4), (all.Answers, all.Failures));
        Assert.Equal(Math.Log(0.01), all.MeanLog, 1e-4);
    }

    [Fact]
    public void Record_MoreThanASampleHolds_KeepsTheMean()
    {
        for (var i = 0; i < 3_000_000; i++) _recorder.Record(TimeSpan.FromHours(1), failed: false);
        var sums = _recorder.Sample(0);
        Assert.Equal(1 << 21, sums.Answers);
        Assert.Equal(Math.Log(3600), sums.MeanLog, 1e-3);
    }

    [Fact]
    public void Record_Always_AllocatesNothing()
    {
        _recorder.Record(TimeSpan.FromSeconds(1), failed: false);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) _recorder.Record(TimeSpan.FromTicks(i), failed: i % 2 == 0);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Gauges_ComparedWithTheMinuteBefore_ShowARiseAndForgetIt()
    {
        Run(60, milliseconds: 10, failures: 0);
        Assert.False(_recorder.ErrorRise.HasReading && _recorder.ErrorRise.Strain > 0);
        Run(5, milliseconds: 20, failures: 2);
        Assert.Equal(1, _recorder.LatencyRatio.Strain, 1e-3);
        Assert.Equal((5 - 1) / 9.0, _recorder.ErrorRise.Strain, 1e-9);
        Run(65, milliseconds: 20, failures: 2);
        Assert.Equal((0, 0), (_recorder.LatencyRatio.Strain, _recorder.ErrorRise.Strain));
    }

    [Fact]
    public void Gauges_OfFewRequests_SayNothing()
    {
        Run(60, milliseconds: 10, failures: 0);
        Run(10, milliseconds: 0, failures: 0, each: 0);
        _recorder.Record(TimeSpan.FromSeconds(9), failed: false);
        _recorder.Record(TimeSpan.FromSeconds(9), failed: true);
        _recorder.Sample(_number++);
        Assert.False(_recorder.LatencyRatio.HasReading);
        Assert.False(_recorder.ErrorRise.HasReading);
    }

    [Fact]
    public void Samples_NotTaken_AreNoNumbers()
    {
        var ring = new SampleRing();
        ring.Add(3, 30);
        ring.Add(5, 50);
        ring.Add(5, 51);
        ring.Add(2, 20);
        Assert.Equal([double.NaN, 30, double.NaN, 50, double.NaN], Copy(ring, 7, 5));
        Assert.Equal([double.NaN, double.NaN, double.NaN, double.NaN], Copy(ring, 3, 4));
        ring.Add(1_000, 1);
        Assert.Equal([.. Enumerable.Repeat(double.NaN, 149), 1], Copy(ring, 1_001, 150));
        for (var i = 1_001; i < 1_200; i++) ring.Add(i, i);
        Assert.Equal(double.NaN, Copy(ring, 1_050, 1)[0]);
        Assert.Equal(1_050, Copy(ring, 1_051, 1)[0]);
    }

    private static double[] Copy(SampleRing ring, long end, int count)
    {
        var samples = new double[count];
        ring.CopyTo(end, samples);
        return samples;
    }

    private double[] Latest(int count) => Copy(_recorder.LogLatencies, _number, count);

    private double SampleOf(TimeSpan latency)
    {
        _recorder.Record(latency, failed: false);
        _recorder.Sample(_number++);
        return Latest(1)[0];
    }

    private void Run(int samples, double milliseconds, int failures, int each = 40)
    {
        for (var i = 0; i < samples; i++)
        {
            for (var k = 0; k < each; k++) _recorder.Record(TimeSpan.FromMilliseconds(milliseconds), failed: k < failures);
            _recorder.Sample(_number++);
        }
    }
}
