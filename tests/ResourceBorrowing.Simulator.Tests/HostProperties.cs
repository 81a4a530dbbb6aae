using CsCheck;
using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Model;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>Laws of every host under every policy.</summary>
public class HostProperties
{
    private static readonly Gen<(SyntheticKind Kind, int Participants, int Seed, double Factor, AdversaryKind Adversary)> Cases = Gen.Select(
        Gen.Enum<SyntheticKind>(), Gen.Int[1, 6], Gen.Int[0, 1_000_000], Gen.Double[0.2, 3], Gen.Enum<AdversaryKind>());

    [Fact]
    public void Run_OfAnyPolicy_AnswersEachRequestOnceAndNeverOverGrants() => Cases.Sample(
        static c =>
        {
            using var folder = new TemporaryFolder();
            var scenario = Generated(folder, c.Kind, c.Participants, steps: 60, new SimulationModel { Seed = c.Seed, CapacityFactor = c.Factor, Adversary = c.Adversary });
            var requests = new RequestStream(scenario);
            var made = new long[c.Participants];
            foreach (var demand in scenario.Traces.Demand())
                foreach (var request in requests.Next(demand).Where(static r => r.IsReal)) made[request.Participant]++;

            var most = -1L;
            foreach (var policy in Policy.All)
            {
                var tally = Run.Of(policy, scenario);
                Assert.Equal(made, tally.Asked);
                Assert.Equal(0, tally.Shortfall);
                Assert.All(tally.Served.Zip(tally.Asked), static p => Assert.InRange(p.First, 0, p.Second));
                Assert.Equal(made.Sum(), tally.Waits.Count);
                if (policy.Name == Policy.ClairvoyantName) most = tally.Served.Sum();
                else if (c.Adversary == AdversaryKind.None && policy.Name == Policy.SharedName) most = tally.Served.Sum();
                else if (most >= 0) Assert.True(tally.Served.Sum() <= most, $"{policy.Name} serves more than can be served");
            }
        },
        iter: 25);

    [Fact]
    public void Comparison_OfTheSameSeed_IsTheSameToTheLastByte()
    {
        using var folder = new TemporaryFolder();
        var scenario = Generated(folder, SyntheticKind.Bursty, participants: 5, steps: 150, new SimulationModel { Seed = 7, Adversary = AdversaryKind.Hog });
        var (one, other) = (Comparison.Of(scenario, Policy.All, null, default), Comparison.Of(scenario, Policy.All, null, default));
        Assert.Equal(ResultFiles.Csv(one), ResultFiles.Csv(other));
        Assert.Equal(ResultFiles.Json(one), ResultFiles.Json(other));
        Assert.NotEqual(ResultFiles.Csv(one), ResultFiles.Csv(Comparison.Of(
            Generated(folder, SyntheticKind.Bursty, participants: 5, steps: 150, new SimulationModel { Seed = 8, Adversary = AdversaryKind.Hog }), Policy.All, null, default)));
    }

    /// <summary>Alone there is nobody to lend or to be unfair to.</summary>
    [Fact]
    public void OneParticipant_UnderAnyPolicy_IsServedAlike()
    {
        using var folder = new TemporaryFolder();
        var scenario = Generated(folder, SyntheticKind.Diurnal, participants: 1, steps: 300, new SimulationModel { CapacityFactor = 1 });
        var served = Policy.All.Select(p => Run.Of(p, scenario).Served[0]).ToList();
        Assert.All(served, s => Assert.Equal(served[0], s));
    }

    [Fact]
    public void StaticSplit_WithAnyAdversary_LeavesTheHonestAsTheyWere()
    {
        using var folder = new TemporaryFolder();
        foreach (var kind in Enum.GetValues<AdversaryKind>().Where(static k => k != AdversaryKind.None))
        {
            var scenario = Generated(folder, SyntheticKind.Step, participants: 4, steps: 200, new SimulationModel { Adversary = kind, AdversaryName = "api3" });
            var result = Comparison.Of(scenario, [Policy.All.Single(static p => p.Name == Policy.StaticName)], null, default).Results[0];
            Assert.Equal(0, result.HonestLoss);
        }
    }

    [Theory]
    [InlineData((int)SyntheticKind.Diurnal)]
    [InlineData((int)SyntheticKind.Bursty)]
    [InlineData((int)SyntheticKind.Step)]
    [InlineData((int)SyntheticKind.Adversarial)]
    public void Borrowing_OnEachSyntheticSet_MeetsItsTargets(int kind)
    {
        using var folder = new TemporaryFolder();
        var scenario = Generated(folder, (SyntheticKind)kind, participants: 8, steps: 600, new SimulationModel());
        var targets = Target.Of(Comparison.Of(scenario, Policy.All, null, default));
        Assert.NotEmpty(targets);
        Assert.All(targets, static t => Assert.True(t.IsMet, t.ToString()));
    }

    [Fact]
    public void Borrowing_WhileOthersAreIdle_ServesWhatItsQuotaCannot()
    {
        using var folder = new TemporaryFolder();
        var trace = folder.Write("t.csv", "t,busy,idle\n" + string.Concat(Enumerable.Range(0, 50).Select(static i => $"{i},{(i < 10 ? 1 : 8)},0\n")));
        var scenario = new Scenario(TraceSet.Read([trace]), new SimulationModel());
        var (split, ours) = (Run.Of(Policy.All.Single(static p => p.Name == Policy.StaticName), scenario), Run.Of(Policy.All.Single(static p => p.Name == Policy.BorrowingName), scenario));
        Assert.True(ours.Served[0] > 1.3 * split.Served[0], $"{ours.Served[0]} / {split.Served[0]}");
        Assert.True(ours.Moved > 0);
    }

    private static Scenario Generated(TemporaryFolder folder, SyntheticKind kind, int participants, int steps, SimulationModel model)
    {
        var rows = SyntheticDemand.Of(kind, participants, model.Seed).Take(steps).Select(static (d, i) => $"{i},{string.Join(',', d.Select(static v => Figures.Exact(v)))}");
        var header = "t," + string.Join(',', Enumerable.Range(1, participants).Select(static i => $"api{i}"));
        return new Scenario(TraceSet.Read([folder.Write($"{kind}.csv", header + "\n" + string.Join('\n', rows))]), model);
    }
}
