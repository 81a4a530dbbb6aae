using System.Text.Json;
using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

public class KarmaQuantumTests
{
    /// <summary>Every allocation and every credit of the published runs.</summary>
    [SharedDataFact]
    public void Run_OfThePublishedDemands_GivesThePublishedAnswers()
    {
        var files = Directory.GetFiles(Path.Combine(SharedDataFactAttribute.Folder, "vectors", "karma"), "*.json");
        Assert.Equal(12, files.Length);
        foreach (var file in files)
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            Replay(Path.GetFileName(file), json.RootElement);
        }
    }

    private static void Replay(string name, JsonElement run)
    {
        var rules = new KarmaRules(run.GetProperty("alpha").GetDecimal(), HasFreeCredits: true, SharesRemainder: false, IsWorkConserving: false);
        var users = run.GetProperty("users").GetArrayLength();
        var joins = run.TryGetProperty("joinAt", out var at) ? Numbers(at) : new long[users];
        var (demands, expected, balances) = (run.GetProperty("demands"), run.GetProperty("allocations"), run.GetProperty("credits"));
        var (capacity, house) = (run.GetProperty("totalSlices").GetInt32(), 0L);
        var (credits, members, karma) = (new List<long>(), 0, (KarmaQuantum?)null);
        for (var quantum = 0; quantum < demands.GetArrayLength(); quantum++)
        {
            var present = joins.Count(join => join <= quantum);
            if (present > members)
            {
                // Whoever comes gets the mean of those that are there.
                for (; members < present; members++) credits.Add(quantum == 0 ? run.GetProperty("initialCredits").GetInt64() : credits.Sum() / members);
                karma = new KarmaQuantum(rules, Enumerable.Repeat(capacity / members, members).ToArray());
            }

            var (now, allocations) = (credits.ToArray(), new long[members]);
            karma!.Run(Numbers(demands[quantum]).AsSpan(0, members), now, ref house, allocations);
            credits = [.. now];
            Assert.True(Numbers(expected[quantum]).Take(members).SequenceEqual(allocations), $"{name}, quantum {quantum}: {string.Join(' ', allocations)} instead of {expected[quantum]}");
            Assert.True(Numbers(balances[quantum]).Take(members).SequenceEqual(now), $"{name}, quantum {quantum}: credits {string.Join(' ', now)} instead of {balances[quantum]}");
        }
    }

    private static long[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(static n => n.ValueKind == JsonValueKind.Null ? 0 : n.GetInt64())];

    [Property(MaxTest = 300)]
    public void Run_OfAnyDemands_KeepsTheInvariants(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var count = random.Next(1, 12);
        var quotas = Enumerable.Range(0, count).Select(_ => random.Next(2) == 0 ? 8 : random.Next(0, 20)).ToArray();
        var rules = new KarmaRules(random.Next(0, 5) / 4m, random.Next(2) == 0, random.Next(2) == 0, IsWorkConserving: false);
        var karma = new KarmaQuantum(rules, quotas);
        var conserving = new KarmaQuantum(rules with { IsWorkConserving = true }, quotas);
        var (credits, house, capacity) = (Enumerable.Range(0, count).Select(_ => random.NextInt64(40)).ToArray(), 0L, quotas.Sum());
        // Units that rounding leaves over are never handed out where they are kept.
        var shared = (long)decimal.Floor((1 - rules.Alpha) * capacity);
        var isEven = quotas.Distinct().Count() == 1;
        var handedOut = rules.SharesRemainder ? capacity : shared + quotas.Sum(q => isEven ? (capacity - shared) / count : (long)decimal.Floor(rules.Alpha * q));
        for (var quantum = 0; quantum < 50; quantum++)
        {
            var demands = quotas.Select(quota => random.Next(3) == 0 ? 0 : random.NextInt64(3 * quota + 2)).ToArray();
            var (before, owned) = (credits.Sum(), house);
            var (same, sameHouse, all) = (credits.ToArray(), house, new long[count]);
            conserving.Run(demands, same, ref sameHouse, all);
            var allocations = new long[count];
            karma.Run(demands, credits, ref house, allocations);
            Assert.Equal(credits, same);
            Assert.Equal(Math.Min(handedOut, demands.Sum()), all.Sum());
            Assert.True(allocations.Sum() <= capacity);
            Assert.All(Enumerable.Range(0, count), i => Assert.InRange(allocations[i], 0, demands[i]));
            Assert.All(Enumerable.Range(0, count), i => Assert.InRange(all[i], allocations[i], demands[i]));
            Assert.All(credits, static c => Assert.True(c >= 0));
            if (!rules.HasFreeCredits)
            {
                Assert.Equal(before + owned, credits.Sum() + house);
                Assert.InRange(house, 0, count - 1);
            }
        }
    }

    /// <summary>Whoever is left wanting has no more credits than those that got more than they have for sure, but for one.</summary>
    [Property(MaxTest = 300)]
    public void Borrower_LeftWanting_IsNoRicherThanThoseThatGot_AndADonorThatDidNotEarnNoPoorer(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var count = random.Next(2, 12);
        var karma = new KarmaQuantum(new KarmaRules(0.5m, HasFreeCredits: true, SharesRemainder: false, IsWorkConserving: false), Enumerable.Repeat(8, count).ToArray());
        var (credits, house) = (Enumerable.Range(0, count).Select(_ => random.NextInt64(60)).ToArray(), 0L);
        for (var quantum = 0; quantum < 30; quantum++)
        {
            var demands = credits.Select(_ => random.NextInt64(24)).ToArray();
            var (had, allocations) = (credits.ToArray(), new long[count]);
            karma.Run(demands, credits, ref house, allocations);
            for (var i = 0; i < count; i++)
            {
                var earned = credits[i] - had[i] - 4;
                for (var j = 0; j < count; j++)
                {
                    if (demands[i] > allocations[i] && allocations[j] > 4) Assert.True(credits[i] <= credits[j] + 1, $"seed {seed.Item}");
                    if (demands[i] < 4 && earned < 4 - demands[i] && demands[j] < 4 && credits[j] - had[j] > 4) Assert.True(credits[i] >= credits[j] - 1, $"seed {seed.Item}");
                }
            }
        }
    }
}
