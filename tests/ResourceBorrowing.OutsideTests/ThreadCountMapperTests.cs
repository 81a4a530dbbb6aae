using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.OutsideTests;

public class ThreadCountMapperTests
{
    [Fact]
    public async Task OwnMapper_OnlyWithThePublicApi_FollowsTheAllocation()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Ledger>();
        builder.Services.AddResourceBorrowing(static o => o.Capacity = 8)
            .AddParticipant("reports", 4)
            .AddMapper<WorkerCountMapper>("reports");
        await using var host = builder.Build();
        await host.StartAsync();

        var ledger = host.Services.GetRequiredService<Ledger>();
        var reports = host.Services.GetRequiredKeyedService<Participant>("reports");
        var pool = host.Services.GetRequiredService<ResourcePool>();
        Assert.Same(reports, host.Services.GetRequiredKeyedService<WorkerCountMapper>("reports").Owner);

        await ledger.Until(4);
        using (reports.TryBorrow(pool.Reserve, 2, TimeSpan.FromMinutes(1))) await ledger.Until(6);
        await ledger.Until(4);
    }

    /// <summary>What a mapper of a user's own looks like: it follows the allocation, and takes a service of the host.</summary>
    private sealed class WorkerCountMapper(Participant owner, Ledger ledger) : IResourceMapper
    {
        public Participant Owner { get; } = owner;

        public void OnAllocationChanged(Participant participant, int allocation) => ledger.Workers(allocation);
    }

    private sealed class Ledger
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<int, TaskCompletionSource> _expected = [];
        private int _workers = -1;

        public void Workers(int count)
        {
            lock (_lock)
            {
                _workers = count;
                if (_expected.Remove(count, out var done)) done.SetResult();
            }
        }

        public Task Until(int count)
        {
            lock (_lock)
            {
                if (_workers == count) return Task.CompletedTask;
                _expected[count] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _expected[count].Task.WaitAsync(TimeSpan.FromSeconds(30));
            }
        }
    }
}
