using ResourceBorrowing.Market;

namespace ResourceBorrowing;

/// <summary>How a pool prices its loans in credits. Credits are earned by lending and spent by borrowing; none is ever made or lost by a loan.</summary>
public sealed class MarketplaceOptions
{
    private const decimal MostCredits = 1_000_000_000;

    // No property: it cannot stand in a configuration file.
    private IMarketMechanism _mechanism = new UniformPriceAuction();

    /// <summary>
    /// Whether loans have a price: then every loan, those on demand too, is paid for by its borrower, and refused to one that cannot pay. Default false. Cannot change while the pool lives.
    /// </summary>
    public bool IsEnabled { get; set; }

    /// <summary>What a loan costs unless a round of the market says otherwise, in credits for a unit and a second, 0 to 1,000,000, in thousandths. Default 1. Loans that go on keep their price.</summary>
    public decimal Price { get; set; } = 1;

    /// <summary>
    /// What the first participants begin with, 0 to 1,000,000,000 credits. Default 1000. Whoever joins later has what the others have on average. A unit borrowed for an hour
    /// costs 3,600 at the default price. With too few, nobody can borrow at first, and so nobody ever earns.
    /// </summary>
    public decimal InitialCredits { get; set; } = 1000;

    /// <summary>How far below 0 borrowing may take a balance, 0 to 1,000,000,000 credits. Default 0: nobody spends what it has not.</summary>
    public decimal OverdraftLimit { get; set; }

    /// <summary>The time from one round of bids and offers to the next, 10 ms to 1 day. Default 1 s.</summary>
    public TimeSpan RoundPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most bids and offers that may stand at one time, from 0. Default 10,000; more are refused.</summary>
    public int OrderLimit { get; set; } = 10_000;

    /// <summary>
    /// Whether what a plan of the balancer would lend is bid for, and offered, at <see cref="Price"/> instead, for participants that have no bids or offers of their own. Default false: plans lend at that price
    /// themselves. Needs <see cref="BalancingOptions.Mode"/> On.
    /// </summary>
    public bool TradesPlans { get; set; }

    /// <summary>Decides rounds by another mechanism than a <see cref="UniformPriceAuction"/>, such as <see cref="Karma"/>. A pool keeps the one it was built with.</summary>
    public void UseMechanism(IMarketMechanism mechanism)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        _mechanism = mechanism;
    }

    internal IMarketMechanism GetMechanism() => _mechanism;

    internal MarketplaceOptions Copy() => (MarketplaceOptions)MemberwiseClone();

    internal void AddFaults(BalancingMode balancing, List<string> faults)
    {
        if (!IsEnabled) return;
        if (!CreditAmount.IsPrice(Price)) faults.Add("Marketplace.Price must be 0 to 1000000 credits for a unit and a second, in thousandths.");
        if (InitialCredits is < 0 or > MostCredits) faults.Add($"Marketplace.InitialCredits must be 0 to {MostCredits} credits.");
        if (OverdraftLimit is < 0 or > MostCredits) faults.Add($"Marketplace.OverdraftLimit must be 0 to {MostCredits} credits.");
        if (RoundPeriod < TimeSpan.FromMilliseconds(10) || RoundPeriod > TimeSpan.FromDays(1)) faults.Add("Marketplace.RoundPeriod must be 10 ms to 1 day.");
        if (OrderLimit < 0) faults.Add("Marketplace.OrderLimit must be at least 0.");
        if (TradesPlans && balancing != BalancingMode.On) faults.Add("Marketplace.TradesPlans needs Balancing.Mode to be On.");
    }
}
