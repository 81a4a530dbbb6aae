using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

/// <summary>The default forecaster against its own remarks, written down a second time: all values kept, matrices as in a textbook, and no thought for speed.</summary>
public class SeasonalForecasterByTheBook
{
    private static readonly DemandTarget[] Targets = Enum.GetValues<DemandTarget>();

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 24 })]
    [InlineData(new[] { 24, 168 })]
    [InlineData(new[] { 15, 10 })]
    public void AnyDemand_IsForetoldAsTheRemarksSay(int[] seasons)
    {
        for (var kind = 0; kind < 8; kind++)
        {
            Compare(seasons, kind, seed: 1, skips: false);
            Compare(seasons, kind, seed: 2, skips: true);
        }
    }

    /// <summary>Where the features tell two weights apart only at first, the covariance grows until it is capped; that an error is large has its effect all the same.</summary>
    [Fact]
    public void LinearModel_WithLittleToLearnFrom_LearnsAsTheTextbookSays()
    {
        double[] start = [0, 1, 0];
        var (model, book, random) = (new RecursiveLeastSquares(start, 0.1), new Linear(3, 1), new Random(7));
        for (var t = 0; t < 12_000; t++)
        {
            var x = t % 3_000 == 2_999 ? [1, random.NextDouble(), 3] : new double[] { 1, 2, 3 };
            Assert.Equal(book.Predict(x), model.Predict(x), 1e-6);
            var target = x[0] + x[1] * (t > 6_000 ? 2 : 1) - x[2] + 0.01 * random.NextDouble();
            book.Learn(x, target);
            model.Learn(x, target);
        }
    }

    /// <summary>An error as large as a quantile is not below it.</summary>
    [Fact]
    public void ErrorQuantiles_OfErrorsAsLargeAsAQuantile_AreAsTheRemarksSay()
    {
        var (errors, book, quantiles) = (new ErrorQuantiles(), new Errors(), new double[6]);
        foreach (var error in (double[])[4, 1, -2, 0, 0.5, 1e9, 1, 0])
        {
            Assert.Equal(book.Learn(error, 1), errors.Learn(error, 1), 1e-9);
            Array.Clear(quantiles);
            errors.AddTo(quantiles, 7, errors.Level(2), 1);
            for (var i = 0; i < 6; i++) Assert.Equal(book.Quantile(i, 7, 2), quantiles[i], 1e-9 * Math.Max(1, Math.Abs(quantiles[i])));
        }
    }

    private static void Compare(int[] seasons, int kind, int seed, bool skips)
    {
        var (forecaster, book, random) = (new SeasonalForecaster(seasons), new Book([.. seasons.Order()]), new Random(100 * kind + seed));
        var (largest, quantiles) = (0.0, new double[DemandQuantiles.Levels.Length]);
        for (var t = 0; t < 1_300; t++)
        {
            var value = Demand(kind, t, random);
            largest = Math.Max(largest, value);
            forecaster.Observe(value);
            book.Observe(value);
            if (skips && (t is 1 or 5 or 13 || random.Next(150) == 0))
            {
                var skipped = random.Next(2) == 0 ? random.Next(10) : random.Next(400);
                forecaster.Skip(skipped);
                book.Skip(skipped);
            }

            foreach (var target in Targets)
            {
                var expected = book.Quantiles(target);
                Assert.Equal(expected is not null, forecaster.TryForecast(target, quantiles));
                for (var i = 0; expected is not null && i < quantiles.Length; i++)
                    Assert.True(Math.Abs(expected[i] - quantiles[i]) <= 1e-6 * largest, $"kind {kind}, seed {seed}, step {t}, {target}, quantile {i}: {quantiles[i]} instead of {expected[i]}");
            }
        }
    }

    private static double Demand(int kind, int t, Random random) => kind switch
    {
        0 => 10 + t % 24 + 5 * random.NextDouble(),
        1 => random.Next(40) == 0 ? 1e6 * random.NextDouble() : 0,
        2 => (t < 500 ? 1 : 1e4) * (1 + random.NextDouble()),
        3 => (t < 500 ? 1e4 : 1) * (1 + random.NextDouble()),
        4 => random.Next(6),
        5 => t < 300 ? 0 : random.NextDouble() * random.NextDouble() * random.NextDouble(),
        6 => 1e-9 * (1 + t % 3 + random.NextDouble()),
        _ => t % 200 < 150 ? 100 + 100 * (t % 3) + random.NextDouble() : 0,
    };

    /// <summary>One value per step; what was skipped is filled in.</summary>
    private sealed class Book
    {
        private readonly int[] _seasons;
        private readonly int _day;
        private readonly double[] _course;
        private readonly Target _next;
        private readonly Target _window;
        private List<double> _line = [];
        private double _above;
        private double _most;
        private double _usual;

        internal Book(int[] seasons)
        {
            _seasons = seasons;
            _day = seasons.Length > 0 ? seasons[0] : 1;
            _course = new double[_day];
            // Each looks at a constant, five numbers of now, and two of each season.
            (_next, _window) = (new Target(1, _day, 6 + 2 * seasons.Length, 1), new Target(6, _day, 6 + 2 * seasons.Length, 2));
        }

        internal double[]? Quantiles(DemandTarget target) => _line.Count < 2 ? null : (target == DemandTarget.NextStep ? _next : _window).Latest;

        internal void Observe(double value)
        {
            var (seen, slot) = (_line.Count, _line.Count % _day);
            _line.Add(value);
            _next.Settle(value);
            _window.Settle(_line.TakeLast(6).Max());
            if (seen < _day)
            {
                _above = 0;
                _course[slot] = (float)value;
            }
            else
            {
                _above = 0.6 * _above + 0.4 * (value - _course[slot]);
                _course[slot] = (float)(0.8 * _course[slot] + 0.2 * value);
            }

            _most = Math.Max(0.99966 * _most, value);
            var kept = seen < 1000 ? seen / (seen + 1.0) : 0.999;
            _usual = kept * _usual + (1 - kept) * value;
            Foretell();
        }

        internal void Skip(int steps)
        {
            if (steps == 0) return;
            var (seen, isFirst) = (_line.Count, _line.Count < _day);
            var period = _seasons.LastOrDefault(s => s <= seen, _day);
            _above *= Math.Pow(0.6, steps);
            // What is before the last values is remembered to three digits.
            var line = Enumerable.Range(0, seen).Select(Known).ToList();
            // Whole seasons are left out.
            steps %= period % _day == 0 ? period : period * _day;
            for (var i = 0; i < steps; i++) line.Add(line.Count >= period ? line[line.Count - period] : line[seen - 1]);
            var kept = isFirst ? line.Count % _day : line.Count;
            for (var step = line.Count - Math.Min(steps, kept); isFirst && step < line.Count; step++) _course[step % _day] = (float)line[step];
            for (var i = 0; i < seen && i < line.Count; i++) line[i] = _line[i];
            _line = line[(line.Count - kept)..];
            _next.Forget();
            _window.Forget();
            if (_line.Count > 0) Foretell();
        }

        /// <summary>A value of before: exact if it is one of the last six, else the nearest number with a mantissa of eight bits.</summary>
        private double Known(int step)
        {
            if (step >= _line.Count - 6) return _line[step];
            double value = (float)_line[step];
            if (value == 0) return 0;
            var unit = Math.ScaleB(1, Math.ILogB(value) - 7);
            return Math.Floor(value / unit + 0.5) * unit;
        }

        private void Foretell()
        {
            var (seen, slot) = (_line.Count, _line.Count % _day);
            var value = _line[^1];
            var last = _line.TakeLast(6).ToArray();
            var (before, recent, mean) = (_line[Math.Max(0, seen - 2)], last.Max(), last.Average());
            var isCourseKnown = seen >= _day;
            var courseNext = isCourseKnown ? _course[slot] : value;
            var courseMost = isCourseKnown ? Enumerable.Range(seen, 6).Max(s => _course[s % _day]) : value;
            var courseNow = isCourseKnown ? _course[(seen - 1) % _day] : value;
            List<double> next = [value, before, mean, courseNext, courseNow], window = [value, recent, mean, courseMost, courseNow];
            foreach (var season in _seasons)
            {
                var isSeen = seen > season;
                next.Add(isSeen ? Known(seen - season) : value);
                window.Add(isSeen ? Enumerable.Range(seen - season, Math.Min(6, season)).Max(Known) : recent);
                next.Add(isSeen ? Known(seen - season - 1) : value);
                window.Add(isSeen ? Known(seen - season - 1) : value);
            }

            var scale = Math.Max(_usual, 1e-6 * _most);
            _next.Foretell(Scaled(next), scale, value, isCourseKnown ? _above + courseNext : value, slot, _most);
            _window.Foretell(Scaled(window), scale, recent, isCourseKnown ? _above + courseMost : recent, slot, _most);

            double[] Scaled(List<double> numbers) => [1, .. numbers.Select(n => scale > 0 ? Math.Min(100, n / scale) : 0)];
        }
    }

    /// <summary>Three forecasts, mixed.</summary>
    private sealed class Target(int lead, int day, int features, int now)
    {
        private readonly Linear _linear = new(features, now);
        private readonly Errors[] _errors = [new(), new(), new()];
        private readonly double[] _factors = [.. Enumerable.Repeat(1.0, day)];
        private readonly double[] _losses = new double[3];
        private readonly double[] _shifts = new double[6];
        private readonly Queue<Foretold> _open = [];
        private double[] _weights = [1 / 3.0, 1 / 3.0, 1 / 3.0];

        private sealed record Foretold(double[] Features, double Scale, double[] Points, int Slot, double Factor, double Level, double[] Quantiles);

        internal double[] Latest { get; private set; } = [];

        internal void Forget() => _open.Clear();

        internal void Foretell(double[] features, double scale, double last, double course, int slot, double most)
        {
            var factor = _factors[slot];
            var points = new[] { _linear.Predict(features) * scale, last, course }.Select(p => Math.Clamp(p, 0, 1.2 * most)).ToArray();
            var level = Enumerable.Range(0, 3).Sum(e => _weights[e] * _errors[e].Level(factor));
            var quantiles = Enumerable.Range(0, 6)
                .Select(i => Enumerable.Range(0, 3).Sum(e => _weights[e] * _errors[e].Quantile(i, points[e], factor)) + _shifts[i] * level).ToArray();
            Latest = [.. Enumerable.Range(0, 6).Select(i => Math.Clamp(quantiles.Take(i + 1).Max(), 0, 2 * most))];
            _open.Enqueue(new(features, scale, points, slot, factor, level, Latest));
        }

        internal void Settle(double outcome)
        {
            if (_open.Count < lead) return;
            var told = _open.Dequeue();
            var ratio = 0.0;
            for (var e = 0; e < 3; e++)
            {
                var loss = Enumerable.Range(0, 6).Sum(i => Pinball(DemandQuantiles.Levels[i], outcome, _errors[e].Quantile(i, told.Points[e], told.Factor)));
                _losses[e] = 0.995 * _losses[e] + 0.005 * loss;
                ratio += _weights[e] * _errors[e].Learn(outcome - told.Points[e], told.Factor);
            }

            _factors[told.Slot] = (float)(0.95 * _factors[told.Slot] + 0.05 * Math.Clamp(ratio, 0.1, 10));
            for (var i = 0; i < 6; i++)
            {
                // Each shift goes up by 0.01 of its level, and down by 0.01 when the outcome is covered.
                var step = DemandQuantiles.Levels[i] - (outcome <= told.Quantiles[i] ? 1 : 0);
                if (told.Level > 0) _shifts[i] = Math.Clamp(_shifts[i] + 0.01 * step, -2, 2);
            }

            if (told.Scale > 0) _linear.Learn(told.Features, Math.Min(outcome / told.Scale, 1000));
            var least = _losses.Min();
            var parts = _losses.Select(l => l == least ? 1 : Math.Pow(least / l, 10)).ToArray();
            _weights = [.. parts.Select(p => p / parts.Sum())];
        }

        private static double Pinball(double level, double outcome, double quantile) => Math.Max(level * (outcome - quantile), (level - 1) * (outcome - quantile));
    }

    /// <summary>Errors of one forecast in comparison with those of late.</summary>
    private sealed class Errors
    {
        // The mean size of a normal error is 0.8 deviations: the quantiles of a normal distribution in these.
        private readonly double[] _standardised = [0, 0.32, 0.66, 1.05, 1.6, 2.06];
        private double _size;
        private double _largest;
        private int _count;

        internal double Level(double factor) => Math.Max(_size * factor, 3e-4 * _largest);

        internal double Quantile(int i, double point, double factor) => point + Level(factor) * _standardised[i];

        internal double Learn(double error, double factor)
        {
            var size = Math.Abs(error);
            (_largest, _count) = (Math.Max(_largest, size), _count + 1);
            var level = Level(factor);
            var step = Math.Max(0.02, 0.5 / Math.Sqrt(_count));
            for (var i = 0; level > 0 && i < 6; i++)
            {
                var isBelow = Math.Clamp(error / level, -30, 30) < _standardised[i];
                _standardised[i] += step * (isBelow ? DemandQuantiles.Levels[i] - 1 : DemandQuantiles.Levels[i]);
            }

            var ratio = _size > 0 ? size / _size : 1;
            _size = _size > 0 ? 0.97 * _size + 0.03 * Math.Min(size, 30 * _size) : size;
            return ratio;
        }
    }

    /// <summary>Recursive least squares with forgetting (Haykin, table 9.1), with its guards.</summary>
    private sealed class Linear
    {
        private readonly int _n;
        private readonly double[] _w;
        private double[,] _p;
        private double _usual;
        private int _count;

        internal Linear(int features, int now)
        {
            (_n, _w, _p) = (features, new double[features], new double[features, features]);
            _w[now] = 1;
            for (var i = 0; i < features; i++) _p[i, i] = 0.1;
        }

        internal double Predict(double[] x) => _w.Zip(x, static (w, x) => w * x).Sum();

        internal void Learn(double[] x, double target)
        {
            var error = target - Predict(x);
            var usual = _usual;
            if (_count < 30) _usual = (usual * _count + Math.Abs(error)) / (_count + 1);
            else _usual = 0.99 * usual + 0.01 * Math.Min(Math.Abs(error), 8 * usual);
            if (_count++ >= 30) error = Math.Clamp(error, -4 * usual, 4 * usual);

            var px = new double[_n];
            for (var i = 0; i < _n; i++)
                for (var j = 0; j < _n; j++) px[i] += _p[i, j] * x[j];
            var divisor = 0.998 + px.Zip(x, static (p, x) => p * x).Sum();
            var p = new double[_n, _n];
            var trace = 0.0;
            for (var i = 0; i < _n; i++)
            {
                _w[i] += px[i] / divisor * error;
                for (var j = 0; j < _n; j++) p[i, j] = (_p[i, j] - px[i] * px[j] / divisor) / 0.998;
                trace += p[i, i];
            }

            var scale = Math.Min(1, 1000 * _n / trace);
            for (var i = 0; i < _n; i++)
                for (var j = 0; j < _n; j++) p[i, j] *= scale;
            _p = p;
        }
    }
}
