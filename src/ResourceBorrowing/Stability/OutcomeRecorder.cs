namespace ResourceBorrowing.Stability;

/// <summary>How long one participant's requests took and how many failed, in samples of about a second.</summary>
/// <remarks>
/// <i>Ownership:</i> anybody records; the samples, the windows and the gauges belong to the loop. <i>Order:</i> none is needed between the two words: requests that were answered and
/// requests that failed are counted apart, each word in one exchange, so nothing is lost and nothing is counted twice. <i>Progress:</i> wait-free, no allocation.
/// <para>
/// A word holds the number of answers and the sum of the logarithms of their latencies, so that no reader sees one without the other. The mean is taken over logarithms, not of
/// latencies: one request that took a hundred times as long moves it by a hundredth of its count, harm is a factor on whatever the participant usually does, and its noise is near normal, as
/// the tests of attribution suppose. In fixed point the sum does not depend on the order.
/// </para>
/// Latencies are those of answers only: failing fast is no service, and timeouts show in the errors.
/// </remarks>
internal sealed class OutcomeRecorder
{
    /// <summary>How many samples are compared with how many before them.</summary>
    internal const int ShortWindow = 5, LongWindow = 60;

    // With fewer in either window nothing is said. Latencies of one participant differ by a factor of two or so, the mean of twenty by an eighth of that; and
    // with a hundred requests one error is one point, which is still healthy.
    private const int LeastAnswers = 20;
    private const int LeastRequests = 100;

    // [0..41] sum of log2(latency in ticks) in units of 2^-14, [42..63] answers. From there on answers are no longer counted until the next sample: their mean
    // is known by then, and the sum still fits: 2^21 answers of 2^35.1 ticks each are below 2^41.
    private const int SumBits = 42;
    private const ulong MostAnswers = 1UL << 21;
    private const double LongestTicks = TimeSpan.TicksPerHour;

    private readonly SampleRing _latencies = new();
    private readonly OutcomeSums[] _samples = new OutcomeSums[ShortWindow + LongWindow];
    private OutcomeSums _recent;
    private OutcomeSums _before;
    private ulong _answered;
    private long _failed;
    private int _next;

    internal OutcomeRecorder(string participant)
    {
        Participant = participant;
        LatencyRatio = new("latency against the minute before", "", new(1.1, 2), participant: participant);
        ErrorRise = new("rise of the error rate", "points", new(1, 10), participant: participant);
    }

    internal string Participant { get; }

    /// <summary>The mean latency of the last 5 samples by that of the 60 before.</summary>
    internal Gauge LatencyRatio { get; }

    /// <summary>The error rate of the last 5 samples less that of the 60 before, in percentage points.</summary>
    internal Gauge ErrorRise { get; }

    /// <summary>Mean logarithms of latencies in seconds; not a number for samples without an answer.</summary>
    internal SampleRing LogLatencies => _latencies;

    /// <summary>One request has ended. Latencies below a tick (100 ns), negative ones too, and above an hour count as those.</summary>
    internal void Record(TimeSpan latency, bool failed)
    {
        if (failed)
        {
            Interlocked.Increment(ref _failed);
            return;
        }

        if (Volatile.Read(ref _answered) >> SumBits >= MostAnswers) return;
        var log = Math.Log2(Math.Clamp(latency.Ticks, 1, LongestTicks));
        Interlocked.Add(ref _answered, (1UL << SumBits) + (ulong)(log * OutcomeSums.One + 0.5));
    }

    /// <summary>Takes what was recorded since the last sample as sample <paramref name="number"/>.</summary>
    internal OutcomeSums Sample(long number)
    {
        var answered = Interlocked.Exchange(ref _answered, 0);
        var sample = new OutcomeSums((long)(answered >> SumBits), Interlocked.Exchange(ref _failed, 0), (long)(answered & ((1UL << SumBits) - 1)));
        _latencies.Add(number, sample.MeanLog);
        Judge(sample);
        return sample;
    }

    private void Judge(OutcomeSums sample)
    {
        // A sample is recent for a while, then before that, then forgotten.
        var leavesRecent = _samples[(_next + LongWindow) % _samples.Length];
        _recent += sample - leavesRecent;
        _before += leavesRecent - _samples[_next];
        _samples[_next] = sample;
        _next = (_next + 1) % _samples.Length;
        var canCompare = Math.Min(_recent.Answers, _before.Answers) >= LeastAnswers;
        LatencyRatio.Take(canCompare ? Math.Exp(_recent.MeanLog - _before.MeanLog) : double.NaN);
        canCompare = Math.Min(_recent.Requests, _before.Requests) >= LeastRequests;
        ErrorRise.Take(canCompare ? 100 * (_recent.ErrorRate - _before.ErrorRate) : double.NaN);
    }
}

/// <summary>What a participant's requests came to over some time.</summary>
/// <param name="Answers">Those that were answered.</param>
/// <param name="Failures">Those that failed.</param>
/// <param name="LogTicks">The sum of the binary logarithms of the answers' latencies in ticks, in fixed point.</param>
internal readonly record struct OutcomeSums(long Answers, long Failures, long LogTicks)
{
    /// <summary>1 in fixed point.</summary>
    internal const double One = 1 << 14;

    private static readonly double LogOfTick = Math.Log(1.0 / TimeSpan.TicksPerSecond);
    private static readonly double Log2 = Math.Log(2);

    internal long Requests => Answers + Failures;

    internal double ErrorRate => (double)Failures / Requests;

    /// <summary>The mean of the natural logarithms of the answers' latencies in seconds; not a number when nothing was answered.</summary>
    internal double MeanLog => LogTicks / One / Answers * Log2 + LogOfTick;

    public static OutcomeSums operator +(OutcomeSums one, OutcomeSums other) => new(one.Answers + other.Answers, one.Failures + other.Failures, one.LogTicks + other.LogTicks);

    public static OutcomeSums operator -(OutcomeSums one, OutcomeSums other) => new(one.Answers - other.Answers, one.Failures - other.Failures, one.LogTicks - other.LogTicks);
}
