using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.State;

/// <summary>Makes a saved state of what a pool knows, and the other way round: checked as a whole before anything is changed.</summary>
internal static class StateBook
{
    internal static SavedState Save(IEnumerable<Standing> standings, IReputationPolicy policy, TimeSpan now, DateTimeOffset at) => new()
    {
        SavedAt = at,
        ReputationPolicy = NameOf(policy),
        Reputations = [.. standings.Select(s => Save(s, now)).OrderBy(static s => s.Name, StringComparer.Ordinal)],
    };

    /// <summary>Checks all of it.</summary>
    /// <param name="state">What was saved.</param>
    /// <param name="standingOf">The standing of a name, a new one if need be.</param>
    /// <param name="policy">The policy of this pool.</param>
    /// <param name="now">The pool time.</param>
    /// <param name="at">The wall clock.</param>
    /// <returns>What loads it; that cannot fail.</returns>
    /// <exception cref="InvalidDataException">Something in it cannot be.</exception>
    internal static Action Load(SavedState state, Func<string, Standing> standingOf, IReputationPolicy policy, TimeSpan now, DateTimeOffset at)
    {
        if (state.ReputationPolicy != NameOf(policy))
            throw StateFormat.Wrong($"it is of the reputation policy '{state.ReputationPolicy}', and this pool has '{NameOf(policy)}'");

        // A wall clock that went backwards makes nothing younger.
        var slept = at > state.SavedAt ? at - state.SavedAt : TimeSpan.Zero;
        var began = now - slept;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var loads = new List<(string Name, ReputationRecord Record, double Score, SavedStanding Saved)>();
        foreach (var saved in state.Reputations)
        {
            Check(saved, names);
            var record = Record(saved, began);
            var score = policy.Score(record, now);
            if (!double.IsFinite(score)) throw StateFormat.Wrong($"the policy makes no number of the record of '{saved.Name}'");
            loads.Add((saved.Name, record, Math.Clamp(score, 0, 100), saved));
        }

        return () =>
        {
            foreach (var (name, record, score, saved) in loads)
            {
                var dealings = saved.Dealings.ToDictionary(d => standingOf(d.With), d => Dealings(d, began));
                var opinions = saved.Opinions.ToDictionary(o => standingOf(o.By), o => new Opinion(o.For, o.Against, began - o.Age, 0, false));
                standingOf(name).Load(record, score, saved.Completed, saved.Honoured, dealings, opinions);
            }
        };
    }

    private static string NameOf(IReputationPolicy policy) => policy.GetType().FullName ?? policy.GetType().Name;

    private static SavedStanding Save(Standing standing, TimeSpan now)
    {
        standing.Save(out var record, out var dealings, out var opinions);
        return new SavedStanding
        {
            Name = standing.Name,
            For = Amounts(record.For),
            Against = Amounts(record.Against),
            Turnover = Amounts(record.Turnover),
            ReportsFor = record.ReportsFor,
            ReportsAgainst = record.ReportsAgainst,
            Age = Age(now, record.AsOf),
            Completed = standing.Completed,
            Honoured = standing.Honoured,
            Dealings = [.. dealings.Select(d => new SavedDealings(d.Key.Name, Amounts(d.Value.Counted), Amounts(d.Value.Turnover), d.Value.Volume, Age(now, d.Value.AsOf)))],
            Opinions = [.. opinions.Select(o => new SavedOpinion(o.Key.Name, o.Value.For, o.Value.Against, Age(now, o.Value.At)))],
        };
    }

    private static double[] Amounts(Func<EvidenceSource, double> of) => [.. Enumerable.Range(0, SourceAmounts.Sources).Select(i => of((EvidenceSource)i))];

    private static TimeSpan Age(TimeSpan now, TimeSpan at) => at < now ? now - at : TimeSpan.Zero;

    private static ReputationRecord Record(SavedStanding saved, TimeSpan began)
    {
        var record = default(ReputationRecord).WithReports(saved.ReportsFor, saved.ReportsAgainst).Faded(1, began - saved.Age);
        for (var i = 0; i < SourceAmounts.Sources; i++) record = record.With((EvidenceSource)i, saved.For[i], saved.Against[i]).WithTurnover((EvidenceSource)i, saved.Turnover[i]);
        return record;
    }

    private static Dealings Dealings(SavedDealings saved, TimeSpan began)
    {
        var dealings = default(Dealings).WithVolume(saved.Volume).Faded(1, began - saved.Age);
        for (var i = 0; i < SourceAmounts.Sources; i++) dealings = dealings.With((EvidenceSource)i, saved.Counted[i], saved.Turnover[i]);
        return dealings;
    }

    private static void Check(SavedStanding? saved, HashSet<string> names)
    {
        // The reader of JSON sees to it that no value is null, but not that no element is.
        if (saved is null || saved.Dealings.Contains(null) || saved.Opinions.Contains(null)) throw StateFormat.Wrong("an entry in it is null");
        if (saved.Name.Length is 0 or > ParticipantOptions.MaxNameLength) throw StateFormat.Wrong("a name in it is empty or too long");
        if (!names.Add(saved.Name)) throw StateFormat.Wrong($"'{saved.Name}' is in it twice");
        var amounts = saved.For.Concat(saved.Against).Concat(saved.Turnover).Append(saved.ReportsFor).Append(saved.ReportsAgainst)
            .Concat(saved.Dealings.SelectMany(static d => d.Counted.Concat(d.Turnover).Append(d.Volume)))
            .Concat(saved.Opinions.SelectMany(static o => new[] { o.For, o.Against, 1 - o.For, 1 - o.Against }));
        var ages = saved.Dealings.Select(static d => d.Age).Concat(saved.Opinions.Select(static o => o.Age)).Append(saved.Age);
        var isSound = saved.For.Length == SourceAmounts.Sources && saved.Against.Length == SourceAmounts.Sources && saved.Turnover.Length == SourceAmounts.Sources
            && saved.Dealings.All(static d => d.Counted.Length == SourceAmounts.Sources && d.Turnover.Length == SourceAmounts.Sources)
            && saved.Completed >= 0 && saved.Honoured >= 0 && amounts.All(static a => double.IsFinite(a) && a >= 0)
            && ages.All(static a => a >= TimeSpan.Zero && a <= MostAge)
            && AreDistinct(saved.Dealings.Select(static d => d.With)) && AreDistinct(saved.Opinions.Select(static o => o.By));
        if (!isSound) throw StateFormat.Wrong($"the record of '{saved.Name}' has an amount, an age or a name that cannot be");
    }

    // Longer than any process has run, and short enough to calculate with.
    private static readonly TimeSpan MostAge = TimeSpan.FromDays(365 * 1000);

    private static bool AreDistinct(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.All(n => n.Length is > 0 and <= ParticipantOptions.MaxNameLength && seen.Add(n));
    }
}
