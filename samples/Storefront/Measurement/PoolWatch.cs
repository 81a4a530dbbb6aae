using System.Diagnostics;
using ResourceBorrowing;

namespace Storefront.Measurement;

/// <summary>Looks at a pool a few times a second: whether it lends at all, and the score of one participant.</summary>
internal static class PoolWatch
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    internal static async Task<IReadOnlyList<PoolSample>> RunAsync(ResourcePool pool, string? participant, long began, CancellationToken stop)
    {
        var samples = new List<PoolSample>();
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                var (report, whose) = (pool.ReportStability(), participant is null ? null : pool[participant]);
                samples.Add(new PoolSample(Stopwatch.GetElapsedTime(began).TotalSeconds, report.Health, report.IsOverloaded, report.Reason, whose?.Reputation, whose?.Borrowed));
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // It was to end.
        }

        return samples;
    }

    /// <summary>For how many seconds the host counted as overloaded, so that nothing was lent.</summary>
    internal static double OverloadedSeconds(IEnumerable<PoolSample> samples)
    {
        var (sum, last) = (0.0, default(PoolSample));
        foreach (var sample in samples)
        {
            if (last is { IsOverloaded: true }) sum += sample.At - last.At;
            last = sample;
        }

        return sum;
    }

    /// <summary>Why it was, each time that began, with the time.</summary>
    internal static IReadOnlyList<PoolSample> Onsets(IReadOnlyList<PoolSample> samples) =>
        [.. samples.Where((s, i) => s.IsOverloaded && (i == 0 || !samples[i - 1].IsOverloaded))];
}

/// <summary>What a look showed.</summary>
/// <param name="At">Seconds from the beginning.</param>
/// <param name="Health">Of the host.</param>
/// <param name="IsOverloaded">Whether nothing was lent.</param>
/// <param name="Reason">The worst signal.</param>
/// <param name="Score">The reputation of the participant looked at, if any.</param>
/// <param name="Borrowed">What it had borrowed.</param>
internal sealed record PoolSample(double At, double Health, bool IsOverloaded, string Reason, double? Score, int? Borrowed);
