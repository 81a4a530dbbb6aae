using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

public class MapperTests
{
    [Fact]
    public async Task Attach_AndEveryChange_IsToldInOrderTheLatestAlways()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var mapper = new Recording();
        pool.Attach(a, mapper);
        await mapper.Until(10);
        using (a.TryBorrow(b, 5, TestPool.Term)) await mapper.Until(15);
        await mapper.Until(10);
    }

    [Fact]
    public async Task Mapper_ThatThrows_IsContainedAndToldAgain()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var broken = new Recording { Fails = true };
        var sound = new Recording();
        pool.Attach(a, broken);
        pool.Attach(a, sound);
        using var loan = a.TryBorrow(b, 5, TestPool.Term);
        await broken.Until(15);
        await sound.Until(15);
        TestPool.AssertLaws(pool);
    }

    [Fact]
    public async Task Mapper_ThatThrows_IsToldTheSameAgain_LaterAndLater_UntilItTakesIt()
    {
        var (pool, a, _, time) = TestPool.Of30();
        var mapper = new Recording { Fails = true };
        pool.Attach(a, mapper);
        await mapper.Until(10);
        for (var (times, milliseconds) = (1, 100); times < 6; times++, milliseconds *= 2)
        {
            // The timer is set after the call; a jump before that is as if none had been.
            Assert.True(SpinWait.SpinUntil(() => mapper.Times == times, TimeSpan.FromSeconds(30)));
            while (ThreadPool.PendingWorkItemCount > 0) await Task.Yield();
            Assert.True(SpinWait.SpinUntil(() => Advanced(milliseconds) == times + 1, TimeSpan.FromSeconds(30)));
        }

        mapper.Fails = false;
        Assert.True(SpinWait.SpinUntil(() => Advanced(3_200) == 7, TimeSpan.FromSeconds(30)));
        for (var i = 0; i < 10; i++) time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(7, mapper.Times);
        TestPool.AssertLaws(pool);

        int Advanced(int milliseconds)
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            return mapper.Times;
        }
    }

    [Fact]
    public async Task Mapper_IsToldWhenWhatAUnitStandsForChanges_AndNoMoreWhenDetached()
    {
        var options = TestPool.Options(10, ("a", 10));
        options.Unit.MemoryBytes = 100;
        using var pool = new ResourcePool(options);
        var mapper = new Recording();
        pool.Attach(pool["a"], mapper);
        pool.Attach(pool["a"], mapper);
        await mapper.Until(10);
        options.Unit.MemoryBytes = 200;
        pool.Reconfigure(options);
        Assert.True(SpinWait.SpinUntil(() => mapper.Times == 2, TimeSpan.FromSeconds(30)));
        Assert.Equal(200, pool["a"].UnitAmounts.MemoryBytes);
        pool.Detach(pool["a"], mapper);
        options.Unit.MemoryBytes = 300;
        pool.Reconfigure(options);
        var other = new Recording();
        pool.Attach(pool["a"], other);
        await other.Until(10);
        Assert.Equal(2, mapper.Times);
    }

    [Fact]
    public async Task Storm_OfChanges_EndsWithTheLastValue()
    {
        var (pool, a, b, _) = TestPool.Of30();
        var mapper = new Recording();
        pool.Attach(a, mapper);
        for (var i = 0; i < 2_000; i++) a.TryBorrow(b, 1 + i % 5, TestPool.Term).Dispose();
        using var last = a.TryBorrow(b, 3, TestPool.Term);
        await mapper.Until(13);
        Assert.Equal(13, mapper.Last);
    }

    [Fact]
    public void Attach_OfAnotherPool_Throws()
    {
        var (pool, _, _, _) = TestPool.Of30();
        var (_, stranger, _, _) = TestPool.Of30();
        Assert.Throws<ArgumentException>(() => pool.Attach(stranger, new Recording()));
    }

    private sealed class Recording : IResourceMapper
    {
        private readonly Lock _lock = new();
        private readonly List<(int Value, TaskCompletionSource Done)> _expected = [];
        private int _inside;

        public bool Fails { get; set; }

        public int Times { get; private set; }

        public int Last { get; private set; } = -1;

        public void OnAllocationChanged(Participant participant, int allocation)
        {
            Assert.Equal(1, Interlocked.Increment(ref _inside));
            lock (_lock)
            {
                Last = allocation;
                Times++;
                foreach (var (_, done) in _expected.Where(e => e.Value == allocation)) done.TrySetResult();
            }

            Interlocked.Decrement(ref _inside);
            if (Fails) throw new InvalidOperationException("broken mapper");
        }

        /// <summary>Completes when the value is, or becomes, the last one told.</summary>
        public Task Until(int value)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                if (Last == value) return Task.CompletedTask;
                _expected.Add((value, done));
            }

            return done.Task.Within();
        }
    }
}
