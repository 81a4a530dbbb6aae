namespace Storefront.Shop;

/// <summary>One part of the shop, with what every policy gives it.</summary>
/// <param name="Name">Its name, its path, and its column in a trace.</param>
/// <param name="Units">Its part of the capacity: its limit in the static split, its nominal quota when borrowing.</param>
/// <param name="LendingLimit">The most it lends; null for the library's default, half of its units.</param>
/// <param name="KeepsToItselfInActTwo">
/// Whether it does not lend in act two. The pool finds out what loans do to a lender by comparing it with those that are in no loan: where everybody is,
/// every second, nothing can be told.
/// </param>
internal sealed record Subsystem(string Name, int Units, int? LendingLimit = null, bool KeepsToItselfInActTwo = false)
{
    internal const int Checkout = 0;
    internal const int Search = 1;
    internal const int Recommendations = 2;
    internal const int Reports = 3;
    internal const int Images = 5;

    /// <summary>Callers that may wait, per subsystem; one shared pool gets the sum.</summary>
    internal const int QueueLimit = 16;

    /// <summary>An answer that takes longer is worth nothing.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(400);

    internal static readonly IReadOnlyList<Subsystem> All =
    [
        new("checkout", 8, LendingLimit: 2, KeepsToItselfInActTwo: true),
        new("search", 6, KeepsToItselfInActTwo: true),
        new("recommendations", 4),
        new("reports", 4),
        new("catalog", 6, KeepsToItselfInActTwo: true),
        new("images", 4),
        new("notifications", 4),
        new("inventory", 4),
    ];

    internal static readonly int Capacity = All.Sum(static s => s.Units);
}
