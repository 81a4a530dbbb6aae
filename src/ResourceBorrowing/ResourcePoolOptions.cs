using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing;

/// <summary>How a <see cref="ResourcePool"/> is built: its capacity and who owns which part of it.</summary>
public sealed class ResourcePoolOptions
{
    /// <summary>All resource units of the pool, 1 to 2^31-1. Required.</summary>
    [Range(1, int.MaxValue)]
    public int Capacity { get; set; }

    /// <summary>
    /// Units that no participant owns, 0 to the capacity; they may be lent. Default 0. What is left after quotas in units,
    /// when nobody has shares, joins them.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int Reserve { get; set; }

    /// <summary>The participants, in the order in which rounding favours equal claims. Names must differ; case matters.</summary>
    [ValidateEnumeratedItems]
    public IList<ParticipantOptions> Participants { get; } = [];

    /// <summary>
    /// The term of loans that ask for none, those made on demand among them, which go on while their units are in use and the lender does not need them. Also the measure of
    /// reputation: a loan of a whole nominal quota for this long weighs 1. Default 10 s, 1 ms to 30 days.
    /// </summary>
    public TimeSpan DefaultTerm { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after a loan's end units still in use count as late rather than lost. Default 10 s, 0 to 30 days. Units in use that are recalled come back when the
    /// requests that use them end, so let it be longer than requests last.
    /// </summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a loan may be overdue before it counts as defaulted, 0 to 30 days. Default 1 minute.</summary>
    public TimeSpan DefaultLimit { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For how long units that came back because they were recalled are not lent again, 0 to 30 days (what came for callers may be, on demand); those that wait for units of others are also looked at
    /// this often. Default 1 s.
    /// </summary>
    public TimeSpan PlanningPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The most loans that may be open at one time in the whole pool, from 0. Default 1,000,000. A large one is handed out to the shards of the loan book in
    /// portions, so loans may be refused up to an eighth below it; parts that are split off may go a little beyond.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int OpenLoanLimit { get; set; } = 1_000_000;

    /// <summary>Whether limits are enforced, or only watched: see <see cref="PoolMode"/>. Cannot change while the pool lives.</summary>
    [EnumDataType(typeof(PoolMode))]
    public PoolMode Mode { get; set; }

    /// <summary>
    /// Whether to remember where and when each lease was taken, so that leaks can be found: <see cref="ResourcePool.OldestLeases"/>. Default false: a
    /// stack trace for each lease is dear. Cannot change while the pool lives.
    /// </summary>
    public bool TrackLeases { get; set; }

    /// <summary>How reputation governs borrowing.</summary>
    [ValidateObjectMembers]
    public ReputationOptions Reputation { get; internal init; } = new();

    /// <summary>How the pool watches the host.</summary>
    [ValidateObjectMembers]
    public StabilityOptions Stability { get; internal init; } = new();

    /// <summary>Whether, and how, units move by themselves.</summary>
    [ValidateObjectMembers]
    public BalancingOptions Balancing { get; internal init; } = new();

    /// <summary>How demand is foreseen.</summary>
    public ForecastingOptions Forecasting { get; internal init; } = new();

    /// <summary>Whether loans are paid for in credits, and how they are bid for.</summary>
    public MarketplaceOptions Marketplace { get; internal init; } = new();

    /// <summary>What one unit stands for, for adapters that keep real amounts.</summary>
    [ValidateObjectMembers]
    public ResourceUnitOptions Unit { get; internal init; } = new();

    /// <summary>Adds a participant that owns <paramref name="nominalQuota"/> units.</summary>
    /// <returns>These options, for more.</returns>
    public ResourcePoolOptions AddParticipant(string name, int nominalQuota, Action<ParticipantOptions>? configure = null)
    {
        return AddParticipant(name, participant =>
        {
            participant.NominalQuota = nominalQuota;
            configure?.Invoke(participant);
        });
    }

    /// <summary>Adds a participant, with units or shares as its options say.</summary>
    /// <returns>These options, for more.</returns>
    public ResourcePoolOptions AddParticipant(string name, Action<ParticipantOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var participant = new ParticipantOptions { Name = name };
        configure(participant);
        Participants.Add(participant);
        return this;
    }
}
