using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>A way to share the same capacity among the same subsystems.</summary>
internal sealed record Policy(string Name, Action<IServiceCollection> Register)
{
    internal static readonly Policy StaticSplit = new("static split", static services => services.AddSingleton<IGuard>(static _ => LimiterGuard.StaticSplit()));

    internal static readonly Policy SharedPool = new("shared pool", static services => services.AddSingleton<IGuard>(static _ => LimiterGuard.SharedPool()));

    internal static readonly Policy Borrowing = new("borrowing", static services =>
    {
        services.AddResourceBorrowing(static options =>
        {
            options.Capacity = Subsystem.Capacity;
            options.DefaultTerm = LoanTerm;
            options.PlanningPeriod = PlanningPeriod;
            foreach (var subsystem in Subsystem.All)
            {
                options.AddParticipant(subsystem.Name, subsystem.Units, participant =>
                {
                    participant.LendingLimit = subsystem.LendingLimit;
                    participant.QueueLimit = Subsystem.QueueLimit;
                });
            }
        });
        services.AddSingleton<IGuard, BorrowingGuard>();
    });

    /// <summary>The term of loans, when they are not recalled before.</summary>
    internal static readonly TimeSpan LoanTerm = TimeSpan.FromSeconds(10);

    // What was recalled is not lent again for so long. A burst lasts half a second in the usual run: at the default of a second it would be over before.
    private static readonly TimeSpan PlanningPeriod = TimeSpan.FromMilliseconds(200);

    internal static readonly IReadOnlyList<Policy> All = [StaticSplit, SharedPool, Borrowing];
}
