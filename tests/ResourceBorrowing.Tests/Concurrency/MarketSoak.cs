using ResourceBorrowing.Market;
using ResourceBorrowing.Tests.Market;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Real threads and real rounds: callers, lenders, bidders and members at once, and a mechanism that fails now and then.</summary>
public class MarketSoak
{
    private const int Threads = 4;
    private const int Steps = 4000;
    private const decimal Beginning = 50;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Credits_UnderConcurrencyAndExceptions_AreConserved(bool isKarma)
    {
        var options = new ResourcePoolOptions { Capacity = 40, DefaultTerm = TimeSpan.FromMilliseconds(50), GracePeriod = TimeSpan.FromSeconds(30), PlanningPeriod = TimeSpan.FromMilliseconds(20), Reputation = { NewcomerLoans = 0 } };
        options.Marketplace.IsEnabled = true;
        options.Marketplace.InitialCredits = Beginning;
        options.Marketplace.RoundPeriod = TimeSpan.FromMilliseconds(10);
        options.Marketplace.UseMechanism(new Failing(isKarma ? new Karma() : new UniformPriceAuction()));
        foreach (var name in new[] { "a", "b", "c" }) options.AddParticipant(name, 10);
        using var pool = new ResourcePool(options);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(() => Work(pool, new Random(thread)), TaskCreationOptions.LongRunning)));
        foreach (var order in pool.Market.Orders) order.Cancel();
        LoanPriceTests.AssertConserved(pool);
        var accounts = pool.Participants.Select(static p => p.Account.Credits!).ToArray();
        foreach (var participant in pool.Participants) await pool.RemoveAsync(participant.Name).Within();
        Assert.All(accounts, static a => Assert.True(a is { Held: 0, Balance: 0 }, $"{a.Statement()}"));
        LoanPriceTests.AssertConserved(pool);
        Assert.Equal(3 * Beginning, CreditAmount.Credits(pool.Book.Credits!.Left.Values.Sum()) + pool.Market.StatementOf("(reserve)").Balance);
    }

    private static void Work(ResourcePool pool, Random random)
    {
        var all = pool.Participants;
        var (loans, lease) = (new Queue<Loan>(), default(ResourceLease));
        for (var step = 0; step < Steps; step++)
        {
            var (one, other) = (all[random.Next(3)], all[random.Next(3)]);
            switch (random.Next(8))
            {
                case 0 or 1:
                    lease.Dispose();
                    lease = one.TryAcquire(random.Next(1, 14));
                    break;
                case 2 or 3 when one != other:
                    loans.Enqueue(one.TryBorrow(other, random.Next(1, 4), TimeSpan.FromMilliseconds(random.Next(1, 40))));
                    break;
                case 4 when loans.TryDequeue(out var loan):
                    if (random.Next(2) == 0) loan.Recall();
                    loan.TryRenew(TimeSpan.FromMilliseconds(20));
                    if (random.Next(2) == 0) loan.Dispose();
                    break;
                case 5:
                    pool.Market.Offer(one, random.Next(1, 4), 0.5m, expiresAfter: TimeSpan.FromMilliseconds(30));
                    break;
                case 6:
                    Bid(pool, one, random);
                    break;
                default:
                    Assert.All(pool.Market.Orders.Take(3), static o => Assert.InRange(o.UnitsLeft, 0, o.Units));
                    break;
            }
        }

        lease.Dispose();
        foreach (var loan in loans) loan.Dispose();
    }

    private static void Bid(ResourcePool pool, Participant one, Random random)
    {
        try
        {
            var bid = pool.Market.Bid(one, random.Next(1, 4), 1m, TimeSpan.FromMilliseconds(random.Next(1, 40)), takesPart: random.Next(2) == 0, expiresAfter: TimeSpan.FromMilliseconds(30));
            if (random.Next(3) == 0) bid.Cancel();
        }
        catch (MarketException exception) when (exception.Error == MarketError.InsufficientCredits)
        {
        }
    }

    private sealed class Failing(IMarketMechanism mechanism) : IMarketMechanism
    {
        private int _rounds;

        public MarketOutcome Decide(MarketRound round) => Interlocked.Increment(ref _rounds) % 5 == 0 ? throw new InvalidOperationException("now and then") : mechanism.Decide(round);
    }
}
