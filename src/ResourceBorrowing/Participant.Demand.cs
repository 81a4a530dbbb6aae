using ResourceBorrowing.Balancing;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

// What its callers demand, as a pool that balances sees it, and what it can pay.
public sealed partial class Participant
{
    /// <summary>Units that it puts up for others because it has not needed them for long, those lent included; 0 in a pool that does not balance. As of the last plan.</summary>
    public int Offered => Demand.Offered;

    /// <summary>Its demand in the last planning periods, the oldest first, 60 at the most; empty in a pool that does not balance.</summary>
    public IReadOnlyList<DemandPeriod> DemandHistory => Demand.History();

    /// <summary>Its credits, those held for loans that go on included; below 0 what it owes. 0 where there is no marketplace. See <see cref="Marketplace.StatementOf"/>.</summary>
    public decimal Credits => Account.Credits is { } credits ? CreditAmount.Credits(credits.Balance) : 0;

    internal ParticipantDemand Demand { get; } = new();

    /// <summary>What a look now and then would not see. What can never be granted is no demand.</summary>
    private void NoteDemand(int units)
    {
        if (Pool.Balancer is not { } balancer || units < 1 || units > Ceiling) return;
        balancer.Wake();
        Demand.Notes.Note((int)Math.Min(int.MaxValue, (long)InUse + Waiting + units));
    }
}
