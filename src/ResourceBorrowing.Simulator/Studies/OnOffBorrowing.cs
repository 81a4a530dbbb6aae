namespace ResourceBorrowing.Simulator.Studies;

/// <summary>A borrower that returns just as many loans as it must to be lent the next, and loses the others.</summary>
/// <remarks>
/// It knows the policy: in each slot it loses a reference loan if that leaves it at or above its mark, and returns it otherwise; below 40 it is lent nothing. Marks from 40 to 55, 5 or 20
/// lenders at random, 10 to 10,000 slots in a half-life; the worst counts, over the last 400 of 600 slots. In the pool it loses whenever its reputation is at least 50, 60 or 70; a loan lost takes two
/// slots and then comes back, so that it may borrow again; terms of 10 s and of 8 h.
/// </remarks>
internal static class OnOffBorrowing
{
    private const double Threshold = 40;
    private const int Slots = 600;
    private const int WarmUp = 200;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var (most, random) = (0.0, study.Chance(7));
        foreach (var slotsPerHalfLife in new[] { 10, 20, 100, 1_000, 10_000 })
            foreach (var lenders in new[] { 5, 20 })
                foreach (var mark in new[] { 40, 43, 46, 50, 55 })
                    most = Math.Max(most, Stolen(study, study.Policy.HalfLife / slotsPerHalfLife, lenders, mark, random));
        var inPool = 0.0;
        foreach (var term in new[] { TimeSpan.FromSeconds(10), TimeSpan.FromHours(8) })
            foreach (var mark in new[] { 50, 60, 70 })
                inPool = Math.Max(inPool, StolenInAPool(study, term, mark, random));
        var bound = study.IsStrict ? 10 : 20;
        yield return AttackResult.AtMost("on-off borrower that knows the policy: % of loan slots stolen", 100 * most, bound);
        yield return AttackResult.AtMost("on-off borrower in a pool: % of loan slots stolen", 100 * inPool, bound);
    }

    private static double Stolen(AttackStudy study, TimeSpan slot, int lenders, double mark, Random random)
    {
        var subject = new Subject(study.Policy);
        var stolen = 0;
        for (var i = 0; i < Slots; i++, subject.Now += slot)
        {
            if (subject.Score < Threshold) continue;
            var lender = random.Next(lenders);
            if (subject.ScoreAfterLoss(lender, weight: 1) < mark)
            {
                subject.Settle(lender);
                continue;
            }

            subject.Lose(lender);
            if (i >= WarmUp) stolen++;
        }

        return (double)stolen / (Slots - WarmUp);
    }

    private static double StolenInAPool(AttackStudy study, TimeSpan term, double mark, Random random)
    {
        const int Lenders = 20;
        using var host = new PoolUnderAttack(study.Policy, Lenders + 1, term);
        var attacker = host[0];
        var (slots, stolen) = (0, 0);
        while (slots < Slots)
        {
            var lender = host[random.Next(1, Lenders + 1)];
            if (attacker.Reputation >= mark && host.Lose(lender, attacker) is { } lease)
            {
                slots += 2;
                stolen++;
                lease.Dispose();
                continue;
            }

            slots++;
            if (!host.Lend(lender, attacker)) host.Advance(term);
        }

        return (double)stolen / slots;
    }
}
