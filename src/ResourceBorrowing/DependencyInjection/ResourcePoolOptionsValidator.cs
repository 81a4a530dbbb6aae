using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing.DependencyInjection;

/// <summary>The rules that concern one value each, generated from the attributes of the options.</summary>
[OptionsValidator]
internal sealed partial class ResourcePoolOptionsValidator : IValidateOptions<ResourcePoolOptions>;

/// <summary>The same rules, and no message: the attributes are asked only when there is a fault to name.</summary>
/// <remarks>To load and run the attributes takes a good part of a host's start with many participants. A test holds both to the same answer.</remarks>
internal sealed class ResourcePoolValueValidator : IValidateOptions<ResourcePoolOptions>
{
    public ValidateOptionsResult Validate(string? name, ResourcePoolOptions options) =>
        IsSound(options) ? ValidateOptionsResult.Success : new ResourcePoolOptionsValidator().Validate(name, options);

    internal static bool IsSound(ResourcePoolOptions options)
    {
        if (options.Capacity < 1 || options.Reserve < 0 || options.OpenLoanLimit < 0 || !IsSound(options.Reputation) || !IsSound(options.Stability) || !IsSound(options.Balancing) || !IsSound(options.Unit) || options.Mode is not (PoolMode.Enforce or PoolMode.Observe)) return false;
        foreach (var participant in options.Participants)
        {
            if (participant is not null && !IsSound(participant)) return false;
        }

        return true;
    }

    private static bool IsSound(ReputationOptions reputation) => reputation is { NewcomerLoans: >= 0 and <= 1000, ReportsPerMinute: >= 0 and <= 10_000 };

    private static bool IsSound(StabilityOptions stability) => stability is { OverloadThreshold: >= 0 and <= 1, RecoveryThreshold: >= 0 and <= 1 };

    private static bool IsSound(BalancingOptions balancing) =>
        balancing is { Mode: BalancingMode.Off or BalancingMode.Observe or BalancingMode.On, DeadBand: >= 0 and <= 1, MostMoved: >= 0 and <= 1 };

    private static bool IsSound(ResourceUnitOptions unit) =>
        (unit.Cores ?? 0) >= 0 && (unit.MemoryBytes ?? 0) >= 0 && (unit.NetworkBytesPerSecond ?? 0) >= 0 && (unit.IoOperationsPerSecond ?? 0) >= 0 && (unit.HostShare ?? 1) is > 0 and <= 1;

    private static bool IsSound(ResourceNeeds needs) => needs is { Cores: >= 0 and <= 1, Memory: >= 0 and <= 1, Network: >= 0 and <= 1, Io: >= 0 and <= 1 };

    private static bool IsSound(ParticipantOptions participant) =>
        !string.IsNullOrWhiteSpace(participant.Name)
        && participant.Name.Length <= ParticipantOptions.MaxNameLength
        && (participant.NominalQuota ?? 0) >= 0
        && (participant.Shares ?? 1) >= 1
        && (participant.LendingLimit ?? 0) >= 0
        && (participant.BorrowingLimit ?? 0) >= 0
        && (participant.QueueLimit ?? 0) >= 0
        && participant.QueueOrder is QueueProcessingOrder.OldestFirst or QueueProcessingOrder.NewestFirst
        && participant.GrantThreshold is >= 0 and <= 100
        && participant.Consent is LendingConsent.Automatic or LendingConsent.Never or LendingConsent.Ask
        && participant.Headroom >= 0
        && participant.IdleThreshold is >= 0 and <= 1
        && participant.OpenLoanLimit >= 0
        && (participant.RequestsPerSecond ?? 1) >= 1
        && IsSound(participant.Needs);
}
