using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>What is remembered of a name.</summary>
public class StandingTests
{
    private static readonly ReputationRecord Some = default(ReputationRecord).With(EvidenceSource.Return, 1, 0);
    private static readonly ReputationChange Change = new(default, EvidenceSource.Return, Dossier.Returned, "other", 1, 1, 0, 5);

    [Fact]
    public void Record_IsSetOnlyByWhomNobodyWasFaster()
    {
        var standing = new Standing("one");
        standing.Read(out var seen);
        Assert.True(Set(standing, seen, 55));
        Assert.False(Set(standing, seen, 60));
        standing.Fade(40, seen);
        Assert.Equal(55, standing.Score);
        Assert.Equal(Some, standing.Read(out seen));
        standing.Fade(54, seen);
        Assert.Equal(54, standing.Score);

        standing.Load(default, 70, 3, 4, [], []);
        Assert.False(Set(standing, seen, 60));
        Assert.Equal((70, 3, 4), (standing.Score, standing.Completed, standing.Honoured));
    }

    [Fact]
    public void Follower_IsToldTheScore_NowAndWheneverItChanges_UntilItIsNot()
    {
        var (standing, told) = (new Standing("one"), new List<double>());
        standing.Follow(told.Add);
        standing.Read(out var seen);
        Set(standing, seen, 55);
        standing.Follow(null);
        standing.Load(default, 70, 0, 0, [], []);
        Assert.Equal([50, 55], told);
    }

    /// <summary>Of more than 128 partners those dealt with longest ago are forgotten, one for each new one.</summary>
    [Fact]
    public void Partners_BeyondTheMost_TakeThePlaceOfTheOldest()
    {
        var standing = new Standing("one");
        var partners = Enumerable.Range(0, 130).Select(static i => new Standing($"partner {i}")).ToArray();
        for (var i = 0; i < 128; i++) Deal(i, at: i == 0 ? 5 : 10 + i);
        Assert.All(partners[..128], p => Assert.True(standing.HasDealtWith(p)));
        Deal(5, at: 200);
        Assert.All(partners[..128], p => Assert.True(standing.HasDealtWith(p)));
        Deal(128, at: 201);
        Deal(129, at: 202);
        Assert.Equal(partners[2..], partners.Where(standing.HasDealtWith));
        Assert.Equal(TimeSpan.FromSeconds(200), DealingsWith(5).AsOf);

        void Deal(int partner, int at)
        {
            standing.Read(out var seen);
            Assert.True(standing.TrySet(seen, Some, partners[partner], default(Dealings).Faded(1, TimeSpan.FromSeconds(at)), Change, 50, 55));
        }

        Dealings DealingsWith(int partner)
        {
            standing.Read(partners[partner], out _, out var dealings);
            return dealings;
        }
    }

    [Fact]
    public void Opinions_AreKeptByReporter_AndFadeFromTheirOwnTime()
    {
        var (standing, one, other) = (new Standing("one"), new Standing("two"), new Standing("three"));
        Assert.Empty(standing.Opinions);
        standing.Hear(one, 0, 1, TimeSpan.FromHours(1), Fading);
        standing.Hear(other, 1, 0, TimeSpan.FromHours(2), Fading);
        standing.Hear(one, 0, 0.1, TimeSpan.FromHours(3), Fading);
        var opinions = standing.Opinions.ToDictionary();
        Assert.Equal(2, opinions.Count);
        Assert.Equal((0.25, TimeSpan.FromHours(3)), (opinions[one].Against, opinions[one].At));
        Assert.Equal((1, TimeSpan.FromHours(2)), (opinions[other].For, opinions[other].At));

        standing.Save(out _, out var dealings, out var saved);
        Assert.Empty(dealings);
        Assert.Equal(opinions, saved.ToDictionary());

        static double Fading(TimeSpan passed) => double.Exp2(-passed.TotalHours);
    }

    /// <summary>Two a minute: what a clock that goes backwards once gave is not given again.</summary>
    [Fact]
    public void Reports_OnAClockThatGoesBackwards_ComeBackOnce()
    {
        var standing = new Standing("one");
        Assert.Equal((true, true, false), (Take(10), Take(10), Take(10)));
        Assert.Equal((true, false), (Take(10.5), Take(10.5)));
        Assert.False(Take(9));
        Assert.False(Take(10.5));
        Assert.True(Take(11));

        bool Take(double minute) => standing.TryTakeReport(2, TimeSpan.FromMinutes(minute));
    }

    private static bool Set(Standing standing, int seen, double score) => standing.TrySet(seen, Some, null, default, Change, 50, score);
}
