using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ResourceBorrowing.Diagnostics;

namespace ResourceBorrowing.DependencyInjection;

/// <summary>Builds the pool and its mappers when the host starts, and applies changed options while it runs.</summary>
/// <remarks>
/// A change that does not pass validation never arrives as options: the monitor throws it at whoever caused the reload. So this
/// class also looks at the change itself, and logs why nothing happened.
/// </remarks>
internal sealed class ResourcePoolHost(
    IServiceProvider services,
    ResourcePool pool,
    IOptionsMonitor<ResourcePoolOptions> monitor,
    IOptionsFactory<ResourcePoolOptions> factory,
    IEnumerable<IOptionsChangeTokenSource<ResourcePoolOptions>> sources,
    IEnumerable<MapperRegistration> mappers,
    ILoggerFactory? loggers = null) : IHostedService, IDisposable
{
    private readonly ILogger _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<ResourcePool>();
    private readonly List<IDisposable> _subscriptions = [];
    private StateKeeper? _keeper;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (pool.ReputationOptions is { StateFile: { } path, SavePeriod: var period })
        {
            _keeper = new StateKeeper(pool, path, period, pool.Time, _logger);
            _keeper.Start();
        }

        foreach (var mapper in mappers) services.GetRequiredKeyedService(mapper.Mapper, mapper.Participant);
        if (monitor.OnChange(ApplyDefault) is { } subscription) _subscriptions.Add(subscription);
        // What changed between the building of the pool and now.
        if (!ReferenceEquals(monitor.CurrentValue, pool.ConfiguredFrom)) Apply(monitor.CurrentValue);
        foreach (var source in sources) _subscriptions.Add(ChangeToken.OnChange(source.GetChangeToken, ReportIfInvalid));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var keeper = _keeper;
        _keeper = null;
        Dispose();
        if (keeper is not null) await keeper.StopAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions) subscription.Dispose();
        _subscriptions.Clear();
        _keeper?.Dispose();
        _keeper = null;
    }

    private void ApplyDefault(ResourcePoolOptions options, string? name)
    {
        // Options of other names are somebody else's.
        if (string.IsNullOrEmpty(name)) Apply(options);
    }

    private void Apply(ResourcePoolOptions options)
    {
        try
        {
            pool.Reconfigure(options);
        }
        catch (OptionsValidationException exception)
        {
            // Right alone, but not beside participants that were added by hand.
            PoolLog.ReconfigurationRefused(_logger, exception.Message);
        }
        catch (ObjectDisposedException)
        {
            // The host is going down.
        }
    }

    private void ReportIfInvalid()
    {
        try
        {
            factory.Create(Options.DefaultName);
        }
        catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException)
        {
            // Values that are wrong, or a section that does not bind.
            PoolLog.ReconfigurationRefused(_logger, exception.Message);
        }
    }
}
