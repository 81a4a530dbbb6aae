using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Reporters of any number, standing and reputation agree on what to say of somebody with any past.</summary>
/// <remarks>200 random pasts of up to 60 loans; of each the difference between the best and the worst that any of 20 coalitions, up to 1,000 strong, makes of it.</remarks>
internal static class Coalitions
{
    private const int Pasts = 200;
    private const int CoalitionsOfEach = 20;

    internal static IEnumerable<AttackResult> Run(AttackStudy study)
    {
        var random = study.Chance(2);
        var most = 0.0;
        for (var i = 0; i < Pasts; i++)
        {
            var subject = new Subject(study.Policy);
            for (var loan = random.Next(61); loan > 0; loan--)
            {
                subject.Now += TimeSpan.FromHours(random.Next(48));
                if (random.Next(4) == 0) subject.Honour(random.Next(20));
                else subject.Settle(random.Next(20), 2 * random.NextDouble(), random.Next(5) == 0 ? random.NextDouble() : 1, random.Next(5) == 0 ? random.NextDouble() : 1);
            }

            var (worst, best) = (subject.Score, subject.Score);
            for (var coalition = 0; coalition < CoalitionsOfEach; coalition++)
            {
                var praising = coalition < 2 ? coalition : random.NextDouble();
                var opinions = new Opinion[random.Next(1, 1001)];
                for (var member = 0; member < opinions.Length; member++)
                {
                    var (credibility, isVetted) = (coalition < 2 ? 1 : random.NextDouble(), coalition < 2 || random.Next(2) == 0);
                    opinions[member] = random.NextDouble() < praising ? subject.Praise(credibility, isVetted: isVetted) : subject.Complaint(credibility, isVetted: isVetted);
                }

                subject.Hear(opinions);
                (worst, best) = (Math.Min(worst, subject.Score), Math.Max(best, subject.Score));
            }

            most = Math.Max(most, best - worst);
        }

        yield return AttackResult.AtMost("any coalition: points moved", most, 7.5);
    }
}
