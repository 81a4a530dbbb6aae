using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ResourceBorrowing;
using ResourceBorrowing.DependencyInjection;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures the resource pool of a host; what <c>AddResourceBorrowing</c> returns.</summary>
public sealed class ResourceBorrowingBuilder
{
    internal ResourceBorrowingBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services being configured.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a participant.</summary>
    /// <param name="name">Its name, by which it is also a keyed service.</param>
    /// <param name="nominalQuota">Units it owns.</param>
    /// <param name="configure">Its other options.</param>
    public ResourceBorrowingBuilder AddParticipant(string name, int nominalQuota, Action<ParticipantOptions>? configure = null)
    {
        Services.Configure<ResourcePoolOptions>(options => options.AddParticipant(name, nominalQuota, configure));
        return this;
    }

    /// <summary>Adds a participant, with units or shares as its options say.</summary>
    /// <param name="name">Its name, by which it is also a keyed service.</param>
    /// <param name="configure">Its options.</param>
    public ResourceBorrowingBuilder AddParticipant(string name, Action<ParticipantOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure<ResourcePoolOptions>(options => options.AddParticipant(name, configure));
        return this;
    }

    /// <summary>Prices all loans in credits, and opens a market where units are bid for: <see cref="ResourcePool.Market"/>.</summary>
    /// <param name="configure">Prices, credits, and by which mechanism rounds are decided.</param>
    public ResourceBorrowingBuilder UseMarketplace(Action<MarketplaceOptions>? configure = null)
    {
        Services.Configure<ResourcePoolOptions>(options =>
        {
            options.Marketplace.IsEnabled = true;
            configure?.Invoke(options.Marketplace);
        });
        return this;
    }

    /// <summary>Replaces the reputation policy.</summary>
    public ResourceBorrowingBuilder UseReputationPolicy<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IReputationPolicy
    {
        Services.Replace(ServiceDescriptor.Singleton<IReputationPolicy, T>());
        return this;
    }

    /// <summary>Adds a measure of how the host fares; it counts in the pool's health.</summary>
    public ResourceBorrowingBuilder AddStabilitySignal<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IStabilitySignal
    {
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IStabilitySignal, T>());
        return this;
    }

    /// <summary>
    /// Maps a participant's units to a real resource. The mapper is built once, with the <see cref="Participant"/> and whatever else its
    /// constructor asks of the services; it is a keyed singleton under the participant's name, and told when the allocation changes.
    /// </summary>
    /// <typeparam name="T">The mapper, such as <see cref="ParticipantConcurrencyLimiter"/> or your own.</typeparam>
    /// <param name="participant">The participant's name.</param>
    public ResourceBorrowingBuilder AddMapper<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(string participant)
        where T : class, IResourceMapper
    {
        ArgumentException.ThrowIfNullOrEmpty(participant);
        Services.AddKeyedSingleton(participant, static (services, key) =>
        {
            var pool = services.GetRequiredService<ResourcePool>();
            var owner = pool[(string)key!];
            var mapper = ActivatorUtilities.CreateInstance<T>(services, owner);
            pool.Attach(owner, mapper);
            return mapper;
        });
        Services.AddSingleton(new MapperRegistration(participant, typeof(T)));
        return this;
    }
}
