using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Market;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

// Who belongs to the pool and what they own. Every change is a whole configuration: planned and checked first, then applied as one
// step under all locks, by moving ownership; what cannot move because it is in use or lent is owed.
public sealed partial class ResourcePool
{
    /// <summary>Adds a participant. Those with shares give up part of theirs; what is in use there follows as it is released.</summary>
    /// <returns>The new participant; a name that was here before has its old reputation.</returns>
    /// <exception cref="OptionsValidationException">The options are wrong, the name is taken or still leaving, or there are not enough units; nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public Participant Add(ParticipantOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Change(current => current.Participants.Add(options.Copy()));
        var participant = this[options.Name];
        Log(logger => PoolLog.ParticipantJoined(logger, participant.Name, participant.NominalQuota));
        return participant;
    }

    /// <summary>Changes what a participant owns and its limits. Waiters, loans and leases stay; what is too much is owed and paid as it is released.</summary>
    /// <exception cref="KeyNotFoundException">There is no participant of that name.</exception>
    /// <exception cref="OptionsValidationException">The options are wrong, or there are not enough units; nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public void Update(ParticipantOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ = this[options.Name];
        Change(current =>
        {
            var place = PlaceOf(current, options.Name);
            if (place < 0) throw new KeyNotFoundException($"The resource pool has no participant '{options.Name}'; it is leaving.");
            current.Participants[place] = options.Copy();
        });
    }

    /// <summary>
    /// Removes a participant: refuses its callers and ends its loans at once, and waits until its leases are disposed and its
    /// units are back. Its reputation stays on record.
    /// </summary>
    /// <param name="name">Its name, which is free when the task completes.</param>
    /// <param name="cancellationToken">Ends the waiting, not the removal.</param>
    /// <exception cref="KeyNotFoundException">There is no participant of that name.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public Task RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        var participant = this[name];
        if (participant.Leaving is null)
        {
            Change(current =>
            {
                // Another may have removed it meanwhile, and the name may be somebody else's by now.
                if (participant.Leaving is null && PlaceOf(current, name) is var place and >= 0) current.Participants.RemoveAt(place);
            });
        }

        return participant.Leaving!.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Applies a whole configuration, or none of it: participants that an earlier one brought in and this one does not name
    /// are removed, those added by <see cref="Add"/> stay, and a changed capacity comes from, or goes to, the reserve.
    /// </summary>
    /// <exception cref="OptionsValidationException">It is wrong, alone or beside the participants that stay; nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public void Reconfigure(ResourcePoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var now = _book.Clock.NowOrLast();
        Aftermath aftermath;
        lock (_membership)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var whole = Copy(options);
            foreach (var participant in _participants)
            {
                if (!participant.IsConfigured && participant.Leaving is null && PlaceOf(whole, participant.Name) < 0)
                    whole.Participants.Add(participant.Options);
            }

            aftermath = Apply(whole, options, Plan(whole, isWhole: true), now);
        }

        Finish(aftermath);
        Log(logger => PoolLog.PoolReconfigured(logger, Capacity, Participants.Count));
    }

    /// <summary>All locks are held.</summary>
    private void Order()
    {
        _allWithReserve = [.. _participants, Reserve];
        for (var i = 0; i < _participants.Length; i++) _participants[i].Place = i;
    }

    internal void TryFinishRemoval(Participant participant)
    {
        if (!participant.Account.IsDrained) return;
        var hasLeft = false;
        AttentionList attention;
        lock (_membership)
        {
            attention = _book.Audit((ref _) =>
            {
                if (!participant.Account.IsDrained || !_byName.TryRemove(new(participant.Name, participant))) return;
                _book.Close(participant.Account);
                _book.Credits?.Leave(participant.Account.Credits!, _book.Clock.Last);
                Stability?.Forget(participant);
                participant.Standing.Follow(null);
                _events.Write(PoolEventKind.Removed, participant.Name, 0);
                _participants = [.. _participants.Where(p => p != participant)];
                Order();
                hasLeft = true;
            });
        }

        _book.Attend(attention);
        if (!hasLeft) return;
        Log(logger => PoolLog.ParticipantLeft(logger, participant.Name));
        participant.Leaving!.TrySetResult();
    }

    private static int PlaceOf(ResourcePoolOptions options, string name)
    {
        for (var i = 0; i < options.Participants.Count; i++)
            if (options.Participants[i]?.Name == name) return i;
        return -1;
    }

    private static ResourcePoolOptions Copy(ResourcePoolOptions options)
    {
        var copy = new ResourcePoolOptions
        {
            Capacity = options.Capacity,
            Reserve = options.Reserve,
            DefaultTerm = options.DefaultTerm,
            GracePeriod = options.GracePeriod,
            DefaultLimit = options.DefaultLimit,
            PlanningPeriod = options.PlanningPeriod,
            OpenLoanLimit = options.OpenLoanLimit,
            Mode = options.Mode,
            TrackLeases = options.TrackLeases,
            Reputation = options.Reputation.Copy(),
            Stability = options.Stability.Copy(),
            Balancing = options.Balancing.Copy(),
            Forecasting = options.Forecasting.Copy(),
            Marketplace = options.Marketplace.Copy(),
            Unit = options.Unit.Copy(),
        };
        foreach (var participant in options.Participants) copy.Participants.Add(participant?.Copy()!);
        return copy;
    }

    private void Change(Action<ResourcePoolOptions> change)
    {
        var now = _book.Clock.NowOrLast();
        Aftermath aftermath;
        lock (_membership)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var whole = Copy(_options);
            change(whole);
            aftermath = Apply(whole, configured: null, Plan(whole, isWhole: false), now);
        }

        Finish(aftermath);
    }

    /// <summary>As <see cref="QuotaPlan.Of"/>, and a name is not free before its last bearer has left.</summary>
    private int[] Plan(ResourcePoolOptions whole, bool isWhole)
    {
        foreach (var participant in _participants)
        {
            if (participant.Leaving is not null && PlaceOf(whole, participant.Name) >= 0)
                throw new OptionsValidationException(Options.DefaultName, typeof(ResourcePoolOptions), [$"Participant '{participant.Name}' is still leaving; its name is not free yet."]);
        }

        var isFixed = whole.Mode == _options.Mode && whole.TrackLeases == _options.TrackLeases && whole.Stability.IsEnabled == _options.Stability.IsEnabled
            && whole.Balancing.Mode == _options.Balancing.Mode && whole.Forecasting.IsEnabled == _options.Forecasting.IsEnabled
            && whole.Marketplace.IsEnabled == _options.Marketplace.IsEnabled;
        if (!isFixed)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(ResourcePoolOptions),
                ["Mode, TrackLeases, Stability.IsEnabled, Balancing.Mode, Forecasting.IsEnabled and Marketplace.IsEnabled cannot change while the pool lives."]);
        }

        return QuotaPlan.Of(whole, isWhole);
    }

    /// <summary>Makes a checked configuration true. The membership lock is held; the result is for <see cref="Finish"/>, outside it.</summary>
    /// <param name="whole">All participants.</param>
    /// <param name="configured">The configuration in which they come; null when it is a change by hand.</param>
    /// <param name="quotas">What everybody owns.</param>
    /// <param name="now">The time; read before any lock was taken.</param>
    private Aftermath Apply(ResourcePoolOptions whole, ResourcePoolOptions? configured, int[] quotas, long now)
    {
        var leaving = new List<Participant>();
        var unit = whole.Unit.Divide(whole.Capacity);
        var attention = _book.Audit((ref found) =>
        {
            Reserve.UnitAmounts = unit;
            _options = Copy(whole);
            _terms.Clear();
            _book.Conditions = _terms.GetOrAdd(LoanTerms.Default, MakeConditions(LoanTerms.Default));
            _book.OnDemand = _book.Conditions with { IsOnDemand = true };
            _book.Standing = _book.OnDemand with { IsStanding = true, AutoRenews = true };
            _book.DefaultLimit = Milliseconds(whole.DefaultLimit);
            _book.PlanningPeriod = Milliseconds(whole.PlanningPeriod);
            _book.OpenLoanLimit = whole.OpenLoanLimit;
            _book.DefaultTerm = Milliseconds(whole.DefaultTerm);
            _book.Price = CreditAmount.Price(whole.Marketplace.Price);
            _book.Credits?.Configure(CreditAmount.Of(whole.Marketplace.InitialCredits), CreditAmount.Of(whole.Marketplace.OverdraftLimit));
            Reputations.ReferenceSeconds = whole.DefaultTerm.TotalSeconds;

            var named = new HashSet<string>(StringComparer.Ordinal);
            foreach (var options in configured?.Participants ?? []) named.Add(options.Name);
            var targets = new Dictionary<Participant, int>(quotas.Length);
            var joined = new List<Participant>();
            for (var i = 0; i < quotas.Length; i++)
            {
                var options = _options.Participants[i];
                if (!_byName.TryGetValue(options.Name, out var participant))
                {
                    participant = Open(options.Name, isConfigured: configured is not null);
                    participant.Account.Credits = _book.Credits?.Join(participant.Name, now);
                    _events.Write(PoolEventKind.Joined, participant.Name, 0);
                    joined.Add(participant);
                }

                if (named.Contains(options.Name)) participant.IsConfigured = true;
                participant.Options = options;
                if (unit.Needed(options.Needs) is var amounts && amounts != participant.UnitAmounts) participant.UnitAmounts = amounts;
                targets.Add(participant, quotas[i]);
            }

            foreach (var participant in _participants)
            {
                if (targets.ContainsKey(participant) || participant.Leaving is not null) continue;
                participant.Leaving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                participant.Account.IsDraining = true;
                participant.Waiters.Refuse(WaitOutcome.Removed);
                participant.Account.Changed ??= participant.OnChanged;
                _book.EndLoansOf(participant.Account, now, ref found);
                leaving.Add(participant);
                targets.Add(participant, 0);
            }

            MoveUnits(targets, whole.Capacity, now, ref found);
            var lendable = Reserve.Account.Nominal + targets.Sum(t => (long)MostOnDemandOf(t.Key, t.Value));
            foreach (var (participant, nominal) in targets) SetLimits(participant, nominal, whole.Capacity, lendable - MostOnDemandOf(participant, nominal));
            Reserve.Account.LendingLimit = Reserve.Account.Ceiling = Reserve.Account.Nominal;
            Reserve.Account.Rules = RulesOf(Reserve.Options);
            Capacity = whole.Capacity;

            foreach (var participant in targets.Keys)
            {
                SetNewcomer(participant);
                found.Add(participant.Account);
            }

            foreach (var participant in joined) _byName[participant.Name] = participant;
            _participants = [.. _participants, .. joined];
            Order();
        });

        if (configured is not null) ConfiguredFrom = configured;
        return new Aftermath(attention, leaving);
    }

    /// <summary>All ownership passes through the reserve: first from those that lose units, last to those that gain.</summary>
    private void MoveUnits(Dictionary<Participant, int> targets, int capacity, long now, ref AttentionList attention)
    {
        var reserve = Reserve.Account;
        foreach (var (participant, nominal) in targets)
        {
            var account = participant.Account;
            if (nominal < account.Nominal) account.Home.MoveOwnership(account, reserve, account.Nominal - nominal, now, ref attention);
        }

        var more = capacity - Capacity;
        if (more < 0)
        {
            // Units in use cannot vanish: the rest is retired as it is released.
            reserve.Home.MoveOwnership(reserve, _retired, -more, now, ref attention);
        }
        else if (more > 0)
        {
            var back = Math.Min(more, _retired.Nominal);
            if (back > 0) _retired.Home.MoveOwnership(_retired, reserve, back, now, ref attention);
            reserve.Nominal += more - back;
            reserve.Cell.Credit(more - back);
            _events.Write(PoolEventKind.CapacityRaised, ReserveName, more - back);
            attention.Add(reserve);
        }

        foreach (var (participant, nominal) in targets)
        {
            var account = participant.Account;
            if (nominal > account.Nominal) reserve.Home.MoveOwnership(reserve, account, nominal - account.Nominal, now, ref attention);
        }
    }

    private static int LendingLimitOf(Participant participant, int nominal) =>
        participant.Leaving is not null ? 0 : Math.Min(participant.Options.LendingLimit ?? nominal / 2, nominal);

    /// <summary>What it can lend at the best to callers that are short: nobody is asked for those, and they ask for the default term.</summary>
    private int MostOnDemandOf(Participant participant, int nominal)
    {
        var options = participant.Options;
        return options.Consent != LendingConsent.Automatic || options.LongestTerm < DefaultTerm ? 0
            : Math.Max(0, Math.Min(LendingLimitOf(participant, nominal), nominal - options.Headroom));
    }

    private void SetNewcomer(Participant participant) =>
        participant.Account.IsNewcomer = participant.Standing.Completed < _options.Reputation.NewcomerLoans;

    /// <param name="participant">Whose limits.</param>
    /// <param name="nominal">What it owns from now on.</param>
    /// <param name="capacity">Of the whole pool.</param>
    /// <param name="lendable">What all others together could lend to its callers.</param>
    private static void SetLimits(Participant participant, int nominal, int capacity, long lendable)
    {
        var (account, options) = (participant.Account, participant.Options);
        var isLeaving = participant.Leaving is not null;
        account.LendingLimit = LendingLimitOf(participant, nominal);
        account.BorrowingLimit = isLeaving ? 0 : Math.Min(options.BorrowingLimit ?? int.MaxValue, capacity - nominal);
        account.Ceiling = nominal + account.BorrowingLimit;
        account.Rules = RulesOf(options);
        // What others could lend at the best, waiting may bring; more would block the queue for ever.
        account.Waiters.LargestEver = options.BorrowOnDemand ? (int)Math.Min(account.Ceiling, nominal + lendable) : nominal;
        account.Waiters.Limit = options.QueueLimit ?? Math.Max(ParticipantOptions.LeastDefaultQueueLimit, nominal);
        account.Waiters.NewestFirst = options.QueueOrder == QueueProcessingOrder.NewestFirst;
    }

    private static LendingRules RulesOf(ParticipantOptions options) => new(
        options.Consent, options.Headroom, options.IdleThreshold, Milliseconds(options.MinimumIdleTime), Milliseconds(options.LongestTerm), options.GrantThreshold,
        options.HarmBudget?.TotalMilliseconds ?? double.PositiveInfinity, options.OpenLoanLimit);

    private Participant Open(string name, bool isConfigured)
    {
        if (!_standings.TryGetValue(name, out var standing)) _standings[name] = standing = new Standing(name);
        var account = _book.Open(name);
        var participant = new Participant(this, account, standing, isConfigured);
        account.Owner = participant;
        standing.Follow(score => account.Score = score);
        return participant;
    }

    /// <summary>What a change leaves to be done once no lock is held: whom to attend, and whose waiters to turn away.</summary>
    private readonly record struct Aftermath(AttentionList Attention, List<Participant> Leaving);
}
