using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>A way to share the same capacity among the same subsystems.</summary>
internal sealed record Policy(string Name, Action<IServiceCollection> Register)
{
    internal static readonly Policy StaticSplit = new("static split", static services => services.AddSingleton<IGuard>(static _ => LimiterGuard.StaticSplit()));

    internal static readonly Policy SharedPool = new("shared pool", static services => services.AddSingleton<IGuard>(static _ => LimiterGuard.SharedPool()));

    internal static readonly Policy Borrowing = new("borrowing", static services => RegisterPool(services, isActTwo: false));

    /// <summary>Borrowing, with one subsystem more, that will abuse it.</summary>
    internal static readonly Policy ActTwo = new("act two", static services => RegisterPool(services, isActTwo: true));

    /// <summary>The term of loans, when they are not recalled before.</summary>
    internal static readonly TimeSpan LoanTerm = TimeSpan.FromSeconds(10);

    // What was recalled is not lent again for so long. A burst lasts half a second in the usual run: at the default of a second it would be over before.
    private static readonly TimeSpan PlanningPeriod = TimeSpan.FromMilliseconds(200);

    internal static readonly IReadOnlyList<Policy> All = [StaticSplit, SharedPool, Borrowing];

    private static void RegisterPool(IServiceCollection services, bool isActTwo)
    {
        services.AddResourceBorrowing(options =>
        {
            options.Capacity = Subsystem.Capacity + (isActTwo ? Trainer.Units : 0);
            options.DefaultTerm = LoanTerm;
            options.PlanningPeriod = PlanningPeriod;
            foreach (var subsystem in Subsystem.All)
            {
                options.AddParticipant(subsystem.Name, subsystem.Units, participant =>
                {
                    participant.LendingLimit = isActTwo && subsystem.KeepsToItselfInActTwo ? 0 : subsystem.LendingLimit;
                    // In act two the trainer alone borrows: to tell five borrowers of one lender apart the pool needs over a minute of samples before it judges.
                    participant.BorrowOnDemand = !isActTwo;
                    participant.QueueLimit = Subsystem.QueueLimit;
                });
            }

            if (isActTwo) options.AddParticipant(Trainer.Name, Trainer.Units, static participant => (participant.LendingLimit, participant.BorrowOnDemand) = (0, false));
        });
        services.AddSingleton<IGuard, BorrowingGuard>();
    }
}
