using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ResourceBorrowing;
using ResourceBorrowing.Mapping;

using var server = new TcpListener(IPAddress.Loopback, 0);
server.Start();

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddSingleton(server)
    .AddResourceBorrowing(pool => pool.Capacity = 8)
    .AddParticipant("search", nominalQuota: 4)
    .AddParticipant("reports", nominalQuota: 4)
    .AddMapper<ConnectionPool>("reports");
using var host = builder.Build();
await host.StartAsync();

var connections = host.Services.GetRequiredKeyedService<ConnectionPool>("reports");
await UntilLimitAsync(4);

Console.Write("reports needs six connections at once: what it misses is borrowed.\n");
var rented = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => connections.RentAsync()));
await UntilLimitAsync(6);
foreach (var one in rented) one.Dispose();
Console.Write($"It is done, and keeps {connections.Open} connections open for the next time.\n");

Console.Write("search needs all its units: what it has lent is recalled.\n");
using (await host.Services.GetRequiredKeyedService<Participant>("search").AcquireAsync(4)) await UntilLimitAsync(4);
Console.Write($"reports has {connections.Open} connections open.\n");

async Task UntilLimitAsync(int limit)
{
    while (connections.Limit != limit) await Task.Delay(1);   // it is told a moment after the change
}

/// <summary>Connections to a server, at most as many as their owner has units: one in use holds a unit, one that is kept holds none and is closed when units become fewer.</summary>
internal sealed class ConnectionPool(Participant owner, TcpListener server) : IResourceMapper, IDisposable
{
    private readonly ConcurrentBag<TcpClient> _kept = [];
    private int _open;

    internal int Limit { get; private set; }

    internal int Open => Volatile.Read(ref _open);

    /// <summary>Called on the thread pool, one call at a time, after each change. It counts connections only: units in use are counted by the participant.</summary>
    public void OnAllocationChanged(Participant participant, int allocation)
    {
        while (Open > allocation && _kept.TryTake(out var connection)) Close(connection);
        Console.Write($"  {participant.Name} has {allocation} units, so at most {allocation} connections\n");
        Limit = allocation;
    }

    internal async Task<Rented> RentAsync(CancellationToken cancellationToken = default)
    {
        var unit = await owner.AcquireAsync(1, cancellationToken);
        if (!unit.IsAcquired) throw new InvalidOperationException(unit.Explanation);
        if (_kept.TryTake(out var connection)) return new Rented(this, connection, unit);
        Interlocked.Increment(ref _open);
        connection = new TcpClient();
        try
        {
            await connection.ConnectAsync((IPEndPoint)server.LocalEndpoint, cancellationToken);
            return new Rented(this, connection, unit);
        }
        catch
        {
            Close(connection);
            unit.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (_kept.TryTake(out var connection)) Close(connection);
    }

    private void Close(TcpClient connection)
    {
        connection.Dispose();
        Interlocked.Decrement(ref _open);
    }

    internal sealed class Rented(ConnectionPool pool, TcpClient connection, ResourceLease unit) : IDisposable
    {
        public void Dispose()
        {
            // Before its unit, for whoever gets the unit looks for the connection.
            pool._kept.Add(connection);
            unit.Dispose();
        }
    }
}
