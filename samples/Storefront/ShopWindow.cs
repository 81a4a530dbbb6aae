using Storefront.Guards;
using Storefront.Shop;

namespace Storefront;

/// <summary>The shop, open with borrowing until somebody stops it.</summary>
internal static class ShopWindow
{
    internal static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var journal = new Journal();
        await using var host = await ShopHost.StartAsync(Policy.Borrowing, season: null, journal, cancellationToken);
        foreach (var subsystem in Subsystem.All) Console.Out.Write($"{new Uri(host.Address, subsystem.Name)}\n");
        Console.Out.Write($"{new Uri(host.Address, "pool")}  the pool as JSON\n{new Uri(host.Address, "pool/balance")}  its last plan\nCtrl+C stops.\n");
        var stopped = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
        return 0;
    }
}
