using ResourceBorrowing;
using ResourceBorrowing.Market;

// A host in which every loan is paid for in credits, and units are bid for.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddResourceBorrowing(static pool => (pool.Capacity, pool.Reputation.NewcomerLoans) = (30, 0))
    .AddParticipant("checkout", nominalQuota: 10)
    .AddParticipant("exports", nominalQuota: 10)
    .AddParticipant("search", nominalQuota: 10)
    .UseMarketplace(static market => (market.InitialCredits, market.RoundPeriod) = (100, TimeSpan.FromMilliseconds(200)));
using var host = builder.Build();
await host.StartAsync();
var pool = host.Services.GetRequiredService<ResourcePool>();
var (checkout, exports, search, market) = (pool["checkout"], pool["exports"], pool["search"], pool.Market);

// Any loan has a price: its lender's time without the units, by default a credit for a unit and a second.
using (var loan = exports.TryBorrow(search, units: 4, TimeSpan.FromSeconds(10)))
{
    Console.WriteLine($"exports borrows 4 for 10 s: {loan.Explanation}; {market.StatementOf("exports").Held:0.##} credits are held for it");
    await Task.Delay(TimeSpan.FromSeconds(0.5));
}

Console.WriteLine($"returned after half a second, it has cost {100 - exports.Credits:0.#} credits; search has {search.Credits:0.#}");

// Five units are put up, ten are asked for: priority first, then the higher bid, and one price for all.
var offer = market.Offer(search, units: 5, reservePrice: 0.5m);
var first = market.Bid(checkout, units: 3, highestPrice: 1m, term: TimeSpan.FromSeconds(1), priority: 1);
var second = market.Bid(exports, units: 7, highestPrice: 2m, term: TimeSpan.FromSeconds(1));
await Task.WhenAll(first.Completion, offer.Completion);
Console.WriteLine($"\nat {first.LastPrice} credits: checkout got {first.Units - first.UnitsLeft} of {first.Units}, exports {second.Units - second.UnitsLeft} of {second.Units} and waits for the rest");
Console.WriteLine($"cancelled: {second.Cancel()}");

// What cannot be right is refused before anything is changed.
try
{
    market.Bid(exports, units: 10, highestPrice: 50m, term: TimeSpan.FromSeconds(10));
}
catch (MarketException exception)
{
    Console.WriteLine($"\n{exception.Error}: {exception.Message}");
}

// Once the loans are over, every credit is where it belongs, and says why.
await Task.Delay(TimeSpan.FromSeconds(1.5));
Console.WriteLine();
foreach (var participant in pool.Participants) Console.WriteLine(market.StatementOf(participant.Name));
var sum = pool.Participants.Sum(static p => p.Credits) + market.StatementOf("(reserve)").Balance;
Console.WriteLine($"{sum:0.######} of {market.CreditsInCirculation:0.######} credits are accounted for");
await host.StopAsync();

// By Karma, those that have lent most of late get most of what is shared, without any bid.
using var karma = new ResourcePool(Karma());
var (busy, idle) = (karma["busy"], karma["idle"]);
using var work = busy.TryAcquire(10);
var more = busy.AcquireAsync(4).AsTask();
while (!more.IsCompleted) await Task.Delay(20);
Console.WriteLine($"\nby Karma busy uses {busy.InUse} of the {busy.NominalQuota} it owns: idle has lent it {idle.Lent}");
(await more).Dispose();
return sum == market.CreditsInCirculation ? 0 : 1;

static ResourcePoolOptions Karma()
{
    var options = new ResourcePoolOptions { Capacity = 20, Reputation = { NewcomerLoans = 0 } };
    options.Marketplace.IsEnabled = true;
    options.Marketplace.UseMechanism(new Karma(alpha: 0.5m));
    // So that it is the market that lends, and not the pool on demand.
    return options.AddParticipant("busy", 10, static p => p.BorrowOnDemand = false).AddParticipant("idle", 10);
}
