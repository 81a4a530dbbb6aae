using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

/// <summary>Whatever callers, lenders, bidders and members do: no credit is made or lost, none is held for a loan that has ended, and nobody spends what it has not.</summary>
public class MarketProperties
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    [Property(MaxTest = 150)]
    public void Credits_AfterEveryOperation_AddUp_AndNoneIsHeldInTheEnd(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var options = new ResourcePoolOptions
        {
            Capacity = 40,
            GracePeriod = TimeSpan.FromSeconds(1),
            DefaultTerm = TimeSpan.FromSeconds(3),
            Reputation = { NewcomerLoans = 0 },
            Marketplace = { IsEnabled = true, InitialCredits = random.Next(20, 400), OverdraftLimit = random.Next(2) * 30, Price = random.Next(4) * 0.75m },
            Balancing = { Mode = random.Next(3) == 0 ? BalancingMode.On : BalancingMode.Off, OfferAfter = TimeSpan.FromSeconds(1) },
        };
        options.Marketplace.TradesPlans = options.Balancing.Mode == BalancingMode.On && random.Next(2) == 0;
        if (random.Next(2) == 0) options.Marketplace.UseMechanism(new Karma(random.Next(5) / 4m, random.Next(2) == 0, isWorkConserving: random.Next(2) == 0));
        foreach (var name in Names.Take(3)) options.AddParticipant(name, 10, p => p.BorrowOnDemand = random.Next(2) == 0);
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(options, time);
        var (leases, loans, orders) = (new List<ResourceLease>(), new List<Loan>(), new List<MarketOrder>());
        for (var step = 0; step < 120; step++)
        {
            Act(random, pool, time, leases, loans, orders);
            TestPool.AssertLaws(pool);
            LoanPriceTests.AssertConserved(pool);
            Assert.All(pool.Participants, p => Assert.True(p.Credits >= -pool.MarketplaceOptions.OverdraftLimit, $"seed {seed.Item}, step {step}: {pool.Market.StatementOf(p.Name)}"));
        }

        foreach (var lease in leases) lease.Dispose();
        var last = pool.Participants.Select(static p => (p.Name, Credits: p.Account.Credits!)).ToArray();
        Assert.All(last, one => Assert.True(pool.RemoveAsync(one.Name).IsCompletedSuccessfully, $"seed {seed.Item}: {one.Name} cannot leave\n{pool.Snapshot()}"));
        Assert.All(last, one => Assert.True(one.Credits is { Held: 0, Balance: 0 }, $"seed {seed.Item}: {one.Credits.Statement()}"));
        LoanPriceTests.AssertConserved(pool);
    }

    private static void Act(Random random, ResourcePool pool, FakeTimeProvider time, List<ResourceLease> leases, List<Loan> loans, List<MarketOrder> orders)
    {
        var all = pool.Participants.Where(static p => p.Leaving is null).ToArray();
        var (one, other) = (all[random.Next(all.Length)], all[random.Next(all.Length)]);
        switch (random.Next(14))
        {
            case 0 or 1:
                leases.Add(one.TryAcquire(random.Next(1, 8)));
                break;
            case 2 when leases.Count > 0:
                leases[random.Next(leases.Count)].Dispose();
                break;
            case 3 or 4:
                loans.Add(one.TryBorrow(new LoanRequest(random.Next(1, 6))
                {
                    Lender = random.Next(2) == 0 || one == other ? null : other,
                    Duration = TimeSpan.FromMilliseconds(random.Next(1, 9000)),
                    Terms = new() { AutoRenews = random.Next(3) == 0, Notice = TimeSpan.FromMilliseconds(random.Next(2) * 700), MinimumHold = TimeSpan.FromMilliseconds(random.Next(2) * 900) },
                }));
                break;
            case 5 when loans.Count > 0:
                loans[random.Next(loans.Count)].Return(random.Next(1, 4));
                break;
            case 6 when loans.Count > 0:
                loans[random.Next(loans.Count)].Recall(random.Next(1, 4));
                break;
            case 7 when loans.Count > 0:
                loans[random.Next(loans.Count)].TryRenew(TimeSpan.FromMilliseconds(random.Next(1, 9000)));
                break;
            case 8:
                orders.Add(pool.Market.Offer(one, random.Next(1, 6), random.Next(3) * 0.5m, expiresAfter: TimeSpan.FromSeconds(random.Next(1, 5))));
                break;
            case 9:
                try
                {
                    orders.Add(pool.Market.Bid(one, random.Next(1, 6), random.Next(5) * 0.5m, TimeSpan.FromMilliseconds(random.Next(1, 5000)), random.Next(-1, 2), random.Next(2) == 0));
                }
                catch (MarketException exception) when (exception.Error == MarketError.InsufficientCredits)
                {
                }

                break;
            case 10 when orders.Count > 0:
                orders[random.Next(orders.Count)].Cancel();
                break;
            case 11 when random.Next(6) == 0:
                if (all.Length > 2) _ = pool.RemoveAsync(one.Name);
                else if (Names.FirstOrDefault(n => !pool.TryGetParticipant(n, out _)) is { } absent) pool.Add(new ParticipantOptions { Name = absent, NominalQuota = 5 });
                break;
            case 12 when loans.Count > 0:
                loans[random.Next(loans.Count)].WriteOff();
                break;
            default:
                time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2500)));
                break;
        }
    }
}
