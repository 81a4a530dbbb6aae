using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>The values that policies work with.</summary>
public class ReputationValueTests
{
    private static readonly TimeSpan Later = TimeSpan.FromHours(1);

    [Fact]
    public void Record_WithOther_HasThatAndKeepsTheRest()
    {
        var record = default(ReputationRecord).With(EvidenceSource.Return, 3, 4).With(EvidenceSource.Neighbour, 5, 6).WithTurnover(EvidenceSource.Return, 7).WithReports(8, 9);
        Assert.Equal((3, 4, 7), (record.For(EvidenceSource.Return), record.Against(EvidenceSource.Return), record.Turnover(EvidenceSource.Return)));
        Assert.Equal((5, 6, 0), (record.For(EvidenceSource.Neighbour), record.Against(EvidenceSource.Neighbour), record.Turnover(EvidenceSource.Neighbour)));
        Assert.Equal((8, 9), (record.ReportsFor, record.ReportsAgainst));
        Assert.Equal(TimeSpan.Zero, record.AsOf);

        var faded = record.Faded(0.5, Later);
        Assert.Equal((1.5, 2, 7), (faded.For(EvidenceSource.Return), faded.Against(EvidenceSource.Return), faded.Turnover(EvidenceSource.Return)));
        Assert.Equal((2.5, 3), (faded.For(EvidenceSource.Neighbour), faded.Against(EvidenceSource.Neighbour)));
        Assert.Equal((4, 4.5, Later), (faded.ReportsFor, faded.ReportsAgainst, faded.AsOf));
    }

    [Fact]
    public void Dealings_WithOther_HaveThatAndKeepTheRest()
    {
        var dealings = default(Dealings).With(EvidenceSource.Impact, 3, turnover: 4).With(EvidenceSource.Neighbour, 5).WithVolume(6);
        Assert.Equal((3, 4), (dealings.Counted(EvidenceSource.Impact), dealings.Turnover(EvidenceSource.Impact)));
        Assert.Equal((5, 0), (dealings.Counted(EvidenceSource.Neighbour), dealings.Turnover(EvidenceSource.Neighbour)));
        Assert.Equal((6, TimeSpan.Zero), (dealings.Volume, dealings.AsOf));

        var faded = dealings.Faded(0.5, Later);
        Assert.Equal((1.5, 4, 2.5, 3, Later), (faded.Counted(EvidenceSource.Impact), faded.Turnover(EvidenceSource.Impact), faded.Counted(EvidenceSource.Neighbour), faded.Volume, faded.AsOf));
    }

    [Fact]
    public void Values_AreEqual_WhenAllAmountsAre()
    {
        var (record, dealings) = (default(ReputationRecord).With(EvidenceSource.Neighbour, 1, 2), default(Dealings).With(EvidenceSource.Neighbour, 1));
        Assert.Equal(record, default(ReputationRecord).With(EvidenceSource.Neighbour, 1, 2));
        Assert.Equal(record.GetHashCode(), default(ReputationRecord).With(EvidenceSource.Neighbour, 1, 2).GetHashCode());
        Assert.NotEqual(record, default(ReputationRecord).With(EvidenceSource.Neighbour, 1, 3));
        Assert.NotEqual(record.GetHashCode(), default(ReputationRecord).With(EvidenceSource.Neighbour, 1, 3).GetHashCode());
        Assert.Equal(dealings, default(Dealings).With(EvidenceSource.Neighbour, 1));
        Assert.NotEqual(dealings, default(Dealings).With(EvidenceSource.Impact, 1));
        Assert.True(record.Equals((object)record) && !record.Equals(null));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Values_WithOneAmountThatIsNoNumber_AreNotFinite(double no)
    {
        Assert.True(default(ReputationRecord).With(EvidenceSource.Return, double.MaxValue, double.MaxValue).WithReports(double.MaxValue, -1).IsFinite);
        Assert.True(default(Dealings).With(EvidenceSource.Return, double.MaxValue, double.MaxValue).WithVolume(double.MaxValue).IsFinite);
        Assert.False(default(ReputationRecord).WithReports(no, 0).IsFinite);
        Assert.False(default(ReputationRecord).WithReports(0, no).IsFinite);
        Assert.False(default(ReputationRecord).WithReports(no, no).IsFinite);
        Assert.False(default(Dealings).WithVolume(no).IsFinite);
        foreach (var source in Enum.GetValues<EvidenceSource>())
        {
            Assert.False(default(ReputationRecord).With(source, no, 0).IsFinite);
            Assert.False(default(ReputationRecord).With(source, 0, no).IsFinite);
            Assert.False(default(ReputationRecord).WithTurnover(source, no).IsFinite);
            Assert.False(default(Dealings).With(source, no).IsFinite);
            Assert.False(default(Dealings).With(source, 0, no).IsFinite);
        }
    }

    /// <summary>For, against and the share that is kept; then the report, for or against; then what is left of both.</summary>
    [Theory]
    [InlineData(0.5, 0.0, 1, 0.8, 0.0, 0.8, 0.0)]
    [InlineData(0.5, 0.0, 1, 0.3, 0.0, 0.5, 0.0)]
    [InlineData(0.8, 0.0, 0.5, 0.3, 0.0, 0.4, 0.0)]
    [InlineData(0.0, 0.8, 0.5, 0.0, 0.3, 0.0, 0.4)]
    [InlineData(0.0, 0.5, 1, 0.0, 0.7, 0.0, 0.7)]
    [InlineData(0.9, 0.0, 1, 0.0, 0.3, 0.7, 0.3)]
    [InlineData(0.0, 0.9, 1, 0.3, 0.0, 0.3, 0.7)]
    [InlineData(0.2, 0.1, 1, 0.0, 0.3, 0.2, 0.3)]
    public void Opinion_IsTheWorstOrTheBestOfLate_AndOneInSum(double @for, double against, double kept, double newFor, double newAgainst, double leftFor, double leftAgainst)
    {
        var after = new Opinion(@for, against, default, 0.7, true).After(newFor, newAgainst, Later, kept);
        Assert.Equal(leftFor, after.For, 12);
        Assert.Equal(leftAgainst, after.Against, 12);
        Assert.Equal((Later, 0.7, true), (after.At, after.Credibility, after.IsVetted));
    }

    [Fact]
    public void Changes_Joined_AreTheirSum_AndSayHowMany()
    {
        var (first, second) = (Change(1, 2, 0.1, 1.25, default), Change(2, 3, 0.2, -2.5, Later));
        Assert.Equal("+1.25  returned, 'search'", first.ToString());
        Assert.Equal("-2.50  returned, 'search' (2 times)", second.ToString());
        Assert.Equal("0.00  returned", (first with { Counterparty = null, ScoreDelta = 0 }).ToString());
        var joined = first.With(second);
        Assert.Equal((3, 5.0, -1.25, Later), (joined.Count, joined.Weight, joined.ScoreDelta, joined.At));
        Assert.Equal(0.3, joined.SourceDelta, 12);

        static ReputationChange Change(int count, double weight, double sourceDelta, double scoreDelta, TimeSpan at) =>
            new(at, EvidenceSource.Return, Dossier.Returned, "search", count, weight, sourceDelta, scoreDelta);
    }

    [Fact]
    public void Changes_OfAnotherSourceReasonOrParty_AreNotAlike()
    {
        var change = new ReputationChange(default, EvidenceSource.Return, Dossier.Returned, "search", 1, 1, 0, 0);
        Assert.True(change.IsLike(change with { At = Later, Count = 2 }));
        Assert.False(change.IsLike(change with { Source = EvidenceSource.Impact }));
        Assert.False(change.IsLike(change with { Reason = "late" }));
        Assert.False(change.IsLike(change with { Counterparty = null }));
    }
}
