using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;
using ResourceBorrowing.Mapping;
using ResourceBorrowing.Permits;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>
/// A fixed number of resource units, owned by named participants that lend and borrow them. In a host,
/// <c>services.AddResourceBorrowing()</c> builds one.
/// </summary>
/// <remarks>
/// Thread-safe. At rest the allocations of all participants and the reserve add up to the capacity, and no participant
/// ever has more in use than its allocation. Membership and quotas may change while the pool is in use; no waiter, loan or reputation is
/// lost by it.
/// </remarks>
public sealed partial class ResourcePool : IDisposable, IAsyncDisposable
{
    /// <summary>The shortest term of a loan: 1 ms.</summary>
    public static readonly TimeSpan ShortestTerm = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest term of a loan: 30 days.</summary>
    public static readonly TimeSpan LongestTerm = TimeSpan.FromDays(30);

    internal const string ReserveName = "(reserve)";

    // Settled loans become evidence in batches, after this time at the latest.
    private const int EvidenceDelayMilliseconds = 100;

    private readonly Lock _membership = new();
    private readonly ConcurrentDictionary<string, Participant> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Standing> _standings = new(StringComparer.Ordinal);
    private readonly LoanBook _book;
    private readonly LoanScheduler _scheduler;
    private readonly Allocation _retired;
    private readonly ILogger _logger;
    private Participant[] _participants = [];
    private ResourcePoolOptions _options = new();
    private bool _disposed;

    /// <summary>Builds a pool; <see cref="Dispose"/> it at the end.</summary>
    /// <param name="options">Capacity and participants; copied.</param>
    /// <param name="timeProvider">All time of the pool. Default the system's; a fake one makes tests deterministic.</param>
    /// <param name="reputationPolicy">Judges behaviour. Default <see cref="AdditiveReputationPolicy"/>.</param>
    /// <param name="loggerFactory">Where to log. Default nowhere.</param>
    /// <param name="meterFactory">Where to measure. Default nowhere.</param>
    /// <exception cref="OptionsValidationException">The options are wrong; the message names every fault.</exception>
    public ResourcePool(
        ResourcePoolOptions options,
        TimeProvider? timeProvider = null,
        IReputationPolicy? reputationPolicy = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null)
        : this(options, timeProvider, reputationPolicy, loggerFactory, meterFactory, shards: null)
    {
    }

    internal ResourcePool(
        ResourcePoolOptions options,
        TimeProvider? timeProvider,
        IReputationPolicy? reputationPolicy,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        int? shards,
        int[]? nominal = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        nominal ??= QuotaPlan.Of(options);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<ResourcePool>();
        _book = new LoanBook(new PoolClock(timeProvider ?? TimeProvider.System), shards);
        Reputations = new Reputations(this, reputationPolicy ?? new AdditiveReputationPolicy(), _book);
        _scheduler = new LoanScheduler(_book, Reputations.JudgeSettled, exception => Contain("time provider", exception));

        Participant? reserve = null;
        Allocation? retired = null;
        _book.Audit((ref _) =>
        {
            retired = _book.Open("(retired)");
            reserve = Open(ReserveName, isConfigured: true);
        });
        _retired = retired!;
        Reserve = reserve!;
        Metrics = new PoolMetrics(this, meterFactory);
        _book.OutcomesPending = now => _scheduler.Arm(now + EvidenceDelayMilliseconds);
        Aftermath aftermath;
        lock (_membership) aftermath = Apply(options, options, nominal, now: 0);
        Finish(aftermath);
        Log(logger => PoolLog.PoolStarted(logger, Capacity, _participants.Length));
    }

    /// <summary>All units of the pool.</summary>
    public int Capacity { get; private set; }

    /// <summary>The units that no participant owns: a participant that only lends, up to all it has.</summary>
    public Participant Reserve { get; }

    /// <summary>The participants now, in the order in which they joined, without the reserve.</summary>
    public IReadOnlyList<Participant> Participants => Volatile.Read(ref _participants);

    internal Reputations Reputations { get; }

    internal PoolMetrics Metrics { get; }

    /// <summary>The options object of the last whole configuration.</summary>
    internal ResourcePoolOptions? ConfiguredFrom { get; private set; }

    internal IEnumerable<Participant> AllWithReserve => Volatile.Read(ref _participants).Append(Reserve);

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

    /// <summary>Has a mapper told of a participant's allocation: now, and whenever it changes.</summary>
    /// <exception cref="ArgumentException">The participant belongs to another pool.</exception>
    public void Attach(Participant participant, IResourceMapper mapper)
    {
        ArgumentNullException.ThrowIfNull(participant);
        ArgumentNullException.ThrowIfNull(mapper);
        if (participant.Pool != this) throw new ArgumentException($"'{participant.Name}' belongs to another pool.", nameof(participant));
        participant.Mappers.Add(mapper);
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

    /// <summary>
    /// Ends the pool: waiting callers get an <see cref="ObjectDisposedException"/>, nothing new is granted, loans stay as they are.
    /// Leases still out may be disposed afterwards.
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
    }

    /// <summary>As <see cref="Dispose"/>; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    internal Loan TryBorrow(Participant borrower, Participant lender, int units, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(lender);
        if (lender == borrower) throw new ArgumentException($"'{borrower.Name}' cannot borrow from itself.", nameof(lender));
        if (lender.Pool != this) throw new ArgumentException($"'{lender.Name}' belongs to another pool.", nameof(lender));
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        if (duration < ShortestTerm || duration > LongestTerm)
            throw new ArgumentOutOfRangeException(nameof(duration), duration, "A loan lasts 1 ms to 30 days.");
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);

        // The clock and the score come before the lock; both may be user code.
        var elapsed = _book.Clock.Elapsed;
        var threshold = lender.Options.GrantThreshold;
        // The score at hand knows no decay since the last evidence; before it turns somebody away, look again.
        var isTrusted = borrower.Standing.Score >= threshold || Reputations.ScoreOf(borrower.Standing) >= threshold;

        if (_book.KeepsLoansApart != Metrics.ObservesLoans) _book.KeepsLoansApart = Metrics.ObservesLoans;
        var attention = new AttentionList();
        var reason = borrower.Account.Home.Borrow(
            borrower.Account, lender.Account, units, elapsed, duration, isTrusted, out var loan, out var due, ref attention);
        attention.Run();
        _scheduler.RetryIfNeeded();
        if (reason == RefusalReason.None) _scheduler.Arm(due);
        Metrics.LoanAsked(borrower.Name, reason);
        return reason == RefusalReason.None ? new Loan(this, borrower.Account, loan) : Refuse(reason, borrower, lender, units);
    }

    internal void Return(Allocation borrower, LoanHandle loan)
    {
        var attention = new AttentionList();
        var before = borrower.Home.OutcomeCount;
        var isReturned = borrower.Home.TryReturn(loan, ref attention);
        // Others may have come up while the lock was held, whatever became of this loan.
        attention.Run();
        if (!isReturned) return;
        _scheduler.RetryIfNeeded();

        var outcomes = borrower.Home.OutcomeCount;
        if (outcomes >= LoanBook.OutcomesPerBatch) Reputations.JudgeSettled();
        else if (before == 0 && outcomes > 0) _book.OutcomesPending(_book.Clock.NowOrLast());
    }

    /// <summary>User code threw: counted and logged, and everything goes on.</summary>
    internal void Contain(string source, Exception exception)
    {
        Metrics.Contained(source);
        Log(logger => PoolLog.ExceptionContained(logger, source, exception));
    }

    private void Finish(Aftermath aftermath)
    {
        _book.Attend(aftermath.Attention);
        foreach (var participant in aftermath.Leaving) participant.Waiters.Serve();
    }

    private void Log(Action<ILogger> write)
    {
        try
        {
            write(_logger);
        }
        catch (Exception)
        {
            // A log sink threw: there is nobody left to tell.
        }
    }

    private Loan Refuse(RefusalReason reason, Participant borrower, Participant lender, int units) => reason switch
    {
        RefusalReason.LenderNotAvailable => new(lender.Account, new Refusal(reason, units, lender.Lendable)),
        RefusalReason.LendingLimit => new(lender.Account, new Refusal(reason, units, lender.Account.LendingLimit - lender.Lent)),
        RefusalReason.LenderHasWaiters or RefusalReason.LenderOwesDebt => new(lender.Account, new Refusal(reason, units, 0)),
        RefusalReason.Reputation => new(borrower.Account, new Refusal(reason, units, (int)Reputations.ScoreOf(borrower.Standing))),
        RefusalReason.BorrowingLimit => new(borrower.Account, new Refusal(reason, units, borrower.Account.BorrowingLimit - borrower.Borrowed)),
        RefusalReason.BorrowerOwesDebt => new(borrower.Account, new Refusal(reason, units, borrower.Debt)),
        _ => new((lender.Account.IsDraining ? lender : borrower).Account, new Refusal(reason, units, 0)),
    };

    private static ParticipantSnapshot Describe(Participant participant)
    {
        var account = participant.Account;
        var word = account.Cell.Read();
        return new ParticipantSnapshot(
            account.Name, account.Nominal, account.Floor, account.Ceiling, word.Allocation, word.InUse,
            account.Lent, account.Borrowed, account.Debt, account.Waiters.WaitingUnits, participant.Standing.Score);
    }
}
