using FsCheck;
using FsCheck.Fluent;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Reputation;

/// <summary>What can happen to a participant that is evidence about it.</summary>
public enum HappeningKind
{
    Loan,
    Refusal,
    Honoured,
    Withdrawn,
    Report,
}

/// <summary>One of these, so many minutes after the one before.</summary>
public readonly record struct Happening(
    HappeningKind Kind, int Partner, double Weight, double Completeness, double Timeliness, double? Impact, double Severity, bool IsPraise, int Minutes)
{
    /// <summary>The same with an outcome that is better or equal in all respects.</summary>
    internal Happening Better(double by) => this with
    {
        Kind = Kind == HappeningKind.Withdrawn ? HappeningKind.Honoured : Kind,
        Completeness = Completeness + by * (1 - Completeness),
        Timeliness = Timeliness + by * (1 - Timeliness),
        Impact = Impact * (1 - by),
    };
}

/// <summary>Random histories: few partners or many, loans large and small, good and bad, close together and days apart.</summary>
public static class Histories
{
    public static Arbitrary<Happening> Happenings() => Any(20).ToArbitrary();

    public static Arbitrary<Happening[]> All() =>
        (from partners in Gen.Elements(1, 3, 20)
         from pace in Gen.Elements(0, 10, 3_000)
         from reliability in Gen.Elements(0, 50, 95)
         from length in Gen.Choose(0, 80)
         from all in Any(partners).ArrayOf(length)
         from reliable in Gen.Choose(0, 99).ArrayOf(all.Length)
         select all.Select((h, i) => h with { Minutes = h.Minutes % (pace + 1) })
             .Select((h, i) => reliable[i] < reliability && h.Kind == HappeningKind.Loan ? h with { Completeness = 1, Timeliness = 1, Impact = h.Impact * 0 } : h).ToArray())
        .ToArbitrary();

    private static Gen<Happening> Any(int partners) =>
        from kind in Gen.Frequency((8, Gen.Constant(HappeningKind.Loan)), (1, Gen.Constant(HappeningKind.Refusal)), (1, Gen.Constant(HappeningKind.Honoured)),
            (1, Gen.Constant(HappeningKind.Withdrawn)), (1, Gen.Constant(HappeningKind.Report)))
        from partner in Gen.Choose(0, partners - 1)
        from weight in Gen.OneOf(Gen.Elements(1.0, 2.0, 0.01), Fraction().Select(static f => 3 * f))
        from completeness in Gen.OneOf(Gen.Elements(0.0, 1.0), Fraction())
        from timeliness in Gen.OneOf(Gen.Elements(0.0, 1.0), Fraction())
        from impact in Gen.OneOf(Gen.Constant((double?)null), Gen.Constant((double?)0), Fraction().Select(static f => (double?)f))
        from severity in Fraction()
        from isPraise in Gen.Elements(true, false)
        from minutes in Gen.Choose(0, 10_000)
        select new Happening(kind, partner, weight, completeness, timeliness, impact, severity, isPraise, minutes);

    private static Gen<double> Fraction() => Gen.Choose(0, 1000).Select(static n => n / 1000.0);
}

/// <summary>What a pool remembers of one participant, with evidence made of what happens as the pool makes it.</summary>
internal sealed class Dossier(IReputationPolicy policy)
{
    internal const string Returned = "returned";

    private readonly Dictionary<int, Dealings> _dealings = [];
    private readonly Dictionary<int, Opinion> _opinions = [];

    internal ReputationRecord Record { get; private set; }

    internal ReputationHistory History { get; } = new(50);

    internal TimeSpan Now { get; private set; }

    internal double Score => policy.Score(Record, Now);

    internal static Dossier After(IReputationPolicy policy, IEnumerable<Happening> history)
    {
        var dossier = new Dossier(policy);
        foreach (var happening in history) dossier.Add(happening);
        return dossier;
    }

    internal void Add(in Happening what)
    {
        Now += TimeSpan.FromMinutes(what.Minutes);
        switch (what.Kind)
        {
            case HappeningKind.Loan:
                Apply(new Evidence(EvidenceSource.Return, what.Weight, what.Completeness, what.Timeliness, Now, Returned), what.Partner);
                Apply(new Evidence(EvidenceSource.Impact, what.Weight, what.Completeness, what.Timeliness, Now, "impact") { Impact = what.Impact }, what.Partner);
                Apply(new Evidence(EvidenceSource.Borrowing, 1, what.Completeness, what.Timeliness, Now, "borrowed"), what.Partner);
                break;
            case HappeningKind.Refusal:
                Apply(new Evidence(EvidenceSource.Borrowing, 1, 0, 1, Now, "refused"), partner: null);
                break;
            case HappeningKind.Honoured:
                Apply(new Evidence(EvidenceSource.Neighbour, what.Weight, 1, 1, Now, "honoured"), what.Partner);
                break;
            case HappeningKind.Withdrawn:
                Apply(new Evidence(EvidenceSource.Neighbour, what.Weight, 0, 1, Now, "withdrawn"), what.Partner);
                break;
            default:
                Hear(what.Partner, what.IsPraise ? what.Severity : 0, what.IsPraise ? 0 : what.Severity);
                break;
        }
    }

    /// <summary>A loan that came back whole and in time, with no impact on its lender.</summary>
    internal void Return(int partner, double weight = 1) => Add(new Happening(HappeningKind.Loan, partner, weight, 1, 1, 0, 0, false, 0));

    internal void Apply(in Evidence evidence, int? partner)
    {
        var dealings = partner is { } known ? _dealings.GetValueOrDefault(known) : default;
        var next = policy.Apply(Record, evidence, ref dealings);
        if (partner is { } other) _dealings[other] = dealings;
        Assert.True(next.IsFinite && dealings.IsFinite, evidence.ToString());
        Set(next, evidence, partner);
    }

    /// <summary>One of the reporters, all of whom are believed by three quarters.</summary>
    internal void Hear(int reporter, double @for, double against, bool isVetted = true)
    {
        var opinion = _opinions.GetValueOrDefault(reporter) with { Credibility = 0.75, IsVetted = isVetted };
        _opinions[reporter] = opinion.After(@for, against, Now, policy.Fading(Now - opinion.At));
        Set(policy.ApplyReports(Record, _opinions.Values.ToArray(), Now), new Evidence(EvidenceSource.Neighbour, 1, 0, 1, Now, "report"), reporter);
    }

    internal void Set(in ReputationRecord next, in Evidence evidence, int? partner)
    {
        var (before, after) = (policy.Score(Record, evidence.At), policy.Score(next, evidence.At));
        var change = new ReputationChange(evidence.At, evidence.Source, evidence.Reason, Names[(uint)(partner ?? 0) % Names.Length], 1, evidence.Weight, 0, after - before);
        Record = next;
        History.Add(change, before, after);
    }

    private static readonly string[] Names = [.. Enumerable.Range(0, 20).Select(static i => $"api{i}")];
}
