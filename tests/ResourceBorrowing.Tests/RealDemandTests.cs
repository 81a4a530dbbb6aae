using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

public class RealDemandTests
{
    /// <summary>Eight participants with real demand borrow what they miss from whoever is idle; every law holds at every step.</summary>
    [SharedDataFact]
    public void RealDemand_ReplayedOverThePool_KeepsEveryLawAndServesMoreThanIsolation()
    {
        var rows = File.ReadLines(Path.Combine(SharedDataFactAttribute.Folder, "traces", "demand_tweets_8.csv"))
            .Skip(1).Select(static line => line.Split(',').Skip(1).Select(static v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()).Take(3_000).ToArray();
        var names = Enumerable.Range(0, rows[0].Length).Select(static i => $"p{i}").ToArray();
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(TestPool.Options(160, [.. names.Select(static n => (n, 20))]), time);
        var participants = names.Select(n => pool[n]).ToArray();
        var means = names.Select((_, i) => rows.Average(r => r[i])).ToArray();
        var leases = new List<ResourceLease>();
        long served = 0, servedInIsolation = 0;

        foreach (var row in rows)
        {
            for (var i = 0; i < participants.Length; i++)
            {
                var demand = (int)Math.Min(160, Math.Ceiling(row[i] / means[i] * 16));
                servedInIsolation += Math.Min(20, demand);
                Borrow(participants, participants[i], demand);
                for (var unit = 0; unit < demand && participants[i].TryAcquire() is { IsAcquired: true } lease; unit++) leases.Add(lease);
            }

            served += leases.Count;
            TestPool.AssertLaws(pool);
            leases.ForEach(static l => l.Dispose());
            leases.Clear();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        time.Advance(TimeSpan.FromMinutes(1));
        TestPool.AssertAtRest(pool);
        Assert.True(served > servedInIsolation, $"{served} units served, {servedInIsolation} in isolation");
    }

    private static void Borrow(Participant[] all, Participant borrower, int demand)
    {
        foreach (var lender in all.Where(p => p != borrower).OrderByDescending(static p => p.Lendable))
        {
            var missing = Math.Min(demand - borrower.Allocation, lender.Lendable);
            if (missing <= 0) return;
            borrower.TryBorrow(lender, missing, TimeSpan.FromSeconds(3));
        }
    }
}
