using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests;

/// <summary>What loans do to their lender is found out from its requests beside those of others, and becomes evidence.</summary>
public class ImpactTests
{
    private const string Harmed = "slowed its lender down";
    private const string Harmless = "did its lender no harm";
    private const string Unknown = "impact of a loan not known";

    [Fact]
    public void Loan_ThatSlowsItsLenderDown_CostsReputation()
    {
        var host = new Host();
        host.Live(40);
        using (host.Guilty.TryBorrow(host.Lender, 5, TimeSpan.FromHours(1))) host.Live(30, lenderSlower: 1.8);
        var before = host.Guilty.Reputation;
        host.Live(50);
        var change = host.ImpactOf(host.Guilty);
        Assert.Equal((Harmed, "lender"), (change.Reason, change.Counterparty));
        Assert.True(change.ScoreDelta < -5, $"{change}");
        Assert.True(host.Guilty.Reputation < before);
        Assert.Contains(Harmed, host.Pool.Explain("guilty").ToString(), StringComparison.Ordinal);
        Reputation.ReputationTests.AssertAddsUp(host.Pool);
    }

    [Fact]
    public void Loan_InAPoolYoungerThanAMinute_IsHeldAgainstTheControlsThereAre()
    {
        var host = new Host();
        host.Live(20);
        using (host.Guilty.TryBorrow(host.Lender, 4, TimeSpan.FromHours(1))) host.Live(12, lenderSlower: 2);
        host.Live(23);
        Assert.Equal(Harmed, host.ImpactOf(host.Guilty).Reason);
        Assert.True(host.ImpactOf(host.Guilty).ScoreDelta < -5);
    }

    /// <summary>Latencies are those of requests that ended in a second, so an effect shows late; a loan dated early would make of it a coincidence.</summary>
    [Fact]
    public void Loan_PastItsTerm_FromWithinASecondToWithinAnother_IsDatedAsItsLenderFeelsIt()
    {
        var host = new Host();
        host.Live(20);
        host.Pass(0.4);
        _ = host.Guilty.TryBorrow(host.Lender, 5, TimeSpan.FromSeconds(5));
        using (host.Guilty.TryAcquire(15))
        {
            host.Serve();
            host.Pass(0.6);
            host.Live(11, lenderSlower: 2);
            host.Pass(0.4);
        }

        host.Serve(lenderSlower: 2);
        host.Pass(0.6);
        host.Live(23);
        Assert.Equal(Harmed, host.ImpactOf(host.Guilty).Reason);
    }

    [Fact]
    public void Loan_BesideAShockToAll_IsNotBlamed()
    {
        var host = new Host();
        host.Live(40);
        using (host.Guilty.TryBorrow(host.Lender, 5, TimeSpan.FromHours(1))) host.Live(30, lenderSlower: 1.8, othersSlower: 1.8);
        host.Live(50);
        Assert.Equal(Harmless, host.ImpactOf(host.Guilty).Reason);
        Assert.True(host.ImpactOf(host.Guilty).ScoreDelta > 0);
    }

    [Fact]
    public void Loans_TooShortToBeSeenAlone_AreJudgedTogether_AndTheInnocentGoesFree()
    {
        var host = new Host();
        var random = new Random(7);
        host.Live(20);
        for (var second = 0; second < 150; second++)
        {
            var who = random.Next(3);
            using var loan = who == 2 ? default : (who == 0 ? host.Guilty : host.Innocent).TryBorrow(host.Lender, 5, TimeSpan.FromHours(1));
            host.Live(1, lenderSlower: who == 0 ? 1.8 : 1);
        }

        host.Live(40);
        Assert.Contains(host.Pool.Explain("guilty").Changes, static c => c.Reason == Harmed);
        Assert.DoesNotContain(host.Pool.Explain("innocent").Changes, static c => c.Reason == Harmed);
        Assert.Contains(host.Pool.Explain("innocent").Changes, static c => c.Reason == Harmless);
    }

    [Fact]
    public void Impact_OnALenderThatRecordsNothing_IsNotKnown_AtOnce()
    {
        var host = new Host();
        host.Guilty.TryBorrow(host.Innocent, 5, TimeSpan.FromHours(1)).Dispose();
        Assert.Equal(Unknown, host.ImpactOf(host.Guilty).Reason);
    }

    [Fact]
    public void Impact_ThatCannotBeFoundOut_CountsAsNotKnown_InTheEnd()
    {
        var host = new Host();
        host.Live(3);
        host.Guilty.TryBorrow(host.Lender, 5, TimeSpan.FromHours(1)).Dispose();
        host.Live(5);
        Assert.DoesNotContain(host.Pool.Explain("guilty").Changes, static c => c.Source == EvidenceSource.Impact);
        host.Live(120);
        Assert.Equal(Unknown, host.ImpactOf(host.Guilty).Reason);
    }

    [Fact]
    public async Task Participants_ThatLeave_AreForgotten()
    {
        var host = new Host();
        host.Live(20);
        host.Guilty.TryBorrow(host.Lender, 5, TimeSpan.FromHours(1)).Dispose();
        host.Live(2);
        await host.Pool.RemoveAsync("guilty").Within();
        await host.Pool.RemoveAsync("lender").Within();
        host.Live(100);
        Assert.DoesNotContain(host.Pool.Explain("guilty").Changes, static c => c.Source == EvidenceSource.Impact);
        TestPool.AssertLaws(host.Pool);
    }

    /// <summary>A lender and four others, whose requests take about 10 ms, and two that borrow.</summary>
    private sealed class Host
    {
        private readonly FakeTimeProvider _time = new();
        private readonly Random _random = new(1);
        private readonly Participant[] _others;

        internal Host()
        {
            var options = TestPool.Options(70, [.. ((string[])["lender", "guilty", "innocent", "c1", "c2", "c3", "c4"]).Select(static n => (n, 10))]);
            // The latencies are what is judged; that they also make the host unhealthy is not the point here.
            options.Stability.OverloadThreshold = 0;
            options.Stability.RecoveryThreshold = 0.01;
            Pool = new ResourcePool(options, _time);
            (Lender, Guilty, Innocent) = (Pool["lender"], Pool["guilty"], Pool["innocent"]);
            _others = [.. Pool.Participants.Skip(3)];
        }

        internal ResourcePool Pool { get; }

        internal Participant Lender { get; }

        internal Participant Guilty { get; }

        internal Participant Innocent { get; }

        /// <summary>So many seconds pass, each with some requests.</summary>
        internal void Live(int seconds, double lenderSlower = 1, double othersSlower = 1)
        {
            for (var second = 0; second < seconds; second++)
            {
                Serve(lenderSlower, othersSlower);
                Pass(1);
            }
        }

        internal void Serve(double lenderSlower = 1, double othersSlower = 1)
        {
            Serve(Lender, lenderSlower);
            foreach (var other in _others) Serve(other, othersSlower);
        }

        internal void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

        internal ReputationChange ImpactOf(Participant participant) =>
            Assert.Single(Pool.Explain(participant.Name).Changes, static c => c.Source == EvidenceSource.Impact);

        private void Serve(Participant participant, double slower)
        {
            var noise = Math.Exp(0.1 * (_random.NextDouble() + _random.NextDouble() - 1));
            for (var i = 0; i < 10; i++) participant.RecordOutcome(TimeSpan.FromMilliseconds(10 * slower * noise));
        }
    }
}
