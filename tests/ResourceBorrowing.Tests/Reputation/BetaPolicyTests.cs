using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>The default policy in figures, and what it makes of nonsense.</summary>
public class BetaPolicyTests
{
    private static readonly BetaReputationPolicy Default = new();
    private static readonly BetaReputationPolicy Strict = new() { LossPenalty = 8 };

    /// <summary>Points from 50, with no impact on the lender: after one loan of weight v, of which the share c came back with timeliness t.</summary>
    [Theory]
    [InlineData(1, 1, 1, 8.68)]
    [InlineData(0.1, 1, 1, 1.22)]
    [InlineData(1, 1, 0.5, -5.26)]
    [InlineData(1, 0, 0, -18.47)]
    public void OneLoan_MovesANewcomer_ByWhatItIsWorth(double v, double c, double t, double points)
    {
        var dossier = new Dossier(Default);
        dossier.Add(new Happening(HappeningKind.Loan, 0, v, c, t, 0, 0, false, 0));
        Assert.Equal(points, dossier.Score - 50, 0.005);
    }

    /// <summary>Where the impact is not known, a loan earns half there; a loan's weight counts up to 2.</summary>
    [Fact]
    public void OneLoan_OfUnknownImpact_EarnsHalfThere()
    {
        var dossier = new Dossier(Default);
        dossier.Add(new Happening(HappeningKind.Loan, 0, 1, 1, 1, null, 0, false, 0));
        Assert.Equal(0.6, Default.ScoreOf(dossier.Record, EvidenceSource.Return, default), 1e-12);
        Assert.Equal(2.5 / 4.5, Default.ScoreOf(dossier.Record, EvidenceSource.Impact, default), 1e-12);
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(0.25, 0.75)]
    [InlineData(1, 0)]
    public void KnownImpact_CountsAgainstFourfold(double impact, double earned)
    {
        var dossier = new Dossier(Default);
        dossier.Add(new Happening(HappeningKind.Loan, 0, 1, 1, 1, impact, 0, false, 0));
        Assert.Equal((2 + earned) / (4 + earned + 4 * impact), Default.ScoreOf(dossier.Record, EvidenceSource.Impact, default), 1e-12);
    }

    [Fact]
    public void OneRefusal_CostsAThirdOfAPoint()
    {
        var dossier = new Dossier(Default);
        dossier.Add(new Happening(HappeningKind.Refusal, 0, 1, 0, 1, 0, 0, false, 0));
        Assert.Equal(-0.34, dossier.Score - 50, 0.005);
    }

    /// <summary>The reporter has a reputation of 75.</summary>
    [Theory]
    [InlineData(1, 0, 0.59)]
    [InlineData(0, 1, -0.59)]
    public void OneReport_MovesANewcomer_ByMoreThanHalfAPoint(double @for, double against, double points)
    {
        var dossier = new Dossier(Default);
        dossier.Hear(0, @for, against);
        Assert.Equal(points, dossier.Score - 50, 0.005);
    }

    /// <summary>Each with another partner, one after the other at once, with no impact.</summary>
    [Theory]
    [InlineData(60, 2)]
    [InlineData(70, 4)]
    [InlineData(80, 9)]
    public void CleanLoans_ReachTheirMark_InSoMany(double mark, int loans)
    {
        var dossier = new Dossier(Default);
        var made = 0;
        for (; dossier.Score < mark; made++) dossier.Return(made);
        Assert.Equal(loans, made);
    }

    [Fact]
    public void CleanLoansBothWays_EndAt91To92()
    {
        var dossier = new Dossier(Default);
        for (var i = 0; i < 2_000; i++)
        {
            dossier.Return(i % 40);
            dossier.Add(new Happening(HappeningKind.Honoured, i % 40, 1, 1, 1, 0, 0, false, 1));
            dossier.Hear(i % 40, 1, 0);
        }

        Assert.InRange(dossier.Score, 91, 92);
    }

    /// <summary>Of the 20 that a source holds, 6 are kept free for what others report.</summary>
    [Fact]
    public void BrokenPromises_LeaveRoomForReports()
    {
        var dossier = new Dossier(Default);
        for (var i = 0; i < 100; i++) dossier.Add(new Happening(HappeningKind.Withdrawn, i, 2, 0, 1, 0, 0, false, 0));
        Assert.Equal(14, dossier.Record.Against(EvidenceSource.Neighbour), 12);
    }

    [Fact]
    public void UnvettedReporters_CountAQuarterOfTheOthersTogether()
    {
        Assert.Equal(Neighbour([new Opinion(1, 0, default, 0.8, true), new Opinion(0, 0.2, default, 1, true)]), Neighbour(
            [new Opinion(1, 0, default, 0.8, true), .. Enumerable.Repeat(new Opinion(0, 1, default, 0.5, false), 3)]), 1e-12);
        Assert.Equal(0.5, Neighbour([.. Enumerable.Repeat(new Opinion(0, 1, default, 1, false), 100)]));
    }

    /// <summary>Whitby's filter begins with five reporters.</summary>
    [Theory]
    [InlineData(4, 1)]
    [InlineData(200, 0)]
    public void ReporterWhomTheWholeContradicts_IsLeftOut(int others, int heard)
    {
        var opinions = Enumerable.Repeat(new Opinion(1, 0, default, 1, true), others - 1).Append(new Opinion(0, 1, default, 1, true)).ToArray();
        var record = Default.ApplyReports(default, opinions, default);
        Assert.Equal(heard, Math.Sign(record.ReportsAgainst));
    }

    /// <summary>Below neutral a return earns the cube of 2E; at and above it, all.</summary>
    [Fact]
    public void AfterALoss_TrustComesBackSlowly()
    {
        var dossier = new Dossier(Default);
        dossier.Add(new Happening(HappeningKind.Loan, 0, 1, 0, 0, 0, 0, false, 0));
        Assert.Equal(0.25, Default.ScoreOf(dossier.Record, EvidenceSource.Return, default), 1e-12);
        dossier.Return(1);
        Assert.Equal(0.125, dossier.Record.For(EvidenceSource.Return), 1e-12);
    }

    /// <summary>Whoever deals much with few is judged by its usual conduct: of what is late beyond the pair cap only the usual share counts.</summary>
    [Fact]
    public void BeingLateNowAndThen_WithOnePartnerOnly_IsNoRuin()
    {
        var dossier = new Dossier(Default);
        for (var i = 0; i < 20_000; i++) dossier.Add(new Happening(HappeningKind.Loan, 0, 1, 1, i % 50 == 49 ? 0.9 : 1, null, 0, false, i % 10 == 0 ? 1 : 0));
        Assert.InRange(dossier.Score, 60, 70);
    }

    /// <summary>What is recalled while it is in use is late by as long as requests last; with one lender, and whatever the pace.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(20_000)]
    public void BeingLateByATenthAlways_WithOnePartnerOnly_IsNoRuin(int loansPerHalfLife)
    {
        var dossier = new Dossier(Default);
        var lowest = 100.0;
        for (var i = 0; i < 2 * loansPerHalfLife; i++)
        {
            dossier.Add(new Happening(HappeningKind.Loan, 0, 1, 1, 0.9, null, 0, false, i % (1 + loansPerHalfLife / 10_000) == 0 ? Math.Max(1, 10_000 / loansPerHalfLife) : 0));
            lowest = Math.Min(lowest, dossier.Score);
        }

        Assert.InRange(lowest, 50, 60);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(2.9)]
    [InlineData(1000.1)]
    public void LossPenalty_OutOfRange_IsRefused(double penalty)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => new BetaReputationPolicy { LossPenalty = penalty });
        Assert.Equal(nameof(BetaReputationPolicy.LossPenalty), refused.ParamName);
        Assert.StartsWith("A loss costs 3 to 1000 times what a return earns.", refused.Message);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public void LossPenalty_AtTheEndsOfItsRange_IsTaken(double penalty) => Assert.Equal(penalty, new BetaReputationPolicy { LossPenalty = penalty }.LossPenalty);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void HalfLife_NotAbove0_IsRefused(long ticks)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => new BetaReputationPolicy { HalfLife = new TimeSpan(ticks) });
        Assert.Equal(nameof(BetaReputationPolicy.HalfLife), refused.ParamName);
        Assert.StartsWith("A half-life is above 0.", refused.Message);
    }

    /// <summary>What is not a number says nothing; what is too much counts as the most.</summary>
    [Theory]
    [InlineData(EvidenceSource.Return)]
    [InlineData(EvidenceSource.Impact)]
    [InlineData(EvidenceSource.Borrowing)]
    [InlineData(EvidenceSource.Neighbour)]
    public void Infinity_CountsAsTheMost(EvidenceSource source)
    {
        var (most, infinite) = (new Evidence(source, 20, 1, 1, default, "most") { Impact = 1 }, double.PositiveInfinity);
        var counted = After(most);
        Assert.NotEqual(default, counted);
        Assert.Equal(counted, After(new Evidence(source, infinite, infinite, infinite, default, "infinite") { Impact = infinite }));
        foreach (var wrong in (Evidence[])[most with { Weight = double.NaN }, most with { Completeness = double.NaN }, most with { Timeliness = double.NaN }, most with { Impact = double.NaN }])
            Assert.Equal(default, After(wrong));

        static ReputationRecord After(in Evidence evidence)
        {
            var dealings = default(Dealings);
            return Default.Apply(default, evidence, ref dealings);
        }
    }

    /// <summary>Up to the last digits, where it is computed by its series and where it is not.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7 * 24 * 60)]
    [InlineData(70 * 24 * 60)]
    public void Fading_HalvesEveryHalfLife(double minutes) =>
        Assert.Equal(Math.Pow(0.5, Math.Max(0, minutes) / (7 * 24 * 60)), Default.Fading(TimeSpan.FromMinutes(minutes)), 3e-15);

    /// <summary>Of a record without turnover, as one that was kept apart from the dealings would be.</summary>
    [Fact]
    public void DealingsOfALaterRecord_CountAsTheyAre()
    {
        var dealings = default(Dealings).With(EvidenceSource.Return, 2.5, turnover: 5);
        var record = Default.Apply(default, new Evidence(EvidenceSource.Return, 2, 1, 1, default, Dossier.Returned), ref dealings);
        Assert.Equal(0.5, record.For(EvidenceSource.Return), 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nonsense_NeverMakesNonsense(int seed)
    {
        var random = new Random(seed);
        double[] odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 0, 1, double.MaxValue, double.MinValue, double.Epsilon, 1e300, 0.5, 2, 1e-300];
        double Odd() => random.NextDouble() < 0.6 ? odd[random.Next(odd.Length)] : random.NextDouble();
        TimeSpan Time() => random.Next(40) switch { 0 => TimeSpan.MinValue, < 30 => TimeSpan.FromDays(random.NextDouble() * 100), _ => TimeSpan.FromDays((random.NextDouble() - 0.5) * 1e6) };

        foreach (var policy in new[] { Default, Strict, new BetaReputationPolicy { LossPenalty = 1000, HalfLife = TimeSpan.FromTicks(1) } })
        {
            var record = default(ReputationRecord);
            var dealings = new Dealings[3];
            for (var i = 0; i < 20_000; i++)
            {
                var before = record;
                var at = Time();
                var place = random.Next(dealings.Length);
                if (random.Next(4) == 0)
                {
                    var opinions = Enumerable.Range(0, random.Next(12)).Select(_ => new Opinion(Odd(), Odd(), TimeSpan.FromDays((random.NextDouble() - 0.5) * 1e6), Odd(), random.Next(2) == 0)).ToArray();
                    record = policy.ApplyReports(record, opinions, at);
                }
                else
                {
                    var evidence = new Evidence((EvidenceSource)random.Next(4), Odd(), Odd(), Odd(), at, "odd") { Impact = random.Next(3) == 0 ? null : Odd() };
                    record = policy.Apply(record, evidence, ref dealings[place]);
                }

                Assert.True(record.IsFinite && dealings[place].IsFinite);
                Assert.InRange(policy.Score(record, at), 0, 100);
                Assert.InRange(policy.Score(record, Time()), 0, 100);
                Assert.True(record.AsOf >= before.AsOf);
                if (random.Next(500) == 0) (record, dealings) = (default, new Dealings[3]);
            }
        }
    }

    private static double Neighbour(Opinion[] opinions) => Default.ScoreOf(Default.ApplyReports(default, opinions, default), EvidenceSource.Neighbour, default);
}
