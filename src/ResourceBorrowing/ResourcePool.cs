using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Market;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing;

/// <summary>
/// A fixed number of resource units, owned by named participants that lend and borrow them. In a host,
/// <c>services.AddResourceBorrowing()</c> builds one.
/// </summary>
/// <remarks>
/// Thread-safe. At rest the allocations of all participants and the reserve add up to the capacity, and no participant
/// ever has more in use than its allocation, unless the pool only observes. Membership and quotas may change while the pool is in use: leases and
/// reputations stay, loans end only when a party is removed, and waiters are turned away only when their participant is removed or what they ask for has
/// become impossible.
/// </remarks>
public sealed partial class ResourcePool : IDisposable, IAsyncDisposable
{
    /// <summary>The shortest term of a loan: 1 ms.</summary>
    public static readonly TimeSpan ShortestTerm = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest term of a loan: 30 days.</summary>
    public static readonly TimeSpan LongestTerm = TimeSpan.FromDays(30);

    internal const string ReserveName = "(reserve)";
    internal const string RetiredName = "(retired)";

    // Settled loans become evidence in batches, after this time at the latest.
    private const int EvidenceDelayMilliseconds = 100;

    private readonly Lock _membership = new();
    private readonly ConcurrentDictionary<string, Participant> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Standing> _standings = new(StringComparer.Ordinal);
    private readonly EventStream _events;
    private readonly LoanBook _book;
    private readonly LoanScheduler _scheduler;
    private readonly Allocation _retired;
    private readonly ILogger _logger;
    private Participant[] _participants = [];
    private Participant[] _allWithReserve = [];
    private ResourcePoolOptions _options = new();
    private bool _disposed;

    /// <summary>Builds a pool; <see cref="Dispose"/> it at the end.</summary>
    /// <param name="options">Capacity and participants; copied.</param>
    /// <param name="timeProvider">All time of the pool. Default the system's; a fake one makes tests deterministic.</param>
    /// <param name="reputationPolicy">Judges behaviour. Default <see cref="BetaReputationPolicy"/>.</param>
    /// <param name="loggerFactory">Where to log. Default nowhere.</param>
    /// <param name="meterFactory">Where to measure. Default nowhere.</param>
    /// <param name="signals">Further measures of how the host fares. Default none.</param>
    /// <exception cref="OptionsValidationException">The options are wrong; the message names every fault.</exception>
    public ResourcePool(
        ResourcePoolOptions options,
        TimeProvider? timeProvider = null,
        IReputationPolicy? reputationPolicy = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        IEnumerable<IStabilitySignal>? signals = null)
        : this(options, timeProvider, reputationPolicy, loggerFactory, meterFactory, signals, shards: null)
    {
    }

    internal ResourcePool(
        ResourcePoolOptions options,
        TimeProvider? timeProvider,
        IReputationPolicy? reputationPolicy,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        IEnumerable<IStabilitySignal>? signals,
        int? shards,
        int[]? nominal = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        nominal ??= QuotaPlan.Of(options);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<ResourcePool>();
        _book = new LoanBook(new PoolClock(timeProvider ?? TimeProvider.System), shards);
        Reputations = new Reputations(this, reputationPolicy ?? new BetaReputationPolicy(), _book);
        Shortages = new Shortages(this, _book);
        Wants = new Wants(this, _book);
        Tracing = new PoolTracing(this);
        _events = new EventStream(this, _book);
        Shadow = options.Mode == PoolMode.Observe ? new ShadowLedger(this, _book) : null;
        Tracker = options.TrackLeases ? new LeaseTracker(this) : null;
        _scheduler = new LoanScheduler(_book, OnTimer, exception => Contain("time provider", exception));

        if (options.Marketplace.IsEnabled)
        {
            _book.Credits = new CreditLedger(ReserveName);
            _market = new Marketplace(this, _book, options.Marketplace.GetMechanism());
        }

        Participant? reserve = null;
        Allocation? retired = null;
        _book.Audit((ref _) =>
        {
            retired = _book.Open(RetiredName);
            reserve = Open(ReserveName, isConfigured: true);
            reserve.Account.Credits = _book.Credits?.Reserve;
        });
        _retired = retired!;
        Reserve = reserve!;
        if (options.Stability.IsEnabled)
        {
            var limits = OverloadLimits.Default with { Threshold = options.Stability.OverloadThreshold, Recovery = options.Stability.RecoveryThreshold };
            Stability = new StabilityWatch(this, Time == TimeProvider.System ? new HostReadings(Time) : null, [.. signals ?? []], limits);
        }

        if (options.Balancing.Mode != BalancingMode.Off) Balancer = new Balancer(this, _book);
        Metrics = new PoolMetrics(this, meterFactory);
        _book.OutcomesPending = now => _scheduler.Arm(now + EvidenceDelayMilliseconds);
        _book.Attended = Wants.OnAttended;
        _book.Recall = Tell;
        _book.Notify = Report;
        Aftermath aftermath;
        lock (_membership) aftermath = Apply(options, options, nominal, now: 0);
        Finish(aftermath);
        Stability?.Start();
        Balancer?.Start();
        _market?.Start();
        Log(logger => PoolLog.PoolStarted(logger, Capacity, _participants.Length));
    }

    /// <summary>All units of the pool.</summary>
    public int Capacity { get; private set; }

    /// <summary>The units that no participant owns: a participant that lends up to all it has, from a reputation of 40 on, and borrows nothing.</summary>
    public Participant Reserve { get; }

    /// <summary>The participants now, in the order in which they joined, without the reserve.</summary>
    public IReadOnlyList<Participant> Participants => Volatile.Read(ref _participants);

    /// <summary>Whether limits are enforced.</summary>
    public PoolMode Mode => IsObserving ? PoolMode.Observe : PoolMode.Enforce;

    internal bool IsObserving => Shadow is not null;

    internal bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>What would have been lent; only in a pool that observes.</summary>
    internal ShadowLedger? Shadow { get; }

    internal Reputations Reputations { get; }

    /// <summary>Watches the host; null where it is not to be watched.</summary>
    internal StabilityWatch? Stability { get; }

    /// <summary>Moves units by itself; null where it is not to.</summary>
    internal Balancer? Balancer { get; }

    internal BalancingOptions Balancing => _options.Balancing;

    internal ForecastingOptions Forecasting => _options.Forecasting;

    internal Shortages Shortages { get; }

    internal Wants Wants { get; }

    internal PoolTracing Tracing { get; }

    internal LeaseTracker? Tracker { get; }

    /// <summary>Whether no lease may take the hot path.</summary>
    internal bool LooksAtEachLease => Shadow is not null || Tracker is not null;

    internal TimeProvider Time => _book.Clock.Time;

    internal LoanBook Book => _book;

    /// <summary>Milliseconds of pool time.</summary>
    internal long Now => _book.Clock.NowOrLast();

    /// <summary>The term of loans that ask for none.</summary>
    internal TimeSpan DefaultTerm => _options.DefaultTerm;

    internal long DroppedEvents => _events.Dropped;

    internal PoolMetrics Metrics { get; }

    /// <summary>The options object of the last whole configuration.</summary>
    internal ResourcePoolOptions? ConfiguredFrom { get; private set; }

    internal Participant[] AllWithReserve => Volatile.Read(ref _allWithReserve);

    /// <summary>Pool time; zero when the time provider throws.</summary>
    internal TimeSpan Elapsed
    {
        get
        {
            try
            {
                return _book.Clock.Elapsed;
            }
            catch (Exception exception)
            {
                Contain("time provider", exception);
                return default;
            }
        }
    }

    /// <summary>The participant of that name. Look it up once and hold on to it.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Participant this[string name] => TryGetParticipant(name, out var participant)
        ? participant
        : throw new KeyNotFoundException($"The resource pool has no participant '{name}'. It has: {string.Join(", ", Participants.Select(static p => p.Name))}.");

    /// <summary>Looks a participant up by name.</summary>
    public bool TryGetParticipant(string name, [NotNullWhen(true)] out Participant? participant) => _byName.TryGetValue(name, out participant);

    /// <summary>Has a mapper told of a participant's allocation: now, and whenever it changes. It stays attached until <see cref="Detach"/>.</summary>
    /// <exception cref="ArgumentException">The participant belongs to another pool.</exception>
    public void Attach(Participant participant, IResourceMapper mapper)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        ThrowIfForeign(participant);
        participant.Mappers.Add(mapper);
    }

    /// <summary>No longer has a mapper told of a participant's allocation; what is just being told may still arrive. Nothing happens when it is not attached.</summary>
    /// <exception cref="ArgumentException">The participant belongs to another pool.</exception>
    public void Detach(Participant participant, IResourceMapper mapper)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        ThrowIfForeign(participant);
        participant.Mappers.Remove(mapper);
    }

    private void ThrowIfForeign(Participant participant)
    {
        ArgumentNullException.ThrowIfNull(participant);
        if (participant.Pool != this) throw new ArgumentException($"'{participant.Name}' belongs to another pool.", nameof(participant));
    }

    /// <summary>The whole pool at one instant: all transfers stand still while it is taken, acquiring and releasing go on.</summary>
    public PoolSnapshot Snapshot()
    {
        Reputations.JudgeSettled();
        PoolSnapshot? snapshot = null;
        AttentionList attention;
        lock (_membership)
        {
            attention = _book.Audit((ref _) =>
            {
                var all = _participants.Select(Describe).ToArray();
                var reserve = Describe(Reserve);
                var loans = _participants.Sum(static p => p.Account.OpenLoans) + Reserve.Account.OpenLoans;
                snapshot = new PoolSnapshot(Capacity, _retired.Lent, loans, reserve, all);
            });
        }

        _book.Attend(attention);
        return snapshot!;
    }

    /// <summary>The last plan by which units moved, with a reason for each participant.</summary>
    /// <returns>Null before the first plan, and in a pool that does not balance; see <see cref="BalancingOptions.Mode"/>.</returns>
    public BalanceReport? ReportBalance() => Balancer?.Last?.Report();

    /// <summary>
    /// What happens in the pool, from the moment at which the reading begins: first the state of every participant, then every change. Several may read; the pool
    /// never waits for them.
    /// </summary>
    /// <param name="capacity">
    /// How many events may wait to be read, from 1; then the oldest are dropped, and a <see cref="PoolEventKind.Dropped"/> says how many. Default 4096.
    /// </param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Ends when the pool is disposed. While nobody reads, events cost one look at a field.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A capacity below 1.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public IAsyncEnumerable<PoolEvent> ReadEventsAsync(int capacity = 4096, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return _events.ReadAsync(capacity, cancellationToken);
    }

    /// <summary>The leases that have been out the longest, oldest first: where a leak is to be looked for.</summary>
    /// <param name="count">How many at the most, from 1. Default 10.</param>
    /// <param name="participant">Whose. Default everybody's.</param>
    /// <returns>Empty unless the pool was built with <see cref="ResourcePoolOptions.TrackLeases"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count below 1.</exception>
    public IReadOnlyList<TrackedLease> OldestLeases(int count = 10, Participant? participant = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return Tracker?.Oldest(count, participant?.Name) ?? [];
    }

    /// <summary>
    /// Ends the pool: waiting callers get an <see cref="ObjectDisposedException"/>, nothing new is granted, loans stay as they are and come due no more.
    /// Leases and loans still out may be disposed afterwards.
    /// </summary>
    public void Dispose()
    {
        lock (_membership)
        {
            if (_disposed) return;
            Volatile.Write(ref _disposed, true);
        }

        _scheduler.Dispose();
        foreach (var participant in AllWithReserve)
        {
            participant.Waiters.Refuse(WaitOutcome.Disposed);
            participant.Waiters.Serve();
        }

        Wants.LookAgain();
        _market?.Withdraw(null);
        Stability?.Dispose();
        _events.Complete();
    }

    /// <summary>As <see cref="Dispose"/>; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>User code threw: counted and logged, and everything goes on.</summary>
    internal void Contain(string source, Exception exception)
    {
        Metrics.Contained(source);
        Log(logger => PoolLog.ExceptionContained(logger, source, exception));
    }

    /// <summary>Runs while everything is at rest, and answers how it stood then.</summary>
    internal IReadOnlyList<ParticipantSnapshot> Begin(Action action)
    {
        ParticipantSnapshot[] all = [];
        AttentionList attention;
        lock (_membership)
        {
            attention = _book.Audit((ref _) =>
            {
                action();
                all = [.. AllWithReserve.Select(Describe), Describe(_retired, 0)];
            });
        }

        _book.Attend(attention);
        return all;
    }

    internal void Arm(long tick) => _scheduler.Arm(tick);

    internal void CountHarmed(Allocation lender, int callers) => _book.CountHarmed(lender, callers, Now);

    internal TimeSpan HarmOf(Participant lender, Participant? borrower)
    {
        var account = lender.Account;
        account.Harm.Settle(Now);
        if (borrower is null) return TimeSpan.FromMilliseconds(account.Harm.Total);
        var pair = account.Harm.Find(borrower.Account);
        return pair is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(account.Harm.Of(pair));
    }

    /// <summary>Callers wait: what was lent is recalled, and what can be borrowed for them will be.</summary>
    internal void OnShort(Participant participant)
    {
        Shortages.RecallFor(participant);
        if (Shortages.CanBorrow(participant) && participant.Want.TryList()) Wants.Add(participant.Want);
        else if (participant.Want.MissesFewer) Wants.Serve();
    }

    private void Finish(Aftermath aftermath)
    {
        _book.Attend(aftermath.Attention);
        foreach (var participant in aftermath.Leaving)
        {
            participant.Waiters.Serve();
            _market?.Withdraw(participant);
        }

        Wants.LookAgain();
        Balancer?.LookAgain();
        _market?.LookAgain();
    }

    private static ParticipantSnapshot Describe(Participant participant) => Describe(participant.Account, participant.Standing.Score);

    private static ParticipantSnapshot Describe(Allocation account, double score)
    {
        var word = account.Cell.Read();
        return new ParticipantSnapshot(
            account.Name, account.Nominal, account.Floor, account.Ceiling, word.Allocation, word.InUse,
            account.Lent, account.Borrowed, account.Debt, account.Waiters.WaitingUnits, score);
    }
}
