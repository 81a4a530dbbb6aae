using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Friends praise an API that does not return what it borrows.</summary>
/// <remarks>
/// Each of its reference loans, from 20 lenders in turn by chance, is lost with a probability of one half; no gate keeps it from the next. 12 of the 20 praise it, 8 report it, all
/// with a reputation of 91. What it gains is the difference to the same past in which the 12 say nothing. Twice: it honours what it lends to all of them, or lends nothing.
/// Looked at from the 20th loan to the 200th.
/// </remarks>
internal static class BallotStuffing
{
    private const int Raters = 20;
    private const int Friends = 12;
    private const int Loans = 200;
    private const double Credibility = 0.91;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var (gain, most) = (0.0, 0.0);
        foreach (var lends in new[] { false, true })
        {
            var random = study.Chance(4);
            var subject = new Subject(study.Policy);
            for (var loan = 1; loan <= Loans; loan++)
            {
                subject.Now += TimeSpan.FromHours(1);
                if (random.Next(2) == 0) subject.Lose(random.Next(Raters));
                else subject.Settle(random.Next(Raters));
                if (lends) subject.Honour(random.Next(Raters));
                if (loan < Raters) continue;

                var opinions = Enumerable.Range(0, Raters).Select(i => i < Friends ? subject.Praise(Credibility) : subject.Complaint(Credibility)).ToArray();
                subject.Hear(opinions.AsSpan(Friends));
                var honestly = subject.Score;
                subject.Hear(opinions);
                gain = Math.Max(gain, subject.Score - honestly);
                most = Math.Max(most, subject.Score);
            }
        }

        yield return AttackResult.AtMost("60 % stuff the ballot of an API that loses half its loans: points gained", gain, 3);
        yield return AttackResult.Below("60 % stuff the ballot of an API that loses half its loans: reputation", most, 40);
    }
}
