using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>
/// A host with a limit for each participant, which a policy may move once a step. Whoever is below its limit takes a unit as long as one is free at all:
/// after a limit was lowered, those above it keep what they use, and nothing is over-granted. Queues are first in, first out, a unit that becomes free goes to the
/// oldest request that may have it.
/// </summary>
internal abstract class LimitedHost : Host
{
    private readonly Queue<(Request Request, bool WasLending)>[] _waiting;
    private readonly PriorityQueue<int, (long At, long Order)> _ends = new();
    private readonly int[] _inUse;
    private readonly int[] _limits;
    private int _inUseOfAll;
    private long _limitsOfAll;
    private long _now;
    private long _order;

    protected LimitedHost(Scenario scenario, int[] limits) : base(scenario)
    {
        _waiting = [.. limits.Select(static _ => new Queue<(Request, bool)>())];
        _inUse = new int[limits.Length];
        _limits = [.. limits];
        _limitsOfAll = limits.Sum(static l => (long)l);
    }

    internal override int AllocationOf(int participant) => _limits[participant];

    internal override int InUseOf(int participant) => _inUse[participant];

    /// <summary>In use and waiting.</summary>
    protected int DemandOf(int participant) => _inUse[participant] + _waiting[participant].Count;

    /// <summary>The demand of a participant has changed.</summary>
    protected virtual void OnDemand(int participant, long now) { }

    protected void MoveTo(int[] limits)
    {
        var moved = 0L;
        for (var i = 0; i < limits.Length; i++) moved += Math.Abs(limits[i] - _limits[i]);
        Tally.Moved += moved / 2;
        limits.CopyTo(_limits, 0);
        _limitsOfAll = limits.Sum(static l => (long)l);
        while (ServeOldest()) { }
    }

    internal override void BeginStep(long now, double[] demand)
    {
        base.BeginStep(now, demand);
        for (var i = 0; i < _waiting.Length; i++) Forget(i);
    }

    internal override void Arrive(in Request request)
    {
        _now = request.At;
        var place = request.Participant;
        Forget(place);
        // Whoever has lent is who owns more than it may use; here that is all there is of lending.
        var wasLending = _limits[place] < Scenario.Quotas[place];
        if (_waiting[place].Count == 0 && HasUnit(place)) Start(request, wasLending);
        else _waiting[place].Enqueue((request, wasLending));
        OnDemand(place, _now);
    }

    internal override void AdvanceTo(long time)
    {
        while (_ends.TryPeek(out var place, out var end) && end.At <= time)
        {
            _ends.Dequeue();
            _now = end.At;
            _inUse[place]--;
            _inUseOfAll--;
            // Where the limits fit into the capacity, a free unit is one of its own participant and nobody else's.
            if (_limitsOfAll > Scenario.Capacity || _inUseOfAll + 1 == Scenario.Capacity) ServeOldest();
            else Serve(place);
            OnDemand(place, _now);
        }

        _now = time;
    }

    internal override void Finish(long now)
    {
        base.Finish(now);
        for (var i = 0; i < _waiting.Length; i++) Forget(i);
    }

    private bool HasUnit(int place) => _inUse[place] < _limits[place] && _inUseOfAll < Scenario.Capacity;

    private bool Serve(int place)
    {
        Forget(place);
        if (_waiting[place].Count == 0 || !HasUnit(place)) return false;
        var (request, wasLending) = _waiting[place].Dequeue();
        Start(request, wasLending);
        return true;
    }

    private bool ServeOldest()
    {
        if (_inUseOfAll == Scenario.Capacity) return false;
        var (oldest, at) = (-1, long.MaxValue);
        for (var i = 0; i < _waiting.Length; i++)
        {
            Forget(i);
            if (_waiting[i].TryPeek(out var front) && front.Request.At < at && _inUse[i] < _limits[i]) (oldest, at) = (i, front.Request.At);
        }

        return oldest >= 0 && Serve(oldest);
    }

    private void Start(in Request request, bool wasLending)
    {
        var place = request.Participant;
        _inUse[place]++;
        _inUseOfAll++;
        if (request.Hold != Request.Forever) _ends.Enqueue(place, (_now + request.Hold, _order++));
        Tally.Start(request, _now - request.At, wasLending, _now, _inUse[place], _inUseOfAll);
    }

    /// <summary>Those that have waited too long have gone.</summary>
    private void Forget(int place)
    {
        var waiting = _waiting[place];
        var isAnyGone = false;
        while (waiting.TryPeek(out var front) && front.Request.At + Scenario.Model.PatienceTicks < _now)
        {
            waiting.Dequeue();
            Tally.GiveUp(front.Request, front.WasLending);
            isAnyGone = true;
        }

        if (isAnyGone) OnDemand(place, _now);
    }
}
