namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Whoever has lost its name comes back under a new one and takes what it can.</summary>
/// <remarks>
/// Ten new names in a pool of 21, each of which owns 10 units. Each asks 400 times, by hand, for any number of units for any term, and returns nothing; or has its callers ask, for whom the
/// pool borrows on demand. What is measured is all it has been lent at once, units by the time for which they are bound, in reference loans: a lender that can recall at once has
/// bound its units for no longer than the default term, however long the loan. The last row is no target: first it returns five loans of one
/// unit for a millisecond, which makes it a newcomer no more.
/// </remarks>
internal static class Whitewashing
{
    private const int Names = 10;
    private const int Requests = 400;
    private static readonly LoanTerms Bound = new() { IsRecallable = false };

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var (random, byHand, onDemand, patient) = (study.Chance(8), 0.0, 0.0, 0.0);
        using var host = new PoolUnderAttack(study.Policy, participants: 21);
        var reference = PoolUnderAttack.Quota * host.Term;
        for (var i = 0; i < Names; i++)
        {
            byHand = Math.Max(byHand, Taken(host.Add($"new{i}", PoolUnderAttack.Quota), reference, random));

            var caller = host.Add($"caller{i}", PoolUnderAttack.Quota, borrowsOnDemand: true);
            while (caller.TryAcquire(random.Next(1, 4)).IsAcquired || caller.TryAcquire().IsAcquired) ;
            onDemand = Math.Max(onDemand, caller.Borrowed * host.Term / reference);

            var veteran = host.Add($"old{i}", PoolUnderAttack.Quota);
            for (var loan = 0; loan < 5; loan++) host.Lend(host[loan], veteran, units: 1, ResourcePool.ShortestTerm);
            if (veteran.Reputation >= 50) patient = Math.Max(patient, Taken(veteran, reference, random));
            host.Advance(10 * host.Term);
        }

        yield return AttackResult.AtMost("whitewash under a new name: reference loans lent at once", Math.Max(byHand, onDemand), 1);
        yield return AttackResult.AtMost("whitewash after five loans of a unit and a millisecond: reference loans", patient, 1, isBinding: false);
    }

    private static double Taken(Participant name, TimeSpan reference, Random random)
    {
        var (taken, standard) = (TimeSpan.Zero, reference / PoolUnderAttack.Quota);
        for (var i = 0; i < Requests; i++)
        {
            var (units, term) = (random.Next(1, 2 * PoolUnderAttack.Quota), TimeSpan.FromMilliseconds(random.Next(1, 20_000)));
            if (random.Next(4) == 0) (units, term) = (PoolUnderAttack.Quota, reference / PoolUnderAttack.Quota);
            var isBound = random.Next(2) == 0;
            var request = new LoanRequest(units) { Duration = term, Terms = isBound ? Bound : null };
            if (name.TryBorrow(request).IsGranted) taken += units * (isBound || term < standard ? term : standard);
        }

        return taken / reference;
    }
}
