using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ResourceBorrowing;
using ResourceBorrowing.DependencyInjection;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a resource pool to a host.</summary>
public static class ResourceBorrowingServiceCollectionExtensions
{
    private static readonly string[] Groups =
    [
        nameof(ResourcePoolOptions.Participants), nameof(ResourcePoolOptions.Reputation), nameof(ResourcePoolOptions.Stability), nameof(ResourcePoolOptions.Balancing),
        nameof(ResourcePoolOptions.Forecasting), nameof(ResourcePoolOptions.Marketplace), nameof(ResourcePoolOptions.Unit),
    ];

    /// <summary>
    /// Adds a <see cref="ResourcePool"/>, configured through the builder or <c>Configure&lt;ResourcePoolOptions&gt;</c>, and each
    /// <see cref="Participant"/> as a service keyed by its name.
    /// </summary>
    /// <remarks>
    /// A wrong configuration stops the host at start with one message that names every fault. Options that change later change the
    /// running pool. A <see cref="TimeProvider"/>, a <see cref="IReputationPolicy"/> and a logger factory are taken from the services.
    /// </remarks>
    public static ResourceBorrowingBuilder AddResourceBorrowing(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.AddOptionsWithValidateOnStart<ResourcePoolOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ResourcePoolOptions>, ResourcePoolValueValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ResourcePoolOptions>, ResourcePoolQuotaValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IReputationPolicy>(static _ => new BetaReputationPolicy());
        services.TryAddSingleton(static provider =>
        {
            // The monitor has validated them; with many participants that is too dear to do twice.
            var options = provider.GetRequiredService<IOptionsMonitor<ResourcePoolOptions>>().CurrentValue;
            return new ResourcePool(
                options,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<IReputationPolicy>(),
                provider.GetService<ILoggerFactory>(),
                provider.GetRequiredService<IMeterFactory>(),
                provider.GetServices<IStabilitySignal>(),
                shards: null,
                QuotaPlan.OfValidated(options));
        });
        // Transient, because a name may be removed and come back as another participant.
        services.TryAddKeyedTransient(KeyedService.AnyKey, static (provider, key) => provider.GetRequiredService<ResourcePool>()[key as string ?? throw new InvalidOperationException($"A participant is keyed by its name, a string, not by '{key}'.")]);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ResourcePoolHost>());
        return new ResourceBorrowingBuilder(services);
    }

    /// <inheritdoc cref="AddResourceBorrowing(IServiceCollection)"/>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets capacity and participants.</param>
    public static ResourceBorrowingBuilder AddResourceBorrowing(this IServiceCollection services, Action<ResourcePoolOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = services.AddResourceBorrowing();
        services.Configure(configure);
        return builder;
    }

    /// <inheritdoc cref="AddResourceBorrowing(IServiceCollection)"/>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">Where <see cref="ResourcePoolOptions"/> are configured; when it reloads, so does the pool.</param>
    /// <exception cref="ArgumentException">The section is missing or empty.</exception>
    public static ResourceBorrowingBuilder AddResourceBorrowing(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (!section.Exists()) throw new ArgumentException($"The configuration section '{section.Path}' is missing or empty.", nameof(section));
        var builder = services.AddResourceBorrowing();
        services.Configure<ResourcePoolOptions>(_ => ThrowIfNoSection(section));
        services.Configure<ResourcePoolOptions>(section, static binder => binder.ErrorOnUnknownConfiguration = true);
        return builder;
    }

    /// <summary>A value where a group of options belongs would be passed over in silence.</summary>
    private static void ThrowIfNoSection(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
        {
            if (string.IsNullOrEmpty(child.Value) || !Groups.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) continue;
            throw new InvalidOperationException($"'{child.Path}' is '{child.Value}', and must be a section with options of its own.");
        }
    }
}
