namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>From a quota's raise to the last of all waiters served by it; wrong when one is left out or passed.</summary>
internal sealed class ResizeGate(int waiters, double most) : Gate($"resize/waiters={waiters}", Bound.AtMostMilliseconds(most))
{
    private const int Rounds = 20;

    internal override Reading Measure()
    {
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var options = new ResourcePoolOptions { Capacity = waiters + 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
            options.AddParticipant("p", 1, p => (p.BorrowOnDemand, p.QueueLimit) = (false, waiters));
            using var pool = new ResourcePool(options);
            var participant = pool["p"];
            using var held = participant.TryAcquire();
            var waiting = new Task<ResourceLease>[waiters];
            for (var i = 0; i < waiters; i++) waiting[i] = participant.AcquireAsync().AsTask();
            if (participant.Waiting != waiters) return Reading.Wrong($"{participant.Waiting} of {waiters} wait");
            // Half of them first: those at the front, and nobody else.
            Resize(pool, waiters / 2 + 1);
            if (!SpinWait.SpinUntil(() => waiting.Count(static w => w.IsCompleted) == waiters / 2, TimeSpan.FromSeconds(30))) return Reading.Wrong("waiters were lost");
            if (waiting[..(waiters / 2)].Any(static w => !w.IsCompletedSuccessfully || !w.Result.IsAcquired)) return Reading.Wrong("one passed another");
            foreach (var served in waiting[..(waiters / 2)]) served.Result.Dispose();
            // Those give the other half its units.
            if (!Task.WhenAll(waiting).Wait(TimeSpan.FromSeconds(30))) return Reading.Wrong("waiters were lost");
            foreach (var served in waiting[(waiters / 2)..]) served.Result.Dispose();

            Resize(pool, 1);
            for (var i = 0; i < waiters; i++) waiting[i] = participant.AcquireAsync().AsTask();
            var began = Stopwatch.GetTimestamp();
            Resize(pool, waiters + 1);
            waiting[^1].Wait();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (!Task.WhenAll(waiting).Wait(TimeSpan.FromSeconds(30))) return Reading.Wrong("waiters were lost");
        }

        return new Reading(best, $"best of {Rounds}");
    }

    private static void Resize(ResourcePool pool, int units) =>
        pool.Update(new ParticipantOptions { Name = "p", NominalQuota = units, BorrowOnDemand = false, QueueLimit = int.MaxValue });
}
