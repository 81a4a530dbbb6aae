using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;
using ResourceBorrowing.State;

namespace ResourceBorrowing;

// Reputations as the pool's users see them: why they are as they are, and how they outlive the process.
public sealed partial class ResourcePool
{
    // Of a state that was loaded where there is no marketplace.
    private SavedCredits[]? _keptCredits;

    internal ReputationOptions ReputationOptions => _options.Reputation;

    /// <summary>Why a participant has the reputation it has: how it stands with each source of evidence, and the last changes with their reasons.</summary>
    /// <param name="name">Its name; that of a participant that has left will do.</param>
    /// <returns>Data; its <see cref="ReputationExplanation.ToString"/> is a text for people.</returns>
    /// <exception cref="KeyNotFoundException">There never was a participant of that name.</exception>
    public ReputationExplanation Explain(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Reputations.JudgeSettled();
        Standing? standing;
        lock (_membership) _standings.TryGetValue(name, out standing);
        if (standing is null) throw new KeyNotFoundException($"The resource pool has never had a participant '{name}'.");
        return Reputations.Explain(standing, _byName.GetValueOrDefault(name));
    }

    /// <summary>How the host fares, and why: its health, all readings, and whether it is overloaded, so that nothing is lent.</summary>
    /// <returns>Of the last sample, less than two seconds ago; health 1 when the host is not watched.</returns>
    public StabilityReport ReportStability() => Stability?.Report() ?? new StabilityReport(1, false, "the host is not watched", [], []);

    /// <summary>Writes what the pool shall remember in its next life: the reputations of all names, with all that they are made of, what forecasters have learnt, and credits.</summary>
    /// <param name="stream">Where to; stays open. What it throws reaches the caller.</param>
    /// <remarks>Works on a pool that was disposed. Loans are not part of it: they end with the process, and what was held for them is not paid.</remarks>
    public void SaveState(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Reputations.JudgeSettled();
        Standing[] standings;
        lock (_membership) standings = [.. _standings.Values];
        var at = Time.GetUtcNow();
        var state = StateBook.Save(standings, Reputations.Policy, TimeSpan.FromMilliseconds(Now), at);
        if (Forecasting.IsEnabled && !Balancer!.TryBetweenPlans(() => state = state with { Forecasts = ForecastBook.Save(this) }))
            Contain("forecaster", new TimeoutException("A forecaster did not come to an end; forecasts are not saved."));
        if (_book.Credits is { } ledger) _book.Attend(_book.Audit((ref _) => state = state with { Credits = CreditsBook.Save(ledger) }));
        else state = state with { Credits = Volatile.Read(ref _keptCredits) };
        stream.Write(StateFormat.Write(state));
    }

    /// <summary>
    /// Takes up what <see cref="SaveState"/> wrote, of this version of the library or an earlier one, as if the time between had been spent waiting. Names that it
    /// speaks of have their reputation from it; others keep what they have. Forecasts are taken up by participants that are there, where forecaster, step and seasons are the same; credits
    /// where there is a marketplace, by participants that are there, and by others when they join; where there is none they are kept for the next state.
    /// </summary>
    /// <param name="stream">Where from; stays open. What it throws reaches the caller.</param>
    /// <exception cref="InvalidDataException">
    /// It is no such state, is damaged, is of a later version or of another reputation policy, or has fewer credits for somebody than are held for loans that go on. The message says which, and nothing is changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public void LoadState(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        var state = StateFormat.Read(stream);
        var at = Time.GetUtcNow();
        Reputations.JudgeSettled();
        var forecasts = ForecastBook.Load(state, this, at);
        var loadReputations = StateBook.Load(state, StandingOf, Reputations.Policy, TimeSpan.FromMilliseconds(Now), at);
        LoadCredits(state);
        loadReputations();
        if (forecasts.Count > 0 && !Balancer!.TryBetweenPlans(() => forecasts.ForEach(static f => (f.Participant.Demand.Forecast, f.Participant.Demand.ForecastKind) = (f.Forecast, f.Kind))))
            Contain("forecaster", new TimeoutException("A forecaster did not come to an end; forecasts are not loaded."));
        foreach (var participant in AllWithReserve) SetNewcomer(participant);
        Wants.LookAgain();
    }

    /// <summary>Balances are checked against those there are and taken up in one step.</summary>
    private void LoadCredits(SavedState state)
    {
        if (state.Credits is not { } saved) return;
        var (balances, now, fault) = (CreditsBook.Read(saved), Now, (string?)null);
        if (_book.Credits is not { } ledger)
        {
            Volatile.Write(ref _keptCredits, saved);
            return;
        }

        _book.Attend(_book.Audit((ref _) => fault = ledger.Load(balances, now)));
        if (fault is not null) throw StateFormat.Wrong(fault);
    }

    private Standing StandingOf(string name)
    {
        lock (_membership)
        {
            if (!_standings.TryGetValue(name, out var standing)) _standings[name] = standing = new Standing(name);
            return standing;
        }
    }
}
