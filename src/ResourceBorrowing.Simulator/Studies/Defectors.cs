namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Whoever has a good name spends it.</summary>
/// <remarks>
/// The small borrower returns 200 loans of 1 % of the reference loan (or 2, 5, 10 %; the worst counts) to 20 lenders in turn, lends nothing, then loses one of twice the reference
/// loan. The veteran stands at about 91: 400 reference loans of 20 lenders, all of whom it also lends to and all of whom praise it, or the pool of <see cref="BadMouthing"/>; from
/// then on it loses every loan. In the pool a loan lost weighs 2, as its units were gone for the grace period as well, and its units come back right after, or it could not borrow
/// again at all: that is the last row, where it asks everybody every minute for a day.
/// </remarks>
internal static class Defectors
{
    private const int Lenders = 20;
    private const int TinyLoans = 200;
    private const double Threshold = 40;

    private static readonly double[] TinyWeights = [0.01, 0.02, 0.05, 0.1];

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        yield return AttackResult.Below("200 tiny loans, then a loss of v = 2: reputation", TinyWeights.Max(v => AfterTinyLoans(study, v)), Threshold, study.IsStrict);

        var bound = study.IsStrict ? 4 : 9;
        yield return AttackResult.AtMost("a veteran loses every loan: losses until below 40", LossesOfASubject(study), bound);
        var (losses, granted) = InAPool(study);
        yield return AttackResult.AtMost("the same in a pool", losses, bound);
        yield return AttackResult.AtMost("a veteran with an overdue loan: new loans granted", granted, 0);
    }

    private static double AfterTinyLoans(AttackStudy study, double weight)
    {
        var subject = new Subject(study.Policy);
        for (var i = 0; i < TinyLoans; i++)
        {
            subject.Now += TimeSpan.FromMinutes(1);
            subject.Settle(i % Lenders, weight);
        }

        subject.Lose(0, weight: 2);
        return subject.Score;
    }

    private static int LossesOfASubject(AttackStudy study)
    {
        var random = study.Chance(5);
        var subject = new Subject(study.Policy);
        for (var i = 0; i < 20 * Lenders; i++)
        {
            subject.Now += TimeSpan.FromMinutes(10);
            subject.Settle(i % Lenders);
            subject.Honour(i % Lenders);
        }

        subject.Hear(Enumerable.Range(0, Lenders).Select(_ => subject.Praise(0.91)).ToArray());
        var losses = 0;
        for (; subject.Score >= Threshold; losses++) subject.Lose(random.Next(Lenders));
        return losses;
    }

    private static (int Losses, int Granted) InAPool(AttackStudy study)
    {
        var random = study.Chance(6);
        using var host = new PoolUnderAttack(study.Policy, Lenders + 1);
        host.Prosper(Lenders + 1, random);
        var veteran = host[0];
        var (losses, granted) = (0, 0);
        while (host.Lose(host[random.Next(1, Lenders + 1)], veteran) is { } lease)
        {
            losses++;
            for (var minute = 0; losses == 1 && minute < 24 * 60; minute++, host.Advance(TimeSpan.FromMinutes(1)))
                for (var lender = 1; lender <= Lenders; lender++)
                    if (veteran.TryBorrow(host[lender], 1, host.Term).IsGranted) granted++;
            lease.Dispose();
        }

        if (veteran.Reputation >= Threshold) throw new InvalidOperationException($"A loan was refused for another reason than the reputation: {veteran}");
        return (losses, granted);
    }
}
