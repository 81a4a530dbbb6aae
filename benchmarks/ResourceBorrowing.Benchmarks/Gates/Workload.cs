namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Work to be timed: a small batch of equal operations, small so that it is called often and soon runs optimised code.</summary>
internal sealed class Workload(Action batch, int operations = Workload.Operations)
{
    internal const int Operations = 64;

    private int _calls = 1;

    internal void Run() => batch();

    /// <summary>Sets how many batches make a slice of about <paramref name="duration"/>.</summary>
    internal void Calibrate(TimeSpan duration)
    {
        var best = double.MaxValue;
        for (var i = 0; i < 20; i++) best = Math.Min(best, Slice());
        _calls = (int)Math.Clamp(duration.TotalNanoseconds / (best * operations), 1, 1_000_000);
    }

    /// <returns>Nanoseconds per operation over one slice.</returns>
    internal double Slice()
    {
        var calls = _calls;
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++) batch();
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / ((double)calls * operations);
    }
}
