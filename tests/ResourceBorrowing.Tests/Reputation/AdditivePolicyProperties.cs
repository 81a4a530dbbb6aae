using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>Law 8: in [0, 100], from exactly 50, monotone in evidence, decaying toward 50.</summary>
public class AdditivePolicyProperties
{
    private static readonly AdditiveReputationPolicy Policy = new();

    [Fact]
    public void Newcomer_HasExactly50()
    {
        Assert.Equal(50.0, Policy.Score(default, TimeSpan.Zero));
        Assert.Equal(50.0, Policy.Score(default, TimeSpan.FromDays(1000)));
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Histories)])]
    public void AnyHistory_StaysInRange(Evidence[] history)
    {
        ReputationRecord record = default;
        foreach (var evidence in history)
        {
            record = After(record, evidence);
            Assert.InRange(Policy.Score(record, evidence.At), 0, 100);
        }
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Histories)])]
    public void BetterOutcome_NeverGivesALowerScore(Evidence[] history, int place, double completeness, double timeliness)
    {
        if (history.Length == 0) return;
        var better = history.ToArray();
        var at = (int)((uint)place % history.Length);
        var old = better[at];
        better[at] = old with
        {
            Completeness = Math.Max(old.Completeness, Fraction(completeness)),
            Timeliness = Math.Max(old.Timeliness, Fraction(timeliness)),
        };
        var end = history.Max(static e => e.At);
        Assert.True(Policy.Score(After(better), end) >= Policy.Score(After(history), end) - 1e-9);
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Histories)])]
    public void WithoutEvidence_TheScoreMovesToward50(Evidence[] history, NonNegativeInt hours)
    {
        var record = After(history);
        var now = record.AsOf;
        var before = Math.Abs(Policy.Score(record, now) - 50);
        var after = Math.Abs(Policy.Score(record, now + TimeSpan.FromHours(hours.Get)) - 50);
        Assert.True(after <= before + 1e-9);
        Assert.Equal(50, Policy.Score(record, now + TimeSpan.FromDays(2000)), 6);
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Histories)])]
    public void TotalLoss_NeverRaisesTheScore(Evidence[] history)
    {
        var record = After(history);
        var lost = After(record, new Evidence(EvidenceSource.Return, 1, 0, 0, record.AsOf, "lost"));
        Assert.True(Policy.Score(lost, record.AsOf) <= Policy.Score(record, record.AsOf));
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(Histories)])]
    public void ClockGoingBackwards_RestoresNothing(Evidence[] history, NonNegativeInt hours)
    {
        var record = After(history);
        Assert.Equal(Policy.Score(record, record.AsOf), Policy.Score(record, record.AsOf - TimeSpan.FromHours(hours.Get)));
    }

    [Fact]
    public void HalfLife_HalvesWhatWasEarned()
    {
        var record = After(default, new Evidence(EvidenceSource.Return, 2, 1, 1, TimeSpan.Zero, "returned"));
        Assert.Equal(54, Policy.Score(record, TimeSpan.Zero), 9);
        Assert.Equal(52, Policy.Score(record, Policy.HalfLife), 9);
    }

    public static class Histories
    {
        public static Arbitrary<Evidence[]> Evidences() =>
            (from source in Gen.Elements(Enum.GetValues<EvidenceSource>())
             from weight in Gen.Choose(0, 200)
             from completeness in Gen.Choose(0, 100)
             from timeliness in Gen.Choose(0, 100)
             from minutes in Gen.Choose(0, 20_000)
             select new Evidence(source, weight / 100.0, completeness / 100.0, timeliness / 100.0, TimeSpan.FromMinutes(minutes), "generated"))
            .ArrayOf().Select(static all => all.OrderBy(static e => e.At).ToArray()).ToArbitrary();
    }

    private static ReputationRecord After(Evidence[] history) => history.Aggregate(default(ReputationRecord), static (record, evidence) => After(record, evidence));

    private static ReputationRecord After(in ReputationRecord record, in Evidence evidence)
    {
        var dealings = default(Dealings);
        return Policy.Apply(record, evidence, ref dealings);
    }

    private static double Fraction(double any) => double.IsFinite(any) ? Math.Abs(any % 1) : 1;
}
