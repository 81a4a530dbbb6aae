using System.Collections.Concurrent;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;
using Xunit.Abstractions;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>Threads that stand ready before there is work for them.</summary>
[Collection(RealThreads.Name)]
public class ThreadsAheadTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Threads_AreAsManyAsTheAllocationAllows_BeforeThereIsWork_AndHoldNoUnits()
    {
        var (pool, a, b, time) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { StartsAhead = true, UnitsPerThread = 2 });
        AwaitThreads(threads, 5);
        using (a.TryBorrow(b, 5, TimeSpan.FromHours(1)))
        {
            AwaitThreads(threads, 7);
            Assert.Equal(0, a.InUse);
            time.Advance(TimeSpan.FromMinutes(1));
            AwaitThreads(threads, 7);
        }

        AwaitThreads(threads, 5);
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 3 });
        AwaitThreads(threads, 1);
        await threads.DisposeAsync().AsTask().Within();
        Assert.Equal(0, threads.ThreadCount);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Work_RunsOnTheThreadsThatStandReady_HoweverLongTheyDo()
    {
        var (_, a, b, time) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { StartsAhead = true });
        AwaitThreads(threads, 10);
        using (a.TryBorrow(b, 2, TimeSpan.FromHours(1)))
        {
            AwaitThreads(threads, 12);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        AwaitThreads(threads, 10);
        var names = new ConcurrentBag<string?>();
        using var all = new Barrier(10);
        var factory = new TaskFactory(threads);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => factory.StartNew(() =>
        {
            names.Add(Thread.CurrentThread.Name);
            Assert.True(all.SignalAndWait(Patience));
        }))).Within();
        Assert.Equal(Enumerable.Range(3, 10).Select(static i => $"a {i}").Order(), names.Order());
    }

    [Fact]
    public async Task Threads_WhateverTheAllocationDoes_RunAllWork_NeverMoreThanTheUnits_AndStandReadyAfterwards()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (pool, a, b, time) = TestPool.Of30();
        var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { StartsAhead = true });
        var factory = new TaskFactory(threads);
        var (running, most) = (0, 0);
        var work = new List<Task>();
        var loan = default(Loan);
        for (var step = 0; step < 300; step++)
        {
            switch (random.Next(5))
            {
                case 0:
                    loan.Dispose();
                    loan = a.TryBorrow(b, random.Next(1, 6), TimeSpan.FromHours(1));
                    break;
                case 1:
                    pool.Update(new ParticipantOptions { Name = "a", NominalQuota = random.Next(1, 11), BorrowOnDemand = false });
                    break;
                case 2:
                    time.Advance(TimeSpan.FromSeconds(random.Next(30)));
                    break;
                default:
                    for (var i = random.Next(12); i > 0; i--) work.Add(factory.StartNew(Run));
                    break;
            }
        }

        await Task.WhenAll(work).Within();
        Assert.InRange(most, 1, 15);
        AwaitThreads(threads, a.Allocation);
        await threads.DisposeAsync().AsTask().Within();
        loan.Dispose();
        TestPool.AssertAtRest(pool);

        void Run()
        {
            var now = Interlocked.Increment(ref running);
            int seen;
            while ((seen = Volatile.Read(ref most)) < now) Interlocked.CompareExchange(ref most, now, seen);
            Thread.Yield();
            Interlocked.Decrement(ref running);
        }
    }

    private static void AwaitThreads(DedicatedThreads threads, int count) =>
        Assert.True(SpinWait.SpinUntil(() => threads.ThreadCount == count, Patience), $"{threads.ThreadCount} threads, not {count}");
}
