namespace ResourceBorrowing.Stability;

/// <summary>The last samples of a series, by their numbers; what was not sampled is not a number.</summary>
/// <remarks>Not thread-safe: a ring belongs to the loop.</remarks>
internal sealed class SampleRing
{
    /// <summary>Baseline, a loan at work, and what follows it: 30 + 90 + 30 seconds.</summary>
    internal const int Length = 150;

    private readonly double[] _samples = new double[Length];
    private long _next;

    internal SampleRing() => Array.Fill(_samples, double.NaN);

    /// <summary>Writes sample <paramref name="number"/>, newer than all before; those left out between are not numbers.</summary>
    internal void Add(long number, double sample)
    {
        if (number < _next) return;
        for (var skipped = Math.Max(_next, number - Length + 1); skipped < number; skipped++) _samples[skipped % Length] = double.NaN;
        _samples[number % Length] = sample;
        _next = number + 1;
    }

    /// <summary>Whether the samples that are still known before number <paramref name="end"/> are all 0, or no numbers.</summary>
    internal bool IsEmptyUntil(long end)
    {
        for (var number = Math.Max(0, end - Length); number < Math.Min(end, _next); number++)
            if (number >= _next - Length && _samples[number % Length] is > 0 or < 0) return false;
        return true;
    }

    /// <summary>The samples before number <paramref name="end"/>, oldest first, as many as fit.</summary>
    internal void CopyTo(long end, Span<double> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            var number = end - samples.Length + i;
            samples[i] = number >= 0 && number < _next && number >= _next - Length ? _samples[number % Length] : double.NaN;
        }
    }
}
