using ResourceBorrowing.Balancing;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>
/// How fast a host follows. When a participant's demand at least doubles from one step to the next, and by at least two units, the clock starts; it stops
/// when the participant has as many units in use as a max-min fair division of the capacity among all demands of that step would give it (rounded
/// down), or when its demand falls below that again.
/// </summary>
internal sealed class Convergence(Scenario scenario)
{
    private const double LeastRise = 2;

    private readonly double[] _demand = new double[scenario.Names.Count];
    private readonly double[] _before = new double[scenario.Names.Count];
    private readonly int[] _target = new int[scenario.Names.Count];
    private readonly long[] _since = new long[scenario.Names.Count];
    private readonly List<double> _times = [];
    private bool _hasBegun;

    /// <summary>Rises of demand that were followed.</summary>
    internal int Count => _times.Count;

    /// <summary>The median time, in steps; null when demand never rose so fast.</summary>
    internal double? Median()
    {
        if (_times.Count == 0) return null;
        _times.Sort();
        return (_times[(_times.Count - 1) / 2] + _times[_times.Count / 2]) / 2;
    }

    internal void BeginStep(long now, double[] demand, Func<int, int> inUse)
    {
        double[]? fair = null;
        for (var i = 0; i < _demand.Length; i++)
        {
            _demand[i] = scenario.RequestsOf(i, demand[i]) * scenario.Model.Service;
            if (_target[i] > 0 && _demand[i] < _target[i]) Stop(i, now);
        }

        for (var i = 0; i < _demand.Length && _hasBegun; i++)
        {
            var before = _before[i];
            if (_target[i] > 0 || _demand[i] < 2 * before || _demand[i] - before < LeastRise) continue;
            fair ??= MaxMin.Divide(scenario.Capacity, _demand);
            _target[i] = (int)fair[i];
            _since[i] = now;
            Check(i, now, inUse(i));
        }

        _demand.CopyTo(_before, 0);
        _hasBegun = true;
    }

    /// <summary>A participant has taken a unit.</summary>
    internal void Check(int participant, long now, int inUse)
    {
        if (_target[participant] > 0 && inUse >= _target[participant]) Stop(participant, now);
    }

    private void Stop(int participant, long now)
    {
        _target[participant] = 0;
        _times.Add((double)(now - _since[participant]) / scenario.Model.StepTicks);
    }
}
