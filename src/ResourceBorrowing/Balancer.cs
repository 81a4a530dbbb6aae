using ResourceBorrowing.Balancing;
using ResourceBorrowing.Diagnostics;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Watches demand on the pool's loop, makes a plan once in a planning period, and moves idle units by it, as loans like any others.</summary>
/// <remarks>
/// <para><b>Ownership.</b> The monitor belongs to the loop. A round belongs to whoever runs it, one at a time: the thread pool in real time, so that a forecaster of somebody else
/// holds up no loan; the loop in any other, so that a run is a function of its inputs (and of when consent callbacks answer, in whatever time).</para>
/// <para><b>Order.</b> A plan is made of what was read without a lock, and may be wrong when it is carried out: each move is decided anew by the rules of all loans.</para>
/// <para><b>Callbacks.</b> Forecasters are called outside all locks. What one throws leaves its participant without a forecast; what the planner throws leaves all as it is.</para>
/// </remarks>
internal sealed class Balancer(ResourcePool pool, LoanBook book)
{
    private const int Idle = 0;
    private const int Planning = 1;
    private const int Saving = 2;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly UsageMonitor _monitor = new();
    private Participant[] _followed = [];
    private DemandPeriod[] _periods = [];
    private long _nextLook;
    private long _lastPlan;
    private long _planned;
    private bool _isQuiet = true;
    private bool _isLate;
    private int _busy;
    private BalanceRound? _last;
    private long _moved;

    /// <summary>The last plan; null before the first.</summary>
    internal BalanceRound? Last => Volatile.Read(ref _last);

    /// <summary>Units that plans have moved so far.</summary>
    internal long Moved => Volatile.Read(ref _moved);

    internal void Start()
    {
        _lastPlan = _planned = pool.Now;
        pool.Arm(_planned);
    }

    /// <summary>Looks at all demand, and plans, when it is time.</summary>
    /// <returns>When to come again.</returns>
    internal long OnTimer(long now)
    {
        if (now < Next) return Next;
        // A full fence: whoever asks for a look from here on has it, and who asked before has said so in what is read below.
        Interlocked.Exchange(ref _nextLook, TimerWheel.Never);
        Follow();
        if (_monitor.Look(now)) Volatile.Write(ref _isQuiet, false);
        // While nobody demands anything, once in a period is enough.
        if (!Volatile.Read(ref _isQuiet)) Interlocked.CompareExchange(ref _nextLook, now + Sample, TimerWheel.Never);
        if (now < NextPlan) return Next;
        // After a jump of the clock one plan stands for all that were missed.
        _lastPlan = now;
        if (TryBegin(Planning))
        {
            _isLate = false;
            Plan(now);
        }
        else if (Volatile.Read(ref _busy) == Saving)
        {
            _lastPlan = now + Sample - book.PlanningPeriod;
        }
        else if (!_isLate)
        {
            // A forecaster that never returns, for one.
            _isLate = true;
            pool.Log(PoolLog.PlanIsLate);
        }

        return Next;
    }

    /// <summary>A caller found too few units: demand is worth a look, if it was not before.</summary>
    internal void Wake()
    {
        if (!Volatile.Read(ref _isQuiet)) return;
        Volatile.Write(ref _isQuiet, false);
        LookAgain();
    }

    /// <summary>Others are there, or other periods hold: looks now, and not when it would have by those before.</summary>
    internal void LookAgain()
    {
        Volatile.Write(ref _nextLook, 0);
        pool.Arm(pool.Now);
    }

    private bool TryBegin(int what) => Interlocked.CompareExchange(ref _busy, what, Idle) == Idle;

    private long Next => Math.Min(Volatile.Read(ref _nextLook), NextPlan);

    private long NextPlan => _lastPlan + book.PlanningPeriod;

    private long Sample => (long)Math.Ceiling(pool.Balancing.SamplePeriod.TotalMilliseconds);

    private void Follow()
    {
        var all = pool.AllWithReserve;
        if (all == _followed) return;
        _followed = all;
        _periods = new DemandPeriod[all.Length];
        _monitor.Follow([.. all.Select(static p => (p.Account.Cell, p.Waiters, p.Demand.Notes))]);
    }

    private void Plan(long now)
    {
        var isQuiet = true;
        _monitor.End(now, Sample, _periods);
        foreach (var period in _periods) isQuiet &= period.Most == 0;
        Volatile.Write(ref _isQuiet, isQuiet);
        var round = new BalanceRound(pool, book, _followed, [.. _periods], now - _planned, now);
        _planned = now;
        if (pool.Time == TimeProvider.System) ThreadPool.UnsafeQueueUserWorkItem(static run => run.Balancer.Run(run.Round), (Balancer: this, Round: round), preferLocal: false);
        else Run(round);
    }

    /// <summary>Saves or loads forecasts while no plan is made. Waits for the one that is, but not for ever: a forecaster may hang.</summary>
    /// <returns>False when it could not.</returns>
    internal bool TryBetweenPlans(Action action)
    {
        if (!SpinWait.SpinUntil(() => TryBegin(Saving), LongestWait)) return false;
        try
        {
            action();
        }
        finally
        {
            Volatile.Write(ref _busy, Idle);
        }

        return true;
    }

    private void Run(BalanceRound round)
    {
        try
        {
            round.Run();
            Volatile.Write(ref _moved, _moved + round.Moved);
            Volatile.Write(ref _last, round);
        }
        catch (Exception exception)
        {
            pool.Contain("planner", exception);
        }
        finally
        {
            Volatile.Write(ref _busy, Idle);
        }
    }
}
