using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>Law 7: whatever was merged, carried or decayed, the deltas are the whole way from 50.</summary>
public class ReputationHistoryProperties
{
    [Property(MaxTest = 20)]
    public void Deltas_OfThousandsOfChanges_AddUpToTheWayFrom50(DoNotSize<int> seed, bool isStrict)
    {
        var random = new Random(seed.Item);
        var policy = new BetaReputationPolicy { LossPenalty = isStrict ? 8 : 4 };
        var dossier = new Dossier(policy);
        for (var i = 0; i < 4_000; i++)
        {
            dossier.Add(new Happening(
                (HappeningKind)random.Next(5), random.Next(1 + i % 20), 2 * random.NextDouble(), random.Next(4) > 0 ? 1 : random.NextDouble(), random.NextDouble(),
                random.Next(2) == 0 ? null : random.NextDouble() / 10, random.NextDouble(), random.Next(2) == 0, random.Next(30) == 0 ? 5_000 : random.Next(3)));
            if (i % 97 == 0) AssertWhole(dossier, policy);
        }

        AssertWhole(dossier, policy);
    }

    [Fact]
    public void LikeChanges_AreOne_UntilTooMuchLiesBetween()
    {
        var dossier = new Dossier(new BetaReputationPolicy());
        for (var i = 0; i < 10; i++) dossier.Return(i % 2);
        Assert.Equal(6, dossier.History.Changes.Length);
        Assert.All(dossier.History.Changes, static c => Assert.Equal(5, c.Count));

        for (var i = 2; i < 7; i++) dossier.Return(i);
        dossier.Return(0);
        Assert.Equal(6 + 15 + 3, dossier.History.Changes.Length);
        for (var i = 7; i < 12; i++) dossier.Return(i);
        dossier.Return(0);
        Assert.Equal(1, dossier.History.Changes[^1].Count);
        Assert.Equal(ReputationHistory.Length, dossier.History.Changes.Length);
    }

    private static void AssertWhole(Dossier dossier, BetaReputationPolicy policy)
    {
        var history = dossier.History;
        var score = policy.Score(dossier.Record, dossier.Now + TimeSpan.FromDays(1));
        Assert.InRange(history.Changes.Length, 0, ReputationHistory.Length);
        Assert.Equal(score - 50, history.Carried + history.Decay + (score - history.Score) + history.Changes.Sum(static c => c.ScoreDelta), 1e-9);
    }
}
