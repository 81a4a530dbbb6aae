namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>Threads that start a job together, each pinned to a core; with more threads than cores they share the cores evenly.</summary>
internal static class PinnedTeam
{
    /// <summary>Whether at least two threads can have a core each.</summary>
    internal static bool IsPossible => Cores.Allowed.Count >= 2;

    /// <param name="size">How many threads.</param>
    /// <param name="job">What each does; its argument is the thread's number.</param>
    /// <returns>Nanoseconds that the slowest member took.</returns>
    internal static double Run(int size, Action<int> job)
    {
        var missing = size;
        var elapsed = new double[size];
        var threads = new Thread[size];
        for (var i = 0; i < size; i++)
        {
            var member = i;
            threads[i] = new Thread(() =>
            {
                if (!Cores.TryPin(Cores.Allowed[member % Cores.Allowed.Count])) throw new InvalidOperationException("The thread cannot be pinned.");
                Interlocked.Decrement(ref missing);
                while (Volatile.Read(ref missing) > 0)
                    if (size > Cores.Allowed.Count) Thread.Yield(); else Thread.SpinWait(1);

                var began = Stopwatch.GetTimestamp();
                job(member);
                elapsed[member] = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            });
            threads[i].Start();
        }

        foreach (var thread in threads) thread.Join();
        return elapsed.Max();
    }
}
