using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Callers of a few participants that are short of units, on the thread pool, while another thread looks whether the pool adds up.</summary>
internal sealed class Soak : IDisposable
{
    private const int Parties = 4;
    private const int Callers = 8;
    private const int Quota = 6;
    private const int Most = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ResourcePool _pool;
    private long _deadline;

    internal Soak()
    {
        var options = new ResourcePoolOptions
        {
            Capacity = Parties * Quota,
            DefaultTerm = TimeSpan.FromMilliseconds(3),
            GracePeriod = TimeSpan.FromMilliseconds(2),
            PlanningPeriod = TimeSpan.FromMilliseconds(1),
            Reputation = { NewcomerLoans = 0 },
            Stability = { IsEnabled = false },
        };
        for (var i = 0; i < Parties; i++) options.AddParticipant($"p{i}", Quota, static p => p.GrantThreshold = 0);
        _pool = new ResourcePool(options, reputationPolicy: new Indifferent());
    }

    /// <summary>Whatever parties do, they go on borrowing.</summary>
    private sealed class Indifferent : IReputationPolicy
    {
        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => record;

        public double Score(in ReputationRecord record, TimeSpan now) => 50;
    }

    /// <summary>Snapshots in which a participant had more in use than it might use, or in which there were more units than there are.</summary>
    internal long OverGrants { get; private set; }

    /// <summary>Units that were not back in the end.</summary>
    internal long Lost { get; private set; }

    /// <summary>Callers that still waited long after all others had gone.</summary>
    internal long Stuck { get; private set; }

    internal long Operations { get; private set; }

    internal void Run(TimeSpan duration)
    {
        _deadline = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var callers = Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(i))).ToArray();
        while (Stopwatch.GetTimestamp() < _deadline) OverGrants += IsSound() ? 0 : 1;
        Task.WaitAny([Task.WhenAll(callers)], Patience);
        Stuck = callers.Count(static caller => !caller.IsCompleted);
        Operations = callers.Sum(static caller => caller.IsCompletedSuccessfully ? caller.Result : 0);
        SpinWait.SpinUntil(() => _pool.Snapshot().OpenLoans == 0, Patience);
        Lost = _pool.Capacity - _pool.AllWithReserve.Sum(static p => Math.Min(p.Available, p.NominalQuota));
    }

    public void Dispose() => _pool.Dispose();

    private bool IsSound()
    {
        var snapshot = _pool.Snapshot();
        var all = snapshot.Participants.Append(snapshot.Reserve).ToArray();
        return all.Sum(static p => p.Allocation) == _pool.Capacity && all.All(static p => p.InUse <= p.Allocation && p.Debt <= p.Borrowed);
    }

    private async Task<long> CallAsync(int number)
    {
        var random = new Random(number);
        long done = 0;
        for (; Stopwatch.GetTimestamp() < _deadline; done++)
        {
            var (one, other) = (_pool.Participants[random.Next(Parties)], _pool.Participants[random.Next(Parties)]);
            switch (random.Next(6))
            {
                case 0 when one != other:
                    using (one.TryBorrow(other, random.Next(1, Most), TimeSpan.FromMilliseconds(1 + random.Next(3)))) one.TryAcquire(random.Next(1, Most)).Dispose();
                    break;
                case 1:
                    one.Recall(random.Next(1, Most));
                    break;
                case 2:
                    using (one.TryAcquire(random.Next(1, Most))) Thread.SpinWait(random.Next(500));
                    break;
                default:
                    using (await one.AcquireAsync(random.Next(1, Quota)).ConfigureAwait(false)) Thread.SpinWait(random.Next(2_000));
                    break;
            }
        }

        return done;
    }
}
