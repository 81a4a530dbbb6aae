using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Everything at once on real threads, while one of them looks whether the pool still adds up.</summary>
/// <remarks>Seconds by default; <c>RESOURCEBORROWING_SOAK_SECONDS</c> says how long each of the tests runs instead.</remarks>
[Collection(RealThreads.Name)]
public class SoakTests(ITestOutputHelper output)
{
    private const double DefaultSeconds = 3;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(30);

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("RESOURCEBORROWING_SOAK_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : DefaultSeconds);

    [Fact]
    public void Everything_WithTheSystemsClock_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System);

    [Fact]
    public void Everything_WithAClockThatJumps_ConservesUnitsAndComesToRest() => Soak(new FakeTimeProvider());

    [Fact]
    public void Everything_WithADisposalInTheMiddle_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System, disposesInTheMiddle: true);

    [Fact]
    public void Everything_WithFaultsInAllCallbacks_ConservesUnitsAndComesToRest()
    {
        var faults = new Faults();
        Soak(new FaultyTime(faults), faults);
        Assert.True(faults.Thrown > 0);
        output.WriteLine($"{faults.Thrown} faults");
    }

    [Fact]
    public void Everything_WithFaultsAndADisposalInTheMiddle_ConservesUnitsAndComesToRest()
    {
        var faults = new Faults();
        Soak(new FaultyTime(faults), faults, disposesInTheMiddle: true);
    }

    /// <summary>Whatever is forgotten while a pool is busy is made good by the next event; at rest it shows, so it comes to rest often.</summary>
    [Fact]
    public void Everything_ForMomentsAgainAndAgain_ConservesUnitsAndComesToRest()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Duration) Soak(TimeProvider.System, duration: Moment);
    }

    private void Soak(TimeProvider time, Faults? faults = null, bool disposesInTheMiddle = false, TimeSpan? duration = null)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {(duration ?? Duration).TotalSeconds} s");
        using var soak = new Turmoil(time, seed, faults, disposesInTheMiddle);
        try
        {
            soak.Run(duration ?? Duration);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
        }

        output.WriteLine(soak.ToString());
    }
}
