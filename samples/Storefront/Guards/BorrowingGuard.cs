using ResourceBorrowing;
using ResourceBorrowing.Mapping;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>
/// One participant for each subsystem, some behind an adapter. Who asks for a unit need not know that there are loans: what is missing is borrowed, what was lent is recalled.
/// </summary>
internal sealed class BorrowingGuard : IGuard, IDisposable
{
    private readonly Participant[] _participants;
    private readonly ParticipantConcurrencyLimiter _checkout;
    private readonly MemoryBudget _recommendations;
    private readonly DedicatedThreads _reports;

    public BorrowingGuard(ResourcePool pool)
    {
        Pool = pool;
        _participants = [.. Subsystem.All.Select(s => pool[s.Name])];
        _checkout = new ParticipantConcurrencyLimiter(_participants[Subsystem.Checkout]);
        _recommendations = new MemoryBudget(_participants[Subsystem.Recommendations], Handlers.BufferSize);
        _reports = new DedicatedThreads(_participants[Subsystem.Reports], new DedicatedThreadsOptions { QueueLimit = Subsystem.QueueLimit });
    }

    public ResourcePool Pool { get; }

    /// <summary>From this the pool knows how its participants fare, and what loans do to their lenders. Who was refused, or waited too long for a unit, has no latency but counts.</summary>
    public void RecordOutcome(int subsystem, TimeSpan latency, bool isAnswered) => _participants[subsystem].RecordOutcome(latency, failed: !isAnswered);

    public void MapTo(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/pool", Pool.Snapshot);
        routes.MapGet("/pool/balance", () => Pool.ReportBalance()?.ToString() ?? "There is no plan yet.");
    }

    public ValueTask<string?> RunAsync(int subsystem, Func<Task> work, CancellationToken patience) => subsystem switch
    {
        Subsystem.Checkout => LimiterGuard.RunAsync(_checkout, work, patience),
        Subsystem.Recommendations => RunWithBufferAsync(work, patience),
        Subsystem.Reports => RunOnThreadAsync(work, patience),
        _ => RunWithUnitAsync(_participants[subsystem], work, patience),
    };

    public void Dispose()
    {
        _checkout.Dispose();
        _reports.Dispose();
    }

    private static async ValueTask<string?> RunWithUnitAsync(Participant participant, Func<Task> work, CancellationToken patience)
    {
        using var lease = await participant.AcquireAsync(1, patience);
        if (!lease.IsAcquired) return lease.Explanation;
        await work();
        return null;
    }

    /// <summary>A buffer is one unit's memory.</summary>
    private async ValueTask<string?> RunWithBufferAsync(Func<Task> work, CancellationToken patience)
    {
        using var reservation = await _recommendations.ReserveAsync(Handlers.BufferSize, patience);
        if (!reservation.IsAcquired) return reservation.Explanation;
        await work();
        return null;
    }

    /// <summary>The thread stays with its report until it is written, as it would in code that knows no await: so a report is one thread, and one unit.</summary>
    private async ValueTask<string?> RunOnThreadAsync(Func<Task> work, CancellationToken patience)
    {
        try
        {
            // What follows an await must not queue for the threads that wait for it.
            await Task.Factory.StartNew(() => work().GetAwaiter().GetResult(), patience, TaskCreationOptions.HideScheduler, _reports);
            return null;
        }
        catch (TaskSchedulerException refused)
        {
            return refused.InnerException!.Message;
        }
    }
}
