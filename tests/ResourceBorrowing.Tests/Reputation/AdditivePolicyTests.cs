using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>The additive policy in figures.</summary>
public class AdditivePolicyTests
{
    private static readonly AdditiveReputationPolicy Policy = new();

    [Theory]
    [InlineData(EvidenceSource.Return, 1, 1, 1, null, 2)]
    [InlineData(EvidenceSource.Return, 3, 1, 1, null, 4)]
    [InlineData(EvidenceSource.Return, -1, 1, 1, null, 0)]
    [InlineData(EvidenceSource.Return, 1, 0, 1, null, -8)]
    [InlineData(EvidenceSource.Return, 1, 1, 0.5, null, 1 - 2)]
    [InlineData(EvidenceSource.Return, 0.5, 0.5, 1, null, 0.5 - 2)]
    [InlineData(EvidenceSource.Return, 1, 0.5, 0.5, null, 0.5 - 4 - 1)]
    [InlineData(EvidenceSource.Return, 1, 7, 8, null, 2)]
    [InlineData(EvidenceSource.Return, 1, -1, -1, null, -8)]
    [InlineData(EvidenceSource.Return, 1, 1, -1, null, -4)]
    [InlineData(EvidenceSource.Return, double.NaN, 1, 1, null, 0)]
    [InlineData(EvidenceSource.Return, 1, double.NaN, 1, null, 0)]
    [InlineData(EvidenceSource.Impact, 1, 0, 0, null, 0)]
    [InlineData(EvidenceSource.Impact, 1, 0, 0, 0.0, 2)]
    [InlineData(EvidenceSource.Impact, 1, 1, 1, 0.25, 1.5 - 2)]
    [InlineData(EvidenceSource.Impact, 1, 1, 1, 1.0, -8)]
    [InlineData(EvidenceSource.Impact, 1, 1, 1, 5.0, -8)]
    [InlineData(EvidenceSource.Impact, 1, 1, 1, -5.0, 2)]
    [InlineData(EvidenceSource.Borrowing, 1, 0, 1, null, -1.6)]
    [InlineData(EvidenceSource.Neighbour, 1, 1, 1, null, 0.4)]
    public void OnePiece_MovesANewcomer_ByWhatItIsWorth(EvidenceSource source, double v, double c, double t, double? impact, double points)
    {
        var record = After(default, new Evidence(source, v, c, t, TimeSpan.Zero, "one") { Impact = impact });
        Assert.Equal(50 + points, Policy.Score(record, TimeSpan.Zero), 9);
        Assert.Equal(0.5 + points / 100, Policy.ScoreOf(record, source, TimeSpan.Zero), 9);
        Assert.Equal(0.5 + points / 200, Policy.ScoreOf(record, source, Policy.HalfLife), 9);
    }

    /// <summary>What leads out of the range is not booked: 13 losses or returns of the most weight reach its end, and the next of the other kind counts in full.</summary>
    [Theory]
    [InlineData(1, 100, 100 - 16)]
    [InlineData(0, 0, 4)]
    public void NoPast_OutweighsTheFuture(double completeness, double end, double then)
    {
        ReputationRecord record = default;
        for (var i = 0; i < 30; i++) record = After(record, Return(completeness));
        Assert.Equal(end, Policy.Score(record, TimeSpan.Zero), 9);
        Assert.Equal(then, Policy.Score(After(record, Return(1 - completeness)), TimeSpan.Zero), 9);
    }

    [Theory]
    [InlineData(1, 1, 0, 0.5, 0.5)]
    [InlineData(1, 0, 1, 0.5, -0.5)]
    [InlineData(1, 1, 0, 3, 1)]
    [InlineData(1, 1, 0, -3, 0)]
    [InlineData(20, 1, 0, 1, 5)]
    [InlineData(20, 0, 1, 1, -5)]
    public void Reports_MoveByTheCredibilityOfTheirReporters(int reporters, double @for, double against, double credibility, double points)
    {
        var record = Policy.ApplyReports(default, [.. Enumerable.Repeat(new Opinion(@for, against, default, credibility, true), reporters)], default);
        Assert.Equal(50 + points, Policy.Score(record, default), 9);
        Assert.Equal(50 + points / 2, Policy.Score(record, Policy.HalfLife), 9);
    }

    /// <summary>One report is a half-life old, one comes from the future and counts as if it were made now.</summary>
    [Fact]
    public void OldReports_AndWhatWasThereBefore_Fade()
    {
        var (first, now) = (Policy.HalfLife, 2 * Policy.HalfLife);
        var record = After(default, Return(1) with { At = first });
        Assert.Equal(50 + 4, Policy.Score(record, first), 9);
        record = Policy.ApplyReports(record, [new Opinion(1, 0, first, 1, true), new Opinion(0, 0.25, 2 * now, 1, true)], now);
        Assert.Equal(50 + 2 + 0.5 - 0.25, Policy.Score(record, now), 9);
    }

    [Fact]
    public void EvidenceFromBefore_LeavesTheTimeOfTheRecord()
    {
        var record = After(After(default, Return(1) with { At = Policy.HalfLife }), Return(1));
        Assert.Equal(Policy.HalfLife, record.AsOf);
        Assert.Equal(50 + 8, Policy.Score(record, Policy.HalfLife), 9);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void HalfLife_NotAbove0_IsRefused(long ticks)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => new AdditiveReputationPolicy { HalfLife = new TimeSpan(ticks) });
        Assert.Equal(nameof(Policy.HalfLife), refused.ParamName);
        Assert.StartsWith("A half-life is above 0.", refused.Message);
    }

    [Fact]
    public void HalfLife_Above0_IsTaken() => Assert.Equal(TimeSpan.FromTicks(1), new AdditiveReputationPolicy { HalfLife = TimeSpan.FromTicks(1) }.HalfLife);

    private static Evidence Return(double completeness) => new(EvidenceSource.Return, 2, completeness, 1, TimeSpan.Zero, "returned");

    private static ReputationRecord After(in ReputationRecord record, in Evidence evidence)
    {
        var dealings = default(Dealings);
        return Policy.Apply(record, evidence, ref dealings);
    }
}
