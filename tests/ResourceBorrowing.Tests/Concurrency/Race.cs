namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Lets the same few actors collide again and again on real threads, and looks at what is left each time they have come to rest.</summary>
internal static class Race
{
    private const int LongestHeadStart = 60;

    /// <param name="rounds">How many collisions.</param>
    /// <param name="prepare">Sets the scene; alone.</param>
    /// <param name="check">Looks at what is left; alone. Its exception names the round.</param>
    /// <param name="actors">Each runs on a thread of its own, a random moment late.</param>
    internal static void Run(int rounds, Action prepare, Action check, params Action[] actors)
    {
        var seed = Random.Shared.Next();
        var round = 0;
        var arrived = 0;
        Exception? failure = null;
        var threads = actors.Select((actor, place) => new Thread(() => Act(actor, new Random(seed + place))) { IsBackground = true }).ToArray();
        foreach (var thread in threads) thread.Start();

        while (round < rounds && failure is null)
        {
            prepare();
            Volatile.Write(ref arrived, 0);
            Volatile.Write(ref round, round + 1);
            SpinUntil(() => Volatile.Read(ref arrived) == actors.Length);
            try
            {
                if (failure is null) check();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }

        var last = round;
        Volatile.Write(ref round, -1);
        foreach (var thread in threads) thread.Join();
        if (failure is not null) throw new InvalidOperationException($"In round {last} of {rounds}, seed {seed}: {failure.Message}", failure);

        void Act(Action actor, Random random)
        {
            for (var next = 1; ; next++)
            {
                SpinUntil(() => Volatile.Read(ref round) is var now && (now == next || now < 0));
                if (Volatile.Read(ref round) < 0) return;
                // More often short than long: most windows are.
                Thread.SpinWait(random.Next(1 + random.Next(LongestHeadStart)));
                try
                {
                    actor();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                Interlocked.Increment(ref arrived);
            }
        }
    }

    /// <summary>Holds two actors until both have come to the same step, so that what they do next collides.</summary>
    internal sealed class Meeting
    {
        private readonly int[] _steps = new int[2 * Apart];

        // The two counters stand on lines of their own.
        private const int Apart = 32;

        internal void Begin() => Array.Fill(_steps, -1);

        internal void At(int who, int step)
        {
            Volatile.Write(ref _steps[who * Apart], step);
            SpinUntil(() => Volatile.Read(ref _steps[(1 - who) * Apart]) >= step);
        }
    }

    private static void SpinUntil(Func<bool> condition)
    {
        var spin = new SpinWait();
        while (!condition()) spin.SpinOnce(sleep1Threshold: -1);
    }
}
