using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>What once went wrong without a race, or can be shown without one.</summary>
public class RegressionTests
{
    [Fact]
    public void Capacity_LoweredAndRaisedWhileUnitsAreInUse_StillAddsUp()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 10, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } });
        using var lease = pool.Reserve.TryAcquire(10);

        pool.Reconfigure(new ResourcePoolOptions { Capacity = 4, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } });
        Assert.Equal(6, pool.Snapshot().Retiring);
        pool.Reconfigure(new ResourcePoolOptions { Capacity = 9, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } });

        var snapshot = pool.Snapshot();
        Assert.Equal(1, snapshot.Retiring);
        Assert.Equal(snapshot.Capacity + snapshot.Retiring, snapshot.Reserve.Allocation);
    }

    [Fact]
    public void Ticket_AfterBillionsOfTickets_StillHasAPositiveStamp()
    {
        var cell = new PermitCell("a", 1, static () => { });
        ref var made = ref TicketsMade(null!);
        var before = made;
        try
        {
            foreach (var many in (ReadOnlySpan<long>)[int.MaxValue - 1L, int.MaxValue, uint.MaxValue - 1L, uint.MaxValue, long.MaxValue - 1])
            {
                made = many;
                Assert.InRange(new LeaseTicket(cell).Take(), 1, long.MaxValue);
            }
        }
        finally
        {
            made = before;
        }
    }

    [Fact]
    public void Continuations_OfARemovedParticipant_RunOutsideTheMembershipLock()
    {
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 1));
        var a = pool["a"];
        using var lease = a.TryAcquire();
        var context = new InlineContext(() =>
        {
            var other = new Thread(() => pool.Snapshot()) { IsBackground = true };
            other.Start();
            return other.Join(TimeSpan.FromSeconds(30));
        });
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        Task waiting;
        try
        {
            waiting = AcquireAsync();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        _ = pool.RemoveAsync("a");
        Assert.True(waiting.IsCompleted);
        Assert.True(context.Answer, "another thread could not look at the pool while the continuation ran");

        async Task AcquireAsync() => Assert.Equal(RefusalReason.Removed, (await a.AcquireAsync()).Refusal);
    }

    [Fact]
    public void Listener_ThatThrows_NeitherStopsExpiryNorReachesCallers()
    {
        var time = new FakeTimeProvider();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var options = new ResourcePoolOptions { Capacity = 2, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 1, static p => p.BorrowOnDemand = false).AddParticipant("b", 1, static p => p.LendingLimit = 1);
        var meters = services.GetRequiredService<IMeterFactory>();
        using var pool = new ResourcePool(options, time, meterFactory: meters);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            // Its own pool's only: all tests' meters have this name.
            if (instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => throw new InvalidOperationException("no"));
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidOperationException("no"));
        listener.Start();
        var (a, b) = (pool["a"], pool["b"]);

        for (var i = 0; i < 3; i++)
        {
            Assert.True(a.TryBorrow(b, 1, TimeSpan.FromSeconds(1)).IsGranted);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, b.Allocation);
        }

        var lease = a.TryAcquire();
        Assert.False(a.TryAcquire().IsAcquired);
        var wait = new Wait(a.AcquireAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        lease.Dispose();
        Assert.True(wait.IsCompleted);
        wait.End().Dispose();
        Assert.Equal(0, a.InUse);
        Assert.NotEqual(50, a.Reputation);
    }

    [Fact]
    public async Task Logger_ThatThrows_NeitherStopsARemovalNorReachesADispose()
    {
        using var logging = LoggerFactory.Create(static builder => builder.AddProvider(new BrokenLogging()));
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 2, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 1), loggerFactory: logging);
        var lease = pool["a"].TryAcquire();
        var leaving = pool.RemoveAsync("a");
        Assert.False(leaving.IsCompleted);

        lease.Dispose();
        await leaving.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Removal_OfAParticipantThatLeftMeanwhile_LeavesItsSuccessorAlone()
    {
        var time = new InterruptedTime();
        using var pool = new ResourcePool(new ResourcePoolOptions { Capacity = 1, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } }.AddParticipant("a", 1), time);
        time.Interruption = () =>
        {
            _ = pool.RemoveAsync("a");
            pool.Add(new ParticipantOptions { Name = "a", NominalQuota = 1 });
        };

        Assert.True(pool.RemoveAsync("a").IsCompletedSuccessfully);
        Assert.Equal(1, pool["a"].Allocation);
        Assert.True(pool["a"].TryAcquire().IsAcquired);
    }

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "_made")]
    private static extern ref long TicketsMade(LeaseTicket of);

    /// <summary>A context that runs what is posted at once, as some user interfaces and actor frameworks do.</summary>
    private sealed class InlineContext(Func<bool> probe) : SynchronizationContext
    {
        internal bool Answer { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Answer = probe();
            d(state);
        }
    }

    /// <summary>Something else happens while the pool reads the clock.</summary>
    private sealed class InterruptedTime : TimeProvider
    {
        internal Action? Interruption { get; set; }

        public override long GetTimestamp()
        {
            var interruption = Interruption;
            Interruption = null;
            interruption?.Invoke();
            return base.GetTimestamp();
        }
    }

    private sealed class BrokenLogging : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("no");
    }
}
