namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>How long requests waited: counts in steps of a ten-thousandth of the longest wait, so it needs the same room for any number of them.</summary>
internal sealed class WaitDistribution(long longest)
{
    private const int Steps = 10_000;
    private readonly long[] _counts = new long[Steps + 1];

    internal long Count { get; private set; }

    internal void Add(long wait)
    {
        // Rounded up: a wait is never made shorter.
        var step = longest <= 0 ? 0 : (int)Int128.Min(Steps, ((Int128)wait * Steps + longest - 1) / longest);
        _counts[step]++;
        Count++;
    }

    /// <summary>The wait that a part of all requests does not exceed, in parts of the longest; null when there were none.</summary>
    internal double? Quantile(double part)
    {
        if (Count == 0) return null;
        var rank = (long)Math.Ceiling(part * Count);
        var step = 0;
        for (var seen = _counts[0]; seen < rank; seen += _counts[++step]) { }
        return (double)step / Steps;
    }
}
