using ResourceBorrowing;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>A way to share the same capacity among the same subsystems.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Register">Registers its guard, given the season of demand, if one is known.</param>
internal sealed record Policy(string Name, Action<IServiceCollection, TimeSpan?> Register)
{
    internal static readonly Policy StaticSplit = new("static split", static (services, _) => services.AddSingleton<IGuard>(static _ => LimiterGuard.StaticSplit()));

    internal static readonly Policy SharedPool = new("shared pool", static (services, _) => services.AddSingleton<IGuard>(static _ => LimiterGuard.SharedPool()));

    /// <summary>One participant each. The pool balances and foresees.</summary>
    internal static readonly Policy Borrowing = new("borrowing", static (services, season) => RegisterPool(services, options =>
    {
        Balance(options, season ?? UnknownSeason);
        foreach (var subsystem in Subsystem.All) AddParticipant(options, subsystem, subsystem.LendingLimit, borrows: true);
    }));

    /// <summary>Borrowing, with one subsystem more, that will abuse it.</summary>
    internal static readonly Policy ActTwo = new("act two", static (services, _) => RegisterPool(services, static options =>
    {
        options.Capacity += Trainer.Units;
        // The trainer alone borrows: to tell five borrowers of one lender apart the pool needs over a minute of samples before it judges.
        foreach (var subsystem in Subsystem.All) AddParticipant(options, subsystem, subsystem.KeepsToItselfInActTwo ? 0 : subsystem.LendingLimit, borrows: false);
        options.AddParticipant(Trainer.Name, Trainer.Units, static participant => (participant.LendingLimit, participant.BorrowOnDemand) = (0, false));
    }));

    /// <summary>The term of loans, when they are not recalled before.</summary>
    internal static readonly TimeSpan LoanTerm = TimeSpan.FromSeconds(10);

    /// <summary>How often a plan is made, and how long what was recalled is not lent again. A burst lasts half a second in the usual run: at the default of a second it would be over before.</summary>
    internal static readonly TimeSpan PlanningPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>A step of the forecast.</summary>
    internal static readonly TimeSpan ForecastStep = PlanningPeriod;

    /// <summary>The season when nothing is known of demand.</summary>
    internal static readonly TimeSpan UnknownSeason = TimeSpan.FromMinutes(1);

    // The next burst comes soon after: what the last one took must not count for long, and what lay idle so long is offered.
    private static readonly TimeSpan DemandHalfLife = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan OfferAfter = TimeSpan.FromMilliseconds(400);

    internal static readonly IReadOnlyList<Policy> All = [StaticSplit, SharedPool, Borrowing];

    private static void RegisterPool(IServiceCollection services, Action<ResourcePoolOptions> configure)
    {
        services.AddResourceBorrowing(options =>
        {
            options.Capacity = Subsystem.Capacity;
            options.DefaultTerm = LoanTerm;
            options.PlanningPeriod = PlanningPeriod;
            configure(options);
        });
        services.AddSingleton<IGuard, BorrowingGuard>();
    }

    private static void Balance(ResourcePoolOptions options, TimeSpan season)
    {
        options.Balancing.Mode = BalancingMode.On;
        options.Balancing.DemandHalfLife = DemandHalfLife;
        options.Balancing.OfferAfter = OfferAfter;
        options.Forecasting.IsEnabled = true;
        options.Forecasting.Step = ForecastStep;
        options.Forecasting.Seasons.Add(season < 2 * ForecastStep ? 2 * ForecastStep : season);
    }

    private static void AddParticipant(ResourcePoolOptions options, Subsystem subsystem, int? lendingLimit, bool borrows) =>
        options.AddParticipant(subsystem.Name, subsystem.Units, participant =>
            (participant.LendingLimit, participant.BorrowOnDemand, participant.QueueLimit) = (lendingLimit, borrows, Subsystem.QueueLimit));
}
