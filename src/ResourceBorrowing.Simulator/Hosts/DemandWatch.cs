namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>What a policy that plans once a step knows of the step that has ended: demand, integrated over time.</summary>
internal sealed class DemandWatch(int participants)
{
    private readonly Step[] _steps = new Step[participants];

    /// <summary>The demand of a participant is from now on this.</summary>
    internal void Note(int participant, int demand, long now) => _steps[participant].Note(demand, now);

    /// <summary>Ends the step and begins the next.</summary>
    /// <returns>The most, the time-weighted mean, and the population standard deviation of the demand in the step.</returns>
    internal (int Most, double Mean, double Deviation) End(int participant, long now) => _steps[participant].End(now);

    private struct Step
    {
        private long _began;
        private long _at;
        private int _demand;
        private int _most;
        private double _sum;
        private double _squares;

        internal void Note(int demand, long now)
        {
            Integrate(now);
            _demand = demand;
            _most = Math.Max(_most, demand);
        }

        internal (int, double, double) End(long now)
        {
            Integrate(now);
            var passed = (double)Math.Max(1, now - _began);
            var mean = _sum / passed;
            var seen = (_most, mean, Math.Sqrt(Math.Max(0, _squares / passed - mean * mean)));
            (_began, _most, _sum, _squares) = (now, _demand, 0, 0);
            return seen;
        }

        private void Integrate(long now)
        {
            var passed = (double)Math.Max(0, now - _at);
            _sum += passed * _demand;
            _squares += passed * _demand * _demand;
            _at = now;
        }
    }
}
