using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>One piece of evidence of dealings with a partner, or none, or the opinions of all others, so many minutes after the line before.</summary>
public readonly record struct Line(Evidence Evidence, int? Partner, Opinion[]? Opinions, double Minutes);

/// <summary>The default policy against its own remarks, written down a second time and as plainly as they are.</summary>
public class BetaPolicyByTheBook
{
    [Property(MaxTest = 200, Arbitrary = [typeof(Lines)])]
    public void AnyLines_LeaveWhatTheRemarksSay(Line[] lines, bool isStrict, bool isQuick)
    {
        var (penalty, halfLife) = (isStrict ? 30 : 4, TimeSpan.FromDays(isQuick ? 0.1 : 7));
        var policy = new BetaReputationPolicy { LossPenalty = penalty, HalfLife = halfLife };
        var book = new Book(penalty, halfLife.TotalMinutes);
        var record = default(ReputationRecord);
        var dealings = new Dictionary<int, Dealings>();
        var minute = 0.0;
        foreach (var line in lines)
        {
            minute += line.Minutes;
            var now = TimeSpan.FromMinutes(minute);
            if (line.Opinions is { } opinions)
            {
                opinions = [.. opinions.Select(o => o with { At = now + o.At })];
                record = policy.ApplyReports(record, opinions, now);
                book.Hear(opinions, now.TotalMinutes);
            }
            else
            {
                var known = line.Partner is { } p ? dealings.GetValueOrDefault(p) : default;
                record = policy.Apply(record, line.Evidence with { At = now }, ref known);
                if (line.Partner is { } partner) dealings[partner] = known;
                book.Apply(line.Evidence, line.Partner is { } other ? book.With(other) : new Book.Partner(), now.TotalMinutes);
            }

            var later = now + TimeSpan.FromDays(1);
            Assert.Equal(book.Score(now.TotalMinutes), policy.Score(record, now), 1e-7);
            Assert.Equal(book.Score(later.TotalMinutes), policy.Score(record, later), 1e-7);
            for (var source = EvidenceSource.Return; source <= EvidenceSource.Neighbour; source++)
                Assert.Equal(book.Expected(source, later.TotalMinutes), policy.ScoreOf(record, source, later), 1e-9);
        }
    }

    public static class Lines
    {
        public static Arbitrary<Line[]> All() =>
            (from partners in Gen.Elements(1, 3, 20)
             from pace in Gen.Elements(0.0, 0.5, 10, 3_000)
             from length in Gen.Choose(0, 250)
             from lines in (from source in Gen.Frequency((4, Gen.Constant(EvidenceSource.Return)), (2, Gen.Constant(EvidenceSource.Impact)), (2, Gen.Constant(EvidenceSource.Borrowing)), (2, Gen.Constant(EvidenceSource.Neighbour)))
                            from weight in Gen.OneOf(Gen.Elements(0.0, 1, 2, 1, 2, 3, 25), Fraction())
                            from completeness in Gen.OneOf(Gen.Elements(1.0, 1, 0, 1.5, -0.5), Fraction())
                            from timeliness in Gen.OneOf(Gen.Elements(1.0, 1, 0, 1.5, -0.5), Fraction())
                            from impact in Gen.OneOf(Gen.Constant((double?)null), Gen.Elements<double?>(0.0, 1.5, -0.5), Fraction().Select(static f => (double?)f))
                            from partner in Gen.OneOf(Gen.Choose(0, partners - 1).Select(static p => (int?)p), Gen.Frequency((9, Gen.Constant((int?)0)), (1, Gen.Constant((int?)null))))
                            from opinions in Gen.Frequency((8, Gen.Constant((Opinion[]?)null)), (1, Opinions().Select(static o => (Opinion[]?)o)))
                            from share in Fraction()
                            select new Line(new Evidence(source, weight, completeness, timeliness, default, "by the book") { Impact = impact }, partner, opinions, pace * share)).ArrayOf(length)
             select lines).ToArbitrary();

        private static Gen<Opinion[]> Opinions() =>
            from count in Gen.Choose(0, 20)
            from bias in Gen.Choose(0, 10)
            from opinions in (from @for in Gen.OneOf(Gen.Elements(0.0, 1, 1.5), Fraction())
                              from against in Gen.OneOf(Gen.Elements(0.0, 1, -0.5), Fraction())
                              from side in Gen.Choose(0, 9)
                              from credibility in Gen.OneOf(Gen.Elements(1.0, 1.5, -0.5), Fraction())
                              from isVetted in Gen.Elements(true, true, false)
                              from minutes in Gen.Choose(-1000, 10)
                              select new Opinion(side <= bias ? @for : 0, side < bias ? 0 : against, TimeSpan.FromMinutes(minutes), credibility, isVetted)).ArrayOf(count)
            select opinions;

        private static Gen<double> Fraction() => Gen.Choose(0, 1000).Select(static n => n / 1000.0);
    }

    /// <summary>The remarks of the policy, in order and without a thought for speed; times in minutes.</summary>
    private sealed class Book(double lossPenalty, double halfLife)
    {
        private readonly Dictionary<int, Partner> _partners = [];
        private readonly double[] _for = new double[4];
        private readonly double[] _against = new double[4];
        private (double For, double Against) _reports;
        private double _asOf;

        /// <summary>What one partner has brought, less what has faded or made room since; kept up for all partners at every line.</summary>
        internal sealed class Partner
        {
            internal readonly double[] Brought = new double[4];
            internal double Volume;
        }

        internal Partner With(int partner) => _partners.TryGetValue(partner, out var known) ? known : _partners[partner] = new Partner();

        internal void Apply(Evidence evidence, Partner partner, double now)
        {
            Fade(now);
            var (v, c, t) = (Math.Clamp(evidence.Weight, 0, 2), Math.Clamp(evidence.Completeness, 0, 1), Math.Clamp(evidence.Timeliness, 0, 1));
            var requests = Math.Clamp(evidence.Weight, 0, 20);
            var source = (int)evidence.Source;
            var favour = evidence.Source is EvidenceSource.Return or EvidenceSource.Impact ? 3 : 0.6;
            var room = Math.Max(0, favour - partner.Brought[source]);
            var (r, s) = evidence switch
            {
                { Source: EvidenceSource.Return } => (v * c * t * Regained(), v * lossPenalty * (1 - c) + 3 * c * (1 - t) * (Math.Min(v, room) + Math.Max(0, v - room) * Forgiven(partner.Volume))),
                { Source: EvidenceSource.Impact, Impact: { } any } when Math.Clamp(any, 0, 1) is var i => (v * c * t * (1 - i), 4 * v * i),
                { Source: EvidenceSource.Impact } => (v * c * t / 2, 0),
                { Source: EvidenceSource.Borrowing } => (0.2 * requests * c * t, 0.4 * requests * (1 - c)),
                _ => (0.2 * v * c, 0.4 * v * (1 - c)),
            };
            if (evidence.Source == EvidenceSource.Return) partner.Volume += v * c * t;
            r = Math.Min(r, room);

            var most = evidence.Source == EvidenceSource.Neighbour ? 14 : 20;
            if (r + s > most) (r, s) = (most * r / (r + s), most * s / (r + s));
            var old = _for[source] + _against[source];
            if (old + r + s > most)
            {
                var kept = Math.Max(1e-12, (most - r - s) / old);
                (_for[source], _against[source]) = (kept * _for[source], kept * _against[source]);
                foreach (var one in _partners.Values.Append(partner).Distinct()) one.Brought[source] *= kept;
            }

            (_for[source], _against[source]) = (_for[source] + r, _against[source] + s);
            partner.Brought[source] += r;

            double Regained() => Expected(EvidenceSource.Return, now) is var e && e < 0.5 ? Math.Pow(2 * e, 3) : 1;
            static double Forgiven(double volume) => volume <= 3 ? 1 : Math.Pow(3 / volume, 1.5);
        }

        internal void Hear(IEnumerable<Opinion> opinions, double now)
        {
            Fade(now);
            var heard = opinions.Select(o => (Opinion: o, Said: Said(o, now))).ToList();
            (double For, double Against) whole;
            for (; ; )
            {
                whole = Together(heard);
                var mean = (1 + whole.For) / (2 + whole.For + whole.Against);
                if (heard.Count < 5 || heard.RemoveAll(o => BetaDistribution.Below(mean, 1 + o.Said.For, 1 + o.Said.Against) is < 0.01 or > 0.99) == 0) break;
            }

            var mass = whole.For + whole.Against;
            _reports = mass <= 6 ? whole : (6 * whole.For / mass, 6 * whole.Against / mass);
        }

        internal double Score(double now)
        {
            var (returned, impact) = (Expected(EvidenceSource.Return, now), Expected(EvidenceSource.Impact, now));
            var joined = 0.45 * returned + 0.25 * impact + 0.15 * Expected(EvidenceSource.Borrowing, now) + 0.15 * Expected(EvidenceSource.Neighbour, now);
            return 50 * joined + 50 * Math.Min(returned, impact);
        }

        internal double Expected(EvidenceSource source, double now)
        {
            var kept = Kept(now - _asOf);
            var (r, s) = (_for[(int)source], _against[(int)source]);
            if (source == EvidenceSource.Neighbour) (r, s) = (r + _reports.For, s + _reports.Against);
            return (2 + kept * r) / (4 + kept * (r + s));
        }

        private static (double For, double Against) Together(List<(Opinion Opinion, (double For, double Against) Said)> heard)
        {
            var vetted = Sum(heard.Where(static o => o.Opinion.IsVetted));
            var others = Sum(heard.Where(static o => !o.Opinion.IsVetted));
            var (most, mass) = (0.25 * (vetted.For + vetted.Against), others.For + others.Against);
            return mass <= most ? (vetted.For + others.For, vetted.Against + others.Against) : (vetted.For + others.For * most / mass, vetted.Against + others.Against * most / mass);

            static (double For, double Against) Sum(IEnumerable<(Opinion Opinion, (double For, double Against) Said)> some) =>
                (some.Sum(static o => Math.Clamp(o.Opinion.Credibility, 0, 1) * o.Said.For), some.Sum(static o => Math.Clamp(o.Opinion.Credibility, 0, 1) * o.Said.Against));
        }

        // What one reporter says counts for one at the most.
        private (double For, double Against) Said(Opinion opinion, double now)
        {
            var kept = Kept(now - opinion.At.TotalMinutes);
            var (@for, against) = (kept * Math.Clamp(opinion.For, 0, 1), kept * Math.Clamp(opinion.Against, 0, 1));
            return @for + against <= 1 ? (@for, against) : (@for / (@for + against), against / (@for + against));
        }

        private double Kept(double minutes) => minutes <= 0 ? 1 : Math.Pow(0.5, minutes / halfLife);

        private void Fade(double now)
        {
            var kept = Kept(now - _asOf);
            foreach (var amounts in (double[][])[_for, _against, .. _partners.Values.Select(static p => p.Brought)])
                for (var i = 0; i < amounts.Length; i++) amounts[i] *= kept;
            foreach (var partner in _partners.Values) partner.Volume *= kept;
            (_reports, _asOf) = ((kept * _reports.For, kept * _reports.Against), now);
        }
    }
}
