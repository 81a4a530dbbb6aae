using Microsoft.Extensions.Options;
using ResourceBorrowing.DependencyInjection;
using ResourceBorrowing.Market;

namespace ResourceBorrowing;

/// <summary>What every participant of a configuration owns, and every reason why there can be no such pool. Pure.</summary>
internal static class QuotaPlan
{
    /// <returns>Nominal quotas in the order of the participants; the reserve has the rest.</returns>
    /// <param name="options">The configuration.</param>
    /// <param name="isWhole">
    /// Whether somebody wrote it as a whole; if not, a lending limit above what shares give, after somebody else has joined, is no
    /// fault but counts as the quota.
    /// </param>
    /// <exception cref="OptionsValidationException">Names every fault.</exception>
    internal static int[] Of(ResourcePoolOptions options, bool isWhole = true)
    {
        var values = new ResourcePoolValueValidator().Validate(null, options);
        List<string> faults = [.. values.Failures ?? [], .. Faults(options, isWhole)];
        return faults.Count == 0
            ? OfValidated(options)
            : throw new OptionsValidationException(Options.DefaultName, typeof(ResourcePoolOptions), faults);
    }

    /// <summary>The rules that concern several values together; single values have their own.</summary>
    internal static List<string> Faults(ResourcePoolOptions options, bool isWhole = true)
    {
        var faults = new List<string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long units = Math.Max(0, options.Reserve);
        for (var place = 0; place < options.Participants.Count; place++)
        {
            if (options.Participants[place] is not { } participant)
            {
                faults.Add($"Participants[{place}] is null.");
                continue;
            }

            var name = participant.Name ?? "";
            if (HasControlCharacters(name)) faults.Add($"{Who(place, name)}: Name must not contain control characters.");
            if (name is ResourcePool.ReserveName or ResourcePool.RetiredName or CreditLedger.HouseName) faults.Add($"{Who(place, name)}: Name is taken by the pool itself.");
            if (!names.Add(name) && name.Length > 0) faults.Add($"{Who(place, name)}: Name is taken; names must differ.");

            if (participant.NominalQuota is null == participant.Shares is null)
                faults.Add($"{Who(place, name)}: give either NominalQuota (units) or Shares, {(participant.Shares is null ? "not neither" : "not both")}.");
            if (participant is { NominalQuota: { } quota and >= 0, LendingLimit: { } limit } && limit > quota)
                faults.Add($"{Who(place, name)}: LendingLimit {limit} is above NominalQuota {quota}.");
            if (participant is { Consent: LendingConsent.Ask, AskConsent: null })
                faults.Add($"{Who(place, name)}: Consent is Ask, but nobody is to be asked; call AskBeforeLending.");
            if (IsNoTime(participant.MinimumIdleTime)) faults.Add($"{Who(place, name)}: MinimumIdleTime must be 0 to 30 days.");
            if (participant.LongestTerm < ResourcePool.ShortestTerm || participant.LongestTerm > ResourcePool.LongestTerm)
                faults.Add($"{Who(place, name)}: LongestTerm must be 1 ms to 30 days.");
            if (participant.HarmBudget <= TimeSpan.Zero) faults.Add($"{Who(place, name)}: HarmBudget must be above 0.");
            if (double.IsNaN(participant.IdleThreshold)) faults.Add($"{Who(place, name)}: IdleThreshold must be 0 to 1, not NaN.");
            if (double.IsNaN(participant.GrantThreshold)) faults.Add($"{Who(place, name)}: GrantThreshold must be 0 to 100, not NaN.");
            units += Math.Max(0, participant.NominalQuota ?? 0);
        }

        if (options.DefaultTerm < ResourcePool.ShortestTerm || options.DefaultTerm > ResourcePool.LongestTerm) faults.Add("DefaultTerm must be 1 ms to 30 days.");
        if (IsNoTime(options.GracePeriod)) faults.Add("GracePeriod must be 0 to 30 days.");
        if (IsNoTime(options.DefaultLimit)) faults.Add("DefaultLimit must be 0 to 30 days.");
        if (IsNoTime(options.PlanningPeriod)) faults.Add("PlanningPeriod must be 0 to 30 days.");
        if (options.Reputation.SavePeriod < TimeSpan.FromSeconds(1) || options.Reputation.SavePeriod > TimeSpan.FromDays(1)) faults.Add("Reputation.SavePeriod must be 1 s to 1 day.");
        if (options.Reputation is { StateFile: "" }) faults.Add("Reputation.StateFile must be a path, or null to keep nothing.");
        if (options.Stability is var stability && !(stability.RecoveryThreshold > stability.OverloadThreshold))
            faults.Add("Stability.RecoveryThreshold must be above Stability.OverloadThreshold.");
        if (options.Balancing.Mode != BalancingMode.Off) AddFaults(options, options.Balancing, faults);
        if (options.Forecasting.IsEnabled) AddFaults(options, options.Forecasting, faults);
        options.Marketplace.AddFaults(options.Balancing.Mode, faults);
        if (options.Capacity > 0 && units > options.Capacity)
            faults.Add($"Reserve and nominal quotas together are {units} units, above the Capacity of {options.Capacity}.");
        if (faults.Count == 0 && isWhole && ResourcePoolValueValidator.IsSound(options)) FindLimitsAboveShares(options, faults);
        return faults;
    }

    private static void AddFaults(ResourcePoolOptions options, BalancingOptions balancing, List<string> faults)
    {
        if (options.PlanningPeriod < TimeSpan.FromMilliseconds(1)) faults.Add("PlanningPeriod must be at least 1 ms, for Balancing.Mode is not Off.");
        if (balancing.SamplePeriod < TimeSpan.FromMilliseconds(1) || balancing.SamplePeriod > options.PlanningPeriod) faults.Add("Balancing.SamplePeriod must be 1 ms to the PlanningPeriod.");
        if (balancing.DemandHalfLife < TimeSpan.FromMilliseconds(1)) faults.Add("Balancing.DemandHalfLife must be at least 1 ms.");
        if (IsNoTime(balancing.OfferAfter)) faults.Add("Balancing.OfferAfter must be 0 to 30 days.");
    }

    private static void AddFaults(ResourcePoolOptions options, ForecastingOptions forecasting, List<string> faults)
    {
        if (options.Balancing.Mode == BalancingMode.Off) faults.Add("Forecasting.IsEnabled needs Balancing.Mode to be On or Observe.");
        if (forecasting.Step < options.PlanningPeriod || forecasting.Step <= TimeSpan.Zero || forecasting.Step > TimeSpan.FromDays(1))
        {
            faults.Add("Forecasting.Step must be the PlanningPeriod to 1 day.");
            return;
        }

        // Seasons are the default learner's alone.
        if (forecasting.Forecaster is not null) return;
        foreach (var season in forecasting.SeasonsOrDefault)
        {
            if (forecasting.StepsOf(season) is < 2 or > ForecastingOptions.MostSteps)
                faults.Add($"Forecasting.Seasons: {season} is no season; it must be 2 to {ForecastingOptions.MostSteps} steps of {forecasting.Step}.");
        }
    }

    private static void FindLimitsAboveShares(ResourcePoolOptions options, List<string> faults)
    {
        var nominal = OfValidated(options);
        for (var i = 0; i < nominal.Length; i++)
        {
            if (options.Participants[i] is { Shares: { } shares, LendingLimit: { } limit } sharer && limit > nominal[i])
                faults.Add($"{Who(i, sharer.Name)}: LendingLimit {limit} is above the {nominal[i]} units that Shares {shares} give.");
        }
    }

    /// <summary>For options that have just passed both validators.</summary>
    internal static int[] OfValidated(ResourcePoolOptions options)
    {
        var participants = options.Participants;
        var nominal = new int[participants.Count];
        long left = options.Capacity - options.Reserve;
        for (var i = 0; i < nominal.Length; i++) left -= nominal[i] = participants[i].NominalQuota ?? 0;

        var sharing = new List<int>();
        for (var i = 0; i < nominal.Length; i++)
        {
            if (participants[i].Shares is not null) sharing.Add(i);
        }

        if (sharing.Count == 0) return nominal;
        var divided = LargestRemainder((int)left, [.. sharing.Select(i => participants[i].Shares!.Value)]);
        for (var i = 0; i < divided.Length; i++) nominal[sharing[i]] = divided[i];
        return nominal;
    }

    /// <summary>
    /// Divides whole units in proportion to weights: everybody gets the quotient rounded down, and the units left go one
    /// each to the largest remainders, the earlier of equals first (Hamilton's method). The sum is exact.
    /// </summary>
    internal static int[] LargestRemainder(int units, int[] weights)
    {
        var total = weights.Sum(static w => (long)w);
        var parts = new int[weights.Length];
        var remainders = new long[weights.Length];
        var left = units;
        for (var i = 0; i < weights.Length; i++)
        {
            // Below 2^62: both factors are below 2^31.
            var (quotient, remainder) = Math.DivRem((long)units * weights[i], total);
            parts[i] = (int)quotient;
            remainders[i] = remainder;
            left -= parts[i];
        }

        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => remainders[i]).Take(left)) parts[i]++;
        return parts;
    }

    private static bool IsNoTime(TimeSpan time) => time < TimeSpan.Zero || time > ResourcePool.LongestTerm;

    private static bool HasControlCharacters(string name)
    {
        foreach (var character in name)
        {
            if (char.IsControl(character)) return true;
        }

        return false;
    }

    private static string Who(int place, string name)
    {
        var printable = string.Concat((name.Length > 32 ? name[..32] + "..." : name).Select(static c => char.IsControl(c) ? '?' : c));
        return $"Participants[{place}] ('{printable}')";
    }
}
