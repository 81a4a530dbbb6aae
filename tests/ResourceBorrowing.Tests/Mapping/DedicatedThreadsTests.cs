using Microsoft.Extensions.DependencyInjection;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Mapping;

[Collection(RealThreads.Name)]
public class DedicatedThreadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Threads_WithWork_AreAsManyAsTheAllocationAllows()
    {
        var (pool, a, b, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { UnitsPerThread = 2 });
        using var work = new Blocked(threads, 12);
        work.AwaitRunning(5);
        Assert.Equal((10, 5, 5, 7), (a.InUse, threads.ThreadCount, threads.MaximumConcurrencyLevel, threads.QueuedCount));
        work.Release(12);
        await work.All.Within();
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, Patience));

        using (var loan = a.TryBorrow(b, 5, TestPool.Term))
        {
            Assert.True(loan.IsGranted);
            using var more = new Blocked(threads, 12);
            more.AwaitRunning(7);
            Assert.Equal((14, 7), (a.InUse, threads.ThreadCount));
            loan.Dispose();
            Assert.Equal(4, a.Debt);
            more.Release(12);
            await more.All.Within();
        }

        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0 && threads.ThreadCount <= 5, Patience));
        await threads.DisposeAsync().AsTask().Within();
        Assert.Equal(0, threads.ThreadCount);
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Runaway_WhileUnitsAreRecalled_HoldsUpNeitherResizeNorOthers()
    {
        var (pool, a, b, _) = TestPool.Of30();
        using var rest = a.TryAcquire(9);
        await using var threads = new DedicatedThreads(a);
        var factory = new TaskFactory(threads);
        using var loan = a.TryBorrow(b, 2, TestPool.Term);
        using var runaway = new Blocked(threads, 1);
        runaway.AwaitRunning(1);
        var ran = 0;
        void Again()
        {
            Interlocked.Increment(ref ran);
            if (!runaway.All.IsCompleted) factory.StartNew(Again);
        }

        for (var i = 0; i < 4; i++) _ = factory.StartNew(Again);
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 12, Patience));
        loan.Dispose();

        // Two of three threads give their units back between two tasks; the third keeps the one that is left, and that is no debt.
        Assert.True(SpinWait.SpinUntil(() => b.Allocation == 10 && a.Debt == 0, Patience));
        Assert.Equal((10, 10), (a.Allocation, a.InUse));
        rest.Dispose();
        var now = Volatile.Read(ref ran);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref ran) > now + 100, Patience), "others go on beside the runaway");
        runaway.Release(1);
        await threads.DisposeAsync().AsTask().Within();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task DirectCaller_BesideEndlessWork_HasItsTurn()
    {
        var (_, a, _, _) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 100);
        await using var threads = new DedicatedThreads(a);
        var factory = new TaskFactory(threads);
        var stops = false;
        void Again()
        {
            if (!Volatile.Read(ref stops)) factory.StartNew(Again);
        }

        for (var i = 0; i < 40; i++) _ = factory.StartNew(Again);
        for (var i = 0; i < 20; i++) (await a.AcquireAsync(10).Within()).Dispose();
        Volatile.Write(ref stops, true);
    }

    [Fact]
    public async Task Thread_IsNamedAndNoneOfThePools()
    {
        var (_, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { NamePrefix = "crunch", Priority = ThreadPriority.BelowNormal });
        await using var plain = new DedicatedThreads(a);
        var seen = await new TaskFactory(threads).StartNew(static () => (Thread.CurrentThread.Name, Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.IsBackground, Thread.CurrentThread.Priority)).Within();
        Assert.Equal(("crunch 1", false, true, ThreadPriority.BelowNormal), seen);
        Assert.Equal("a 1", await new TaskFactory(plain).StartNew(static () => Thread.CurrentThread.Name).Within());
    }

    [Fact]
    public async Task IdleThread_HoldsNoUnits_AndEndsWhenItsTimeIsOver()
    {
        var (pool, a, _, time) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        using (var work = new Blocked(threads, 10))
        {
            work.AwaitRunning(10);
            work.Release(10);
            await work.All.Within();
        }

        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, Patience));
        Assert.Equal(10, threads.ThreadCount);
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(10, threads.ThreadCount);
        await new TaskFactory(threads).StartNew(static () => { }).Within();
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, Patience));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, threads.ThreadCount);
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, threads.ThreadCount);
        Assert.Equal(1, await new TaskFactory(threads).StartNew(static () => 1).Within());
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 0, Patience));
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task IdleThreads_WhenTheAllocationShrinks_End()
    {
        var (pool, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        using var work = new Blocked(threads, 10);
        work.AwaitRunning(10);
        work.Release(10);
        await work.All.Within();
        pool.Update(new ParticipantOptions { Name = "a", NominalQuota = 3 });
        Assert.True(SpinWait.SpinUntil(() => threads.ThreadCount <= 3, Patience));
    }

    [Fact]
    public async Task Dispose_RefusesNewTasks_RunsWhatIsQueued_AndEndsAllThreads()
    {
        var (pool, a, _, _) = TestPool.Of30();
        var threads = new DedicatedThreads(a);
        using var work = new Blocked(threads, 100);
        work.AwaitRunning(10);
        threads.Dispose();
        var refused = Assert.Throws<TaskSchedulerException>(() => { _ = new TaskFactory(threads).StartNew(static () => { }); });
        Assert.IsType<InvalidOperationException>(refused.InnerException);
        var ended = threads.DisposeAsync().AsTask();
        Assert.False(ended.IsCompleted);
        work.Release(100);
        await ended.Within();
        Assert.True(work.All.IsCompletedSuccessfully);
        Assert.Equal(0, threads.ThreadCount);
        TestPool.AssertAtRest(pool);
        await new DedicatedThreads(a).DisposeAsync().AsTask().Within();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Participant_ThatIsGone_HasItsTasksRunOneByOneWithoutUnits(bool poolIsDisposed)
    {
        var (pool, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        var rest = a.TryAcquire(10);
        var (inside, most) = (0, 0);
        void Work()
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            Thread.SpinWait(100);
            Interlocked.Decrement(ref inside);
        }

        var factory = new TaskFactory(threads);
        var tasks = Enumerable.Range(0, 50).Select(_ => factory.StartNew(Work)).ToList();
        var removal = poolIsDisposed ? Task.CompletedTask : pool.RemoveAsync("a");
        if (poolIsDisposed) pool.Dispose();
        await Task.WhenAll(tasks).Within();
        await factory.StartNew(Work).Within();
        Assert.Equal(1, most);
        Assert.Equal(10, a.InUse);
        rest.Dispose();
        await removal.Within();
        await threads.DisposeAsync().AsTask().Within();
    }

    [Fact]
    public async Task Removal_BesideEndlessWork_Ends()
    {
        var (pool, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        var factory = new TaskFactory(threads);
        var stops = false;
        void Again()
        {
            if (!Volatile.Read(ref stops)) factory.StartNew(Again);
        }

        for (var i = 0; i < 20; i++) _ = factory.StartNew(Again);
        Assert.True(SpinWait.SpinUntil(() => a.InUse == 10, Patience));
        await pool.RemoveAsync("a").Within();
        Volatile.Write(ref stops, true);
    }

    [Fact]
    public async Task Task_ThatThrows_HarmsOnlyItself()
    {
        var (pool, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        var factory = new TaskFactory(threads);
        var broken = Enumerable.Range(0, 20).Select(_ => factory.StartNew(static () => throw new InvalidOperationException("broken"))).ToArray();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Task.WhenAll(broken).Within());
        Assert.All(broken, static t => Assert.True(t.IsFaulted));
        Assert.Equal(5, await factory.StartNew(static () => 5).Within());
        await threads.DisposeAsync().AsTask().Within();
        TestPool.AssertAtRest(pool);
    }

    [Fact]
    public async Task Child_WaitedForOnTheOnlyThread_RunsInline_AndElsewhereNever()
    {
        var (_, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { UnitsPerThread = 10 });
        var factory = new TaskFactory(threads);
        string? Child()
        {
            var child = factory.StartNew(static () => Thread.CurrentThread.Name);
            child.Wait();
            return child.Result;
        }

        Assert.Equal("a 1", await factory.StartNew(Child).Within());
        var task = new Task<string?>(static () => Thread.CurrentThread.Name);
        task.RunSynchronously(threads);
        Assert.Equal("a 1", await task.Within());
    }

    [Fact]
    public async Task AsyncMethod_StaysOnTheThreads()
    {
        var (_, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a);
        var names = await new TaskFactory(threads).StartNew(static async () =>
        {
            var before = Thread.CurrentThread.Name;
            await Task.Yield();
            return (before, Thread.CurrentThread.Name);
        }).Unwrap().Within();
        Assert.StartsWith("a ", names.before, StringComparison.Ordinal);
        Assert.StartsWith("a ", names.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_TakenByOthersMeanwhile_IsNotAskedUnitsForAnyMore()
    {
        var (_, a, _, _) = TestPool.Of30();
        using var rest = a.TryAcquire(9);
        await using var threads = new DedicatedThreads(a);
        using var work = new Blocked(threads, 2);
        work.AwaitRunning(1);
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 1, Patience));
        work.Release(1);
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 0, Patience));
        Assert.Equal((10, 1), (a.InUse, threads.ThreadCount));
        work.Release(1);
        await work.All.Within();
    }

    [Fact]
    public async Task FullQueueOfTheParticipant_IsAskedAgain()
    {
        var (_, a, _, time) = TestPool.Of30(static o => o.Participants[0].QueueLimit = 0);
        var rest = a.TryAcquire(10);
        await using var threads = new DedicatedThreads(a);
        var task = new TaskFactory(threads).StartNew(static () => 1);
        rest.Dispose();
        Assert.False(task.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, await task.Within());
    }

    [Fact]
    public async Task AddMapper_BuildsThem_AndTheHostEndsThem()
    {
        var services = new ServiceCollection();
        services.AddResourceBorrowing(static o => o.Capacity = 4).AddParticipant("a", 4)
            .AddMapper<DedicatedThreads>("a")
            .AddMapper<ParticipantSemaphore>("a");
        DedicatedThreads threads;
        await using (var provider = services.BuildServiceProvider())
        {
            threads = provider.GetRequiredKeyedService<DedicatedThreads>("a");
            Assert.Equal(4, provider.GetRequiredKeyedService<ParticipantSemaphore>("a").CurrentCount);
            Assert.Equal("a 1", await new TaskFactory(threads).StartNew(static () => Thread.CurrentThread.Name).Within());
        }

        Assert.Equal(0, threads.ThreadCount);
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        var (_, a, _, _) = TestPool.Of30();
        Refused(nameof(DedicatedThreadsOptions.UnitsPerThread), new() { UnitsPerThread = 0 });
        a.Options.Needs.Cores = 0;
        Refused(nameof(DedicatedThreadsOptions.UnitsPerThread), new());
        a.Options.Needs.Cores = 0.4;
        using (var threads = new DedicatedThreads(a)) Assert.Equal(3, threads.MaximumConcurrencyLevel);
        Refused(nameof(DedicatedThreadsOptions.UnitsPerThread), new() { UnitsPerThread = 31 });
        Refused(nameof(DedicatedThreadsOptions.IdleTime), new() { IdleTime = TimeSpan.Zero });
        Refused(nameof(DedicatedThreadsOptions.QueueLimit), new() { QueueLimit = 0 });
        Refused(nameof(DedicatedThreadsOptions.Priority), new() { Priority = (ThreadPriority)17 });

        void Refused(string option, DedicatedThreadsOptions options) =>
            Assert.Contains(option, Assert.Throws<ArgumentOutOfRangeException>(nameof(options), () => new DedicatedThreads(a, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_BeyondItsLimit_IsRefused()
    {
        var (_, a, _, _) = TestPool.Of30();
        await using var threads = new DedicatedThreads(a, new DedicatedThreadsOptions { QueueLimit = 3 });
        var rest = a.TryAcquire(10);
        var factory = new TaskFactory(threads);
        for (var i = 0; i < 3; i++) _ = factory.StartNew(static () => { });
        Assert.Contains("full", Assert.Throws<TaskSchedulerException>(() => { _ = factory.StartNew(static () => { }); }).InnerException!.Message, StringComparison.Ordinal);
        rest.Dispose();
    }

    [Theory]
    [InlineData(PoolMode.Enforce)]
    [InlineData(PoolMode.Observe)]
    public async Task Storm_OfTasksAndLoans_RunsEachOnce_AndEndsAtRest(PoolMode mode)
    {
        const int Tasks = 20_000;
        var (pool, a, b, _) = TestPool.Of30(o => o.Mode = mode);
        await using var threads = new DedicatedThreads(a);
        var factory = new TaskFactory(threads);
        var ran = new int[Tasks];
        var most = 0;
        var writers = Enumerable.Range(0, 2).Select(w => Task.Run(() =>
        {
            for (var i = w; i < Tasks; i += 2)
            {
                var number = i;
                _ = factory.StartNew(() =>
                {
                    Interlocked.Increment(ref ran[number]);
                    most = Math.Max(most, threads.ThreadCount);
                });
            }
        })).ToArray();
        var all = Task.WhenAll(writers);
        for (var i = 0; !all.IsCompleted; i++)
        {
            using var loan = a.TryBorrow(b, 1 + i % 5, TestPool.Term);
            using var back = b.TryBorrow(a, 1 + i % 5, TestPool.Term);
        }

        await all.Within();
        await threads.DisposeAsync().AsTask().Within();
        Assert.All(ran, static count => Assert.Equal(1, count));
        Assert.InRange(most, 1, 15);
        Assert.True(SpinWait.SpinUntil(() => a.Waiting == 0, Patience));
        TestPool.AssertAtRest(pool);
    }

    /// <summary>Tasks that block their threads until they are released.</summary>
    private sealed class Blocked : IDisposable
    {
        private readonly SemaphoreSlim _gate = new(0);
        private int _started;

        internal Blocked(TaskScheduler scheduler, int count)
        {
            var factory = new TaskFactory(scheduler);
            All = Task.WhenAll(Enumerable.Range(0, count).Select(_ => factory.StartNew(() =>
            {
                Interlocked.Increment(ref _started);
                Assert.True(_gate.Wait(Patience));
            })));
        }

        internal Task All { get; }

        internal void Release(int count) => _gate.Release(count);

        internal void AwaitRunning(int count) => Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _started) == count, Patience), $"{_started} run, not {count}");

        public void Dispose() => _gate.Dispose();
    }
}
