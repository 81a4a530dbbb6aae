namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What happens to those who mean well: the price of all defence.</summary>
/// <remarks>
/// Reference loans of 5 or 20 lenders by chance, 20 to 10,000 in a half-life, whose impact is known to be none or not known; no lending, no reports. Of each 20 one is late by anything up to the
/// grace period. The worst of 40 seeds, from the 20th loan to the 600th, and of all of these. The busy one borrows on demand from five lenders: 5,000 loans a day of a fiftieth
/// of the reference loan, of which 2 % are late by a twentieth of the grace period and none is lost; two weeks, from the 200th loan on.
/// </remarks>
internal static class HonestBorrowers
{
    private const int Seeds = 40;
    private const int Loans = 600;
    private const int Block = 20;
    internal const double LostShare = 0.01;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        yield return AttackResult.AtLeast("honest, 5 % late, none lost: lowest reputation", LowestOfSeeds(study, lostShare: 0).Min(), 60);
        yield return AttackResult.AtLeast("honest, 5 % late, 1 % lost: lowest reputation of 40 seeds", LowestOfSeeds(study, LostShare).Min(), 45, isBinding: !study.IsStrict);
        yield return AttackResult.AtLeast("honest and busy, five lenders, 2 % a little late: lowest reputation", Busy(study), 60);
    }

    /// <summary>The lowest reputation that each of the seeds sees.</summary>
    internal static double[] LowestOfSeeds(AttackStudy study, double lostShare)
    {
        var lowest = new double[Seeds];
        Array.Fill(lowest, 100);
        for (var seed = 0; seed < Seeds; seed++)
            foreach (var loansPerHalfLife in new[] { 20, 100, 1_000, 10_000 })
                foreach (var lenders in new[] { 5, 20 })
                    foreach (var impact in new double?[] { 0, null })
                        lowest[seed] = Math.Min(lowest[seed], Lowest(study, study.Chance(100 + seed), study.Policy.HalfLife / loansPerHalfLife, lenders, impact, lostShare));
        return lowest;
    }

    private static double Lowest(AttackStudy study, Random random, TimeSpan pace, int lenders, double? impact, double lostShare)
    {
        var (subject, lowest, late) = (new Subject(study.Policy), 100.0, 0);
        for (var i = 0; i < Loans; i++, subject.Now += pace)
        {
            if (i % Block == 0) late = i + random.Next(Block);
            if (random.NextDouble() < lostShare) subject.Lose(random.Next(lenders));
            else subject.Settle(random.Next(lenders), timely: i == late ? random.NextDouble() : 1, impact: impact);
            if (i >= Block) lowest = Math.Min(lowest, subject.Score);
        }

        return lowest;
    }

    private static double Busy(AttackStudy study)
    {
        const int LoansPerDay = 5_000, WarmUp = 200;
        var (subject, lowest, random) = (new Subject(study.Policy), 100.0, study.Chance(9));
        for (var i = 0; i < 14 * LoansPerDay; i++, subject.Now += TimeSpan.FromDays(1) / LoansPerDay)
        {
            subject.Settle(random.Next(5), weight: 0.02, timely: random.NextDouble() < 0.02 ? 0.95 : 1, impact: null);
            if (i >= WarmUp) lowest = Math.Min(lowest, subject.Score);
        }

        return lowest;
    }
}
