using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>What happens in one run is counted here; only requests that are real count.</summary>
internal sealed class Tally
{
    private readonly Scenario _scenario;
    private readonly double[] _values;

    internal Tally(Scenario scenario)
    {
        _scenario = scenario;
        var participants = scenario.Names.Count;
        (Asked, Served) = (new long[participants], new long[participants]);
        Waits = new(scenario.Model.PatienceTicks);
        LenderWaits = new(scenario.Model.PatienceTicks);
        Convergence = new(scenario);
        Shown = Shows(scenario);
        Allocations = new(Shown.Length);
        Scores = new(Shown.Length);
        _values = new double[Shown.Length];
    }

    /// <summary>Requests of each participant, and those of them that finished in time.</summary>
    internal long[] Asked { get; }

    internal long[] Served { get; }

    internal WaitDistribution Waits { get; }

    /// <summary>Waits of callers whose participant had units lent out when they came: at the most that is harm of lending.</summary>
    internal WaitDistribution LenderWaits { get; }

    internal Convergence Convergence { get; }

    /// <summary>Units that came to another holder.</summary>
    internal long Moved { get; set; }

    /// <summary>The most units that were in use beyond the capacity.</summary>
    internal int Shortfall { get; private set; }

    /// <summary>The participants whose allocations are kept over time: those that ask for most.</summary>
    internal int[] Shown { get; }

    internal Timeline Allocations { get; }

    internal Timeline Scores { get; }

    internal void Start(in Request request, long wait, bool wasLending, long now, int inUse, int inUseOfAll)
    {
        Shortfall = Math.Max(Shortfall, inUseOfAll - _scenario.Capacity);
        Convergence.Check(request.Participant, now, inUse);
        Answer(request, wait, wasLending, isServed: true);
    }

    internal void GiveUp(in Request request, bool wasLending) => Answer(request, _scenario.Model.PatienceTicks, wasLending, isServed: false);

    internal void EndStep(Func<int, int> allocation, Func<int, double> score)
    {
        for (var i = 0; i < Shown.Length; i++) _values[i] = allocation(Shown[i]);
        Allocations.Add(_values);
        for (var i = 0; i < Shown.Length; i++) _values[i] = score(Shown[i]);
        Scores.Add(_values);
    }

    private void Answer(in Request request, long wait, bool wasLending, bool isServed)
    {
        if (!request.IsReal) return;
        Asked[request.Participant]++;
        if (isServed) Served[request.Participant]++;
        Waits.Add(wait);
        if (wasLending) LenderWaits.Add(wait);
    }

    private static int[] Shows(Scenario scenario)
    {
        const int MostShown = 8;
        var most = Enumerable.Range(0, scenario.Names.Count).OrderByDescending(i => scenario.RequestsOf(i, scenario.Traces.Totals[i])).Take(MostShown);
        return [.. most.Order()];
    }
}
