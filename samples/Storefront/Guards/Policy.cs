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

    internal static readonly IReadOnlyList<Policy> All = [StaticSplit, SharedPool, Borrowing];
}
