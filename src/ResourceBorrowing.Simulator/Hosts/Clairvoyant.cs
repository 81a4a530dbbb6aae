using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>
/// Knows all requests beforehand. Serves as many in time as any schedule can, and among the ways to do that, beginning requests at the same instants, the
/// fairest: the one that is best for the participant that is served worst, then for the second worst, and so on (leximin of requests served / requests made).
/// What an adversary asks for in vain or never gives back is not served.
/// </summary>
/// <remarks>
/// <para>How many: first come, first served, refusing whoever could not begin in time. All requests use a unit for the same time and wait for the same time, so
/// this is optimal: after each request it has accepted at least as many as any other schedule, and its units become free no later (an exchange argument); no other
/// largest schedule begins its k-th request earlier.</para>
/// <para>Which: given the instants, the sets of requests that can begin at them are the bases of a transversal matroid, so what the participants can be served
/// together is an M-convex set, and a division that no exchange between two participants, direct or through others, makes fairer is the fairest (Murota, Discrete
/// Convex Analysis, 2003). Schedules that begin requests later than need be are not looked at; they may be fairer still.</para>
/// </remarks>
internal sealed class Clairvoyant(Scenario scenario) : Host(scenario)
{
    private readonly List<long> _at = [];
    private readonly List<int> _who = [];
    private readonly int[] _inUse = new int[scenario.Names.Count];
    private int _inUseOfAll;

    internal override int AllocationOf(int participant) => _inUse[participant];

    internal override int InUseOf(int participant) => _inUse[participant];

    internal override void BeginStep(long now, double[] demand) { }

    internal override void EndStep(long now) { }

    internal override void AdvanceTo(long time) { }

    internal override void Arrive(in Request request)
    {
        if (!request.IsReal) return;
        if (request.Hold == Request.Forever)
        {
            Tally.GiveUp(request, wasLending: false);
            return;
        }

        _at.Add(request.At);
        _who.Add(request.Participant);
    }

    internal override void Finish(long now)
    {
        var (starts, served) = FirstComeFirstServed(_at, Scenario.Capacity, Scenario.Model.ServiceTicks, Scenario.Model.PatienceTicks);
        var asked = new long[Scenario.Names.Count];
        foreach (var who in _who) asked[who]++;
        new FairChoice(_at, _who, starts, served, asked, Scenario.Model.PatienceTicks).Improve();
        Replay(starts, served);
    }

    /// <summary>A largest schedule: the instants at which requests begin, and which do.</summary>
    internal static (List<long> Starts, int[] Served) FirstComeFirstServed(List<long> at, int units, long service, long patience)
    {
        var (starts, served) = (new List<long>(), new List<int>());
        for (var i = 0; i < at.Count; i++)
        {
            // All use a unit equally long, so the unit that is free first is the one taken longest ago.
            var start = starts.Count < units ? at[i] : Math.Max(at[i], starts[^units] + service);
            if (start > at[i] + patience) continue;
            starts.Add(start);
            served.Add(i);
        }

        return (starts, [.. served]);
    }

    /// <summary>Lets the schedule happen.</summary>
    private void Replay(List<long> starts, int[] served)
    {
        var isServed = new bool[_at.Count];
        foreach (var request in served) isServed[request] = true;
        for (var i = 0; i < _at.Count; i++)
            if (!isServed[i]) Tally.GiveUp(RequestOf(i), wasLending: false);

        var (next, ends, step) = (0, new Queue<(long At, int Participant)>(), 0L);
        foreach (var demand in Scenario.Traces.Demand())
        {
            Tally.Convergence.BeginStep(step * Scenario.Model.StepTicks, demand, InUseOf);
            RunTo(++step * Scenario.Model.StepTicks);
            Tally.EndStep(AllocationOf, ScoreOf);
        }

        RunTo(long.MaxValue);

        void RunTo(long time)
        {
            while (true)
            {
                var start = next < served.Length ? starts[next] : long.MaxValue;
                if (ends.TryPeek(out var end) && end.At <= start && end.At <= time)
                {
                    ends.Dequeue();
                    _inUse[end.Participant]--;
                    _inUseOfAll--;
                }
                else if (start < time)
                {
                    var request = RequestOf(served[next++]);
                    ends.Enqueue((start + Scenario.Model.ServiceTicks, request.Participant));
                    Tally.Start(request, start - request.At, wasLending: false, start, ++_inUse[request.Participant], ++_inUseOfAll);
                }
                else
                {
                    return;
                }
            }
        }
    }

    private Request RequestOf(int place) => new(_at[place], _who[place], 0, Scenario.Model.ServiceTicks, IsReal: true);
}
