namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Names that cost nothing report an honest API.</summary>
/// <remarks>
/// The pool of <see cref="BadMouthing"/>. 100 Sybils own nothing and have had no loan; they report while the API holds a loan of another. 100 newcomers each had one loan
/// of the API, returned in time, and send one report each: with nobody else saying anything, and with all others praising. The worse counts.
/// </remarks>
internal static class Strangers
{
    private const int Names = 100;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var (sybils, newcomers) = (0.0, 0.0);
        foreach (var isPraised in new[] { false, true })
        {
            var random = study.Chance(3);
            using var host = new PoolUnderAttack(study.Policy, BadMouthing.Raters + 1);
            host.Prosper(BadMouthing.Raters + 1, random);
            var api = host[0];
            for (var i = 1; i <= BadMouthing.Raters && isPraised; i++) host[i].Report(api, ReportReason.GoodNeighbour);

            var loan = api.TryBorrow(host[1], PoolUnderAttack.Quota, host.Term);
            var before = api.Reputation;
            for (var i = 0; i < Names; i++) BadMouthing.Complain(host.Add($"sybil{i}", quota: 0), api, random);
            sybils = Math.Max(sybils, Math.Abs(before - api.Reputation));
            loan.Dispose();

            var joined = Enumerable.Range(0, Names).Select(i => host.Add($"newcomer{i}", quota: 1)).ToArray();
            foreach (var newcomer in joined) host.Lend(api, newcomer, units: 1);
            before = api.Reputation;
            foreach (var newcomer in joined) BadMouthing.Complain(newcomer, api, random);
            newcomers = Math.Max(newcomers, before - api.Reputation);
        }

        yield return AttackResult.AtMost("100 Sybils without a loan: points moved", sybils, 0);
        yield return AttackResult.AtMost("100 newcomers, one bad report each: points lost", newcomers, 1.5);
    }
}
