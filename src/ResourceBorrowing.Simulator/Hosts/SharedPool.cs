using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>One queue for all units and all participants.</summary>
internal sealed class SharedPool(Scenario scenario) : Host(scenario)
{
    private readonly Queue<Request> _waiting = new();
    private readonly PriorityQueue<int, (long At, long Order)> _ends = new();
    private readonly int[] _inUse = new int[scenario.Names.Count];
    private int _inUseOfAll;
    private long _order;

    internal override int AllocationOf(int participant) => _inUse[participant];

    internal override int InUseOf(int participant) => _inUse[participant];

    internal override void Arrive(in Request request)
    {
        if (_inUseOfAll < Scenario.Capacity) Start(request, request.At);
        else _waiting.Enqueue(request);
    }

    internal override void AdvanceTo(long time)
    {
        while (_ends.TryPeek(out var place, out var end) && end.At <= time)
        {
            _ends.Dequeue();
            _inUse[place]--;
            _inUseOfAll--;
            Forget(end.At);
            if (_waiting.TryDequeue(out var next)) Start(next, end.At);
        }
    }

    internal override void Finish(long now)
    {
        base.Finish(now);
        Forget(long.MaxValue);
    }

    private void Start(in Request request, long now)
    {
        _inUse[request.Participant]++;
        _inUseOfAll++;
        if (request.Hold != Request.Forever) _ends.Enqueue(request.Participant, (now + request.Hold, _order++));
        Tally.Start(request, now - request.At, wasLending: false, now, _inUse[request.Participant], _inUseOfAll);
    }

    private void Forget(long now)
    {
        while (_waiting.TryPeek(out var front) && front.At + Scenario.Model.PatienceTicks < now) Tally.GiveUp(_waiting.Dequeue(), wasLending: false);
    }
}
