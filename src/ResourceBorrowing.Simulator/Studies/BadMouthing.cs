namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Raters with a good name of their own report an honest API falsely.</summary>
/// <remarks>
/// A pool of 21 that have all lent to and borrowed from each other, about 75 reference loans each, until all stand at about 91; so all 20 others have standing and are
/// believed. Twice: nobody has said anything of the API before, or all have praised it. The worse counts. The liars report as severely as they can.
/// </remarks>
internal static class BadMouthing
{
    internal const int Raters = 20;
    private const int Reports = 1_000;

    private static readonly ReportReason[] Complaints = [ReportReason.ExcessiveBorrowing, ReportReason.HarmToAllocation, ReportReason.LateReturn, ReportReason.Instability];

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var (least, alone, fifth, fifths) = (100.0, 0.0, 0.0, 0.0);
        foreach (var isPraised in new[] { false, true })
        {
            var random = study.Chance(1);
            using var host = new PoolUnderAttack(study.Policy, Raters + 1);
            host.Prosper(Raters + 1, random);
            var api = host[0];
            var raters = Enumerable.Range(1, Raters).Select(i => host[i]).ToArray();
            random.Shuffle(raters);
            if (isPraised)
                foreach (var rater in raters) rater.Report(api, ReportReason.GoodNeighbour);

            var before = api.Reputation;
            least = Math.Min(least, before);
            for (var i = 0; i < Reports; i++) Complain(raters[0], api, random);
            alone = Math.Max(alone, before - api.Reputation);
            foreach (var rater in raters[..(Raters / 5)]) Complain(rater, api, random);
            fifth = Math.Max(fifth, before - api.Reputation);
            foreach (var rater in raters[..(2 * Raters / 5)]) Complain(rater, api, random);
            fifths = Math.Max(fifths, before - api.Reputation);
        }

        yield return AttackResult.AtLeast("an honest API before it is attacked (about 91)", least, 90);
        yield return AttackResult.AtMost("20 % of 20 raters bad-mouth it: points lost", fifth, 1.5);
        yield return AttackResult.AtMost("40 % of 20 raters bad-mouth it: points lost", fifths, 2.5);
        yield return AttackResult.AtMost("one reporter, 1,000 bad reports: points lost", alone, 0.5);
    }

    internal static ReportResult Complain(Participant reporter, Participant subject, Random random) => reporter.Report(subject, Complaints[random.Next(Complaints.Length)]);
}
