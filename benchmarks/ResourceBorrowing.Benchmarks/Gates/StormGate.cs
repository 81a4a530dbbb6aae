using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// The slowest hundredth of acquire + release on one participant while another thread makes, returns and expires loans between all others,
/// against the same beside a thread that only calculates.
/// </summary>
internal sealed class StormGate(double most) : Gate("storm/p99", Bound.AtMost(most))
{
    private const int Rounds = 12;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(60);

    internal override Reading Measure()
    {
        if (!PinnedTeam.IsPossible) return new Reading(0, "threads cannot be pinned to two cores", IsConclusive: false);
        var time = new FakeTimeProvider();
        using var pool = Stage.Pool(ManyLoans.Parties + 1, time: time, lendsAll: true);
        var bystander = pool["p0"];
        var storm = new Storm([.. pool.Participants.Skip(1)], time);
        var arithmetic = Scaling.Arithmetic(1);
        Action attempt = () => bystander.TryAcquire().Dispose();
        Slices.WarmUp(() => Run(attempt, storm.Blow, TimeSpan.FromMilliseconds(1)), () => Run(attempt, arithmetic.Run, TimeSpan.FromMilliseconds(1)));

        Latencies allStormy = new(), allQuiet = new();
        double stormy = double.MaxValue, quiet = double.MaxValue;
        var before = storm.Loans;
        for (var round = 0; round < Rounds; round++)
        {
            stormy = Math.Min(stormy, Run(attempt, storm.Blow, Slice, allStormy));
            quiet = Math.Min(quiet, Run(attempt, arithmetic.Run, Slice, allQuiet));
        }

        if (!storm.IsSettled) return Reading.Wrong("not everything was settled");
        var scaling = Scaling.OfArithmetic();
        return new Reading(
            stormy / quiet,
            $"p99 {stormy:F0} ns / {quiet:F0} ns; p50/p99/p99.9 of all slices {allStormy}, {allQuiet}; {storm.Loans - before} loans beside; arithmetic {scaling:F2}x",
            scaling >= Scaling.LeastOfArithmetic);
    }

    /// <returns>The 99th percentile of one slice, a look at the clock included.</returns>
    private static double Run(Action attempt, Action beside, TimeSpan duration, Latencies? total = null)
    {
        var latencies = new Latencies();
        var isOver = false;
        PinnedTeam.Run(2, member =>
        {
            if (member > 0)
            {
                while (!Volatile.Read(ref isOver)) beside();
                return;
            }

            latencies.Watch(attempt, duration);
            Volatile.Write(ref isOver, true);
        });
        total?.Add(latencies);
        return latencies.Percentile(0.99);
    }
}
