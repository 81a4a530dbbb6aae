namespace ResourceBorrowing.Forecasting;

/// <summary>Quantiles of one target: three forecasts with the quantiles of their errors, weighed by their running pinball loss, and shifted so that the levels hold.</summary>
/// <remarks>Not thread-safe; nothing is allocated after construction.</remarks>
internal sealed class MixedForecast
{
    /// <summary>The largest number the linear model looks at, in units of the scale.</summary>
    internal const double MostFeature = 100;

    private const int Experts = 3;
    private const double LossKept = 0.995;
    private const double SlotKept = 0.95;
    private const double Sharpness = 10;
    private const double MostForecast = 1.2;
    private const double MostQuantile = 2;
    private const double ShiftStep = 0.01;
    private const double MostShift = 2;
    private const double Uncertainty = 0.1;
    private const double LeastRatio = 0.1;
    private const double MostRatio = 10;

    private readonly RecursiveLeastSquares _linear;
    private readonly ErrorQuantiles[] _errors = [new(), new(), new()];
    private readonly float[] _slots;   // how large errors are at each time of the season, in comparison
    private readonly double[] _losses = new double[Experts];
    private readonly double[] _weights = [1.0 / Experts, 1.0 / Experts, 1.0 / Experts];
    private readonly double[] _shifts = new double[DemandQuantiles.Levels.Length];
    private readonly double[] _quantiles = new double[DemandQuantiles.Levels.Length];
    private readonly double[] _own = new double[DemandQuantiles.Levels.Length];
    private readonly Pending[] _pending;
    private long _issued;

    /// <param name="lead">After how many steps the outcome is known.</param>
    /// <param name="slots">Steps of a season.</param>
    /// <param name="features">Of the linear model.</param>
    internal MixedForecast(int lead, int slots, int features)
    {
        // To begin with, the linear model says what is now: the third feature for a window, else the second.
        var start = new double[features];
        start[lead > 1 ? 2 : 1] = 1;
        _linear = new RecursiveLeastSquares(start, Uncertainty);
        _slots = new float[slots];
        Array.Fill(_slots, 1);
        _pending = new Pending[lead];
        for (var i = 0; i < lead; i++) _pending[i] = new Pending(features);
    }

    internal ReadOnlySpan<double> Quantiles => _quantiles;

    /// <summary>Makes the next forecast; its outcome is known <c>lead</c> steps later.</summary>
    /// <param name="features">What the linear model looks at, in units of the scale.</param>
    /// <param name="scale">What demand is usually like.</param>
    /// <param name="last">What the last value, or the last window, would have it be.</param>
    /// <param name="course">What the usual course would have it be.</param>
    /// <param name="slot">The time of the season at which it begins.</param>
    /// <param name="most">The largest value of late.</param>
    internal void Issue(ReadOnlySpan<double> features, double scale, double last, double course, int slot, double most)
    {
        var pending = _pending[_issued++ % _pending.Length];
        (pending.Scale, pending.Slot) = (scale, slot);
        features.CopyTo(pending.Features);
        pending.Points[0] = _linear.Predict(features) * scale;
        pending.Points[1] = last;
        pending.Points[2] = course;
        Array.Clear(_quantiles);
        (pending.Level, pending.Factor) = (0, _slots[slot]);
        for (var expert = 0; expert < Experts; expert++)
        {
            ref var point = ref pending.Points[expert];
            point = double.IsNaN(point) ? last : Math.Clamp(point, 0, MostForecast * most);
            var level = _errors[expert].Level(pending.Factor);
            _errors[expert].AddTo(_quantiles, point, level, _weights[expert]);
            pending.Level += _weights[expert] * level;
        }

        var lowest = 0.0;
        for (var i = 0; i < _quantiles.Length; i++)
            _quantiles[i] = lowest = Math.Clamp(Math.Max(lowest, _quantiles[i] + _shifts[i] * pending.Level), 0, MostQuantile * most);
        _quantiles.CopyTo(pending.Quantiles, 0);
    }

    /// <summary>The outcome of the oldest forecast that is not settled, if there is one already.</summary>
    internal void Settle(double outcome)
    {
        if (_issued < _pending.Length) return;
        var pending = _pending[_issued % _pending.Length];
        var ratio = 0.0;
        for (var expert = 0; expert < Experts; expert++)
        {
            Array.Clear(_own);
            _errors[expert].AddTo(_own, pending.Points[expert], _errors[expert].Level(pending.Factor), 1);
            var loss = 0.0;
            for (var i = 0; i < _own.Length; i++) loss += Pinball(DemandQuantiles.Levels[i], outcome - _own[i]);
            _losses[expert] = LossKept * _losses[expert] + loss;
            ratio += _weights[expert] * _errors[expert].Learn(outcome - pending.Points[expert], pending.Factor);
        }

        _slots[pending.Slot] = (float)(SlotKept * _slots[pending.Slot] + (1 - SlotKept) * Math.Clamp(ratio, LeastRatio, MostRatio));

        // Bounded, for where a quantile cannot go below 0 nothing answers.
        for (var i = 0; i < _shifts.Length && pending.Level > 0; i++)
            _shifts[i] = Math.Clamp(_shifts[i] + ShiftStep * (DemandQuantiles.Levels[i] - (outcome <= pending.Quantiles[i] ? 1 : 0)), -MostShift, MostShift);
        if (pending.Scale > 0) _linear.Learn(pending.Features, Math.Min(outcome / pending.Scale, 1e3));
        Weigh();
    }

    /// <summary>What has been forecast has no outcome that will be known.</summary>
    internal void Forget() => _issued = 0;

    internal void Save(StateWriter state)
    {
        _linear.Save(state);
        foreach (var errors in _errors) errors.Save(state);
        state.Write(_slots);
        state.Write(_losses);
        state.Write(_weights);
        state.Write(_shifts);
        state.Write(_quantiles);
        state.Write(_issued);
        foreach (var pending in _pending) pending.Save(state);
    }

    /// <param name="state">What was saved.</param>
    /// <param name="most">The largest value of late.</param>
    internal void Load(ref StateReader state, double most)
    {
        _linear.Load(ref state);
        foreach (var errors in _errors) errors.Load(ref state);
        state.Fill(_slots, (float)LeastRatio, (float)MostRatio);
        state.Fill(_losses, 0);
        state.Fill(_weights, 0, 1);
        if (Math.Abs(_weights.Sum() - 1) > 1e-9) throw StateReader.Wrong("the weights of its forecasts do not add up to 1");
        state.Fill(_shifts, -MostShift, MostShift);
        var lowest = 0.0;
        foreach (ref var quantile in _quantiles.AsSpan()) quantile = lowest = state.Double(lowest, MostQuantile * most);
        _issued = state.Long(0, long.MaxValue / 2);
        foreach (var pending in _pending) pending.Load(ref state, _slots.Length);
    }

    private static double Pinball(double level, double error) => error >= 0 ? level * error : (level - 1) * error;

    private void Weigh()
    {
        var least = Math.Min(_losses[0], Math.Min(_losses[1], _losses[2]));
        var sum = 0.0;
        for (var i = 0; i < Experts; i++) sum += _weights[i] = _losses[i] <= least ? 1 : Math.Pow(least / _losses[i], Sharpness);
        for (var i = 0; i < Experts; i++) _weights[i] /= sum;
    }

    private sealed class Pending(int features)
    {
        internal readonly double[] Features = new double[features];
        internal readonly double[] Points = new double[Experts];
        internal readonly double[] Quantiles = new double[DemandQuantiles.Levels.Length];
        internal double Scale;
        internal double Level;
        internal double Factor;
        internal int Slot;

        internal void Save(StateWriter state)
        {
            state.Write(Features);
            state.Write(Points);
            state.Write(Quantiles);
            state.Write(Scale);
            state.Write(Level);
            state.Write(Factor);
            state.Write((long)Slot);
        }

        internal void Load(ref StateReader state, int slots)
        {
            state.Fill(Features, 0, MostFeature);
            state.Fill(Points, 0);
            state.Fill(Quantiles, 0);
            Scale = state.Double(0);
            Level = state.Double(0);
            Factor = state.Double(0, MostRatio);
            Slot = state.Int(0, slots - 1);
        }
    }
}
