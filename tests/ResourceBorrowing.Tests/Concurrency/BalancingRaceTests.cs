using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Tests.Model;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Plans move units while everything else happens on real threads.</summary>
/// <remarks>Seconds by default; <c>RESOURCEBORROWING_SOAK_SECONDS</c> says how long each of the tests runs instead.</remarks>
[Collection(RealThreads.Name)]
public class BalancingRaceTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("RESOURCEBORROWING_SOAK_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 2);

    [Fact]
    public void Everything_BesidePlans_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System);

    [Fact]
    public void Everything_BesidePlansInAClockThatJumps_ConservesUnitsAndComesToRest() => Soak(new FakeTimeProvider());

    [Fact]
    public void Everything_BesidePlansWithADisposalInTheMiddle_ConservesUnits() => Soak(TimeProvider.System, disposesInTheMiddle: true);

    [Fact]
    public void Everything_BesidePlansWithFaultsInAllCallbacks_ConservesUnitsAndComesToRest()
    {
        var faults = new Faults();
        Soak(new FaultyTime(faults), faults);
    }

    /// <summary>The forecasters are asked by the thread pool here, and by the loop where the clock is not the system's.</summary>
    [Fact]
    public void Everything_BesidePlansWithFaultsButInTheClock_ConservesUnitsAndComesToRest() => Soak(TimeProvider.System, new Faults());

    [Fact]
    public void Everything_BesidePlansForMomentsAgainAndAgain_ConservesUnitsAndComesToRest()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Duration) Soak(TimeProvider.System, duration: TimeSpan.FromMilliseconds(50));
    }

    /// <summary>
    /// a has too little and does not borrow on demand, b has plenty; both come and go. What a plan has lent while b's callers come is back for them, and whoever waits for what
    /// it may have is served.
    /// </summary>
    [Fact]
    public void Callers_OfLenderAndBorrower_AreServedWhilePlansGoToAndFro()
    {
        var options = TestPool.Options(12, ("a", 2), ("b", 10));
        (options.PlanningPeriod, options.Stability.IsEnabled) = (TimeSpan.FromMilliseconds(5), false);
        var balancing = options.Balancing;
        (balancing.Mode, balancing.SamplePeriod, balancing.MostMoved) = (BalancingMode.On, TimeSpan.FromMilliseconds(1), 1);
        (balancing.DemandHalfLife, balancing.OfferAfter) = (TimeSpan.FromMilliseconds(5), TimeSpan.Zero);
        using var pool = new ResourcePool(options, TimeProvider.System, new Unmoved(50));
        var (a, b) = (pool["a"], pool["b"]);
        var (end, served) = (TimeProvider.System.GetTimestamp() + (long)(Duration.TotalSeconds * TimeProvider.System.TimestampFrequency), new int[4]);
        var (moved, plans) = (0, new HashSet<TimeSpan>());
        Exception? failure = null;
        // Six of a's callers at once, that owns 2, and all of b's units at a time.
        Thread[] threads =
        [
            Start(() => Serve(a, 6, 0)), Start(() => Serve(b, 1, 1, units: 10)), Start(() => Serve(b, 3, 2)),
            Start(() =>
            {
                foreach (var participant in pool.AllWithReserve)
                {
                    var word = participant.Account.Cell.Read();
                    Assert.True(word.InUse <= word.Allocation, $"over-granted: {word}");
                }

                if (pool.ReportBalance() is { } report && plans.Add(report.At)) moved += report.UnitsMoved;
                served[3]++;
            }),
        ];
        foreach (var thread in threads) thread.Join();
        Assert.True(failure is null, failure?.ToString());
        output.WriteLine($"{string.Join(", ", served)} rounds, {moved} units moved by {plans.Count} plans\n{pool.ReportBalance()}");
        Assert.All(served, static s => Assert.True(s > 0));
        Assert.True(moved > 0, "plans moved units");
        Assert.True(SpinWait.SpinUntil(() => pool.ReportBalance()!.Participants.All(static p => p.SmoothedDemand < 0.01) && pool.Snapshot().OpenLoans == 0, Generous), $"with demand gone all goes home\n{pool.Snapshot()}\n{pool.ReportBalance()}");
        TestPool.AssertAtRest(pool);

        void Serve(Participant participant, int callers, int place, int units = 1)
        {
            var waits = Enumerable.Range(0, callers).Select(_ => participant.AcquireAsync(units).AsTask()).ToArray();
            // One after the other: who held what it has until it has all would wait for ever for units that are wanted back.
            foreach (var wait in waits)
            {
                Assert.True(wait.Wait(Generous), $"somebody waits for ever\n{pool.Snapshot()}\n{pool.ReportBalance()}");
                Thread.SpinWait(2_000);
                wait.Result.Dispose();
            }

            served[place]++;
            // Now and then the lender's units lie idle.
            if (participant == b) Thread.SpinWait(200_000);
        }

        Thread Start(Action work)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    while ((TimeProvider.System.GetTimestamp() < end || pool.Balancer!.Moved == 0 && TimeProvider.System.GetElapsedTime(end) < Generous) && Volatile.Read(ref failure) is null) work();
                }
                catch (Exception exception)
                {
                    Volatile.Write(ref failure, exception);
                }
            })
            { IsBackground = true };
            thread.Start();
            return thread;
        }
    }

    private void Soak(TimeProvider time, Faults? faults = null, bool disposesInTheMiddle = false, TimeSpan? duration = null)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}, {(duration ?? Duration).TotalSeconds} s");
        using var soak = new Turmoil(time, seed, faults, disposesInTheMiddle, balances: true);
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
