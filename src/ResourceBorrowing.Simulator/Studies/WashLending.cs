namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Two lend to each other for the sake of their names.</summary>
/// <remarks>A pool of two: 1,000 reference loans each way, each returned in time, over 5 h or over 12 weeks; each praises the other after each.</remarks>
internal static class WashLending
{
    private const int Loans = 1_000;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var most = 0.0;
        foreach (var term in new[] { TimeSpan.FromSeconds(10), TimeSpan.FromHours(1) })
        {
            using var host = new PoolUnderAttack(study.Policy, participants: 2, term);
            var (one, other) = (host[0], host[1]);
            for (var i = 0; i < Loans; i++)
            {
                host.Lend(one, other);
                host.Lend(other, one);
                one.Report(other, ReportReason.GoodNeighbour);
                other.Report(one, ReportReason.GoodNeighbour);
                most = Math.Max(most, Math.Max(one.Reputation, other.Reputation));
            }
        }

        yield return AttackResult.AtMost("wash lending with one mate, 1,000 loans: reputation", most, 70);
    }
}
