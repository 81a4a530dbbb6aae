namespace ResourceBorrowing.Simulator.Traces;

/// <summary>
/// The demand of all participants of a run, step by step, from one file or several. A step is as long as the finest file's first one; a row holds until
/// the next of its file, all files begin together, and the run ends with the shortest.
/// </summary>
internal sealed class TraceSet
{
    private readonly TraceFile[] _files;
    private readonly double _stepSeconds;

    private TraceSet(TraceFile[] files)
    {
        _files = files;
        _stepSeconds = files.Min(static f => f.Step);
        // A hair more, so that a last step is not lost to rounding.
        Steps = (long)Math.Floor(files.Min(static f => f.Length) / _stepSeconds + 1e-6);
        Names = NamesOf(files);
        Totals = new double[Names.Count];
        foreach (var demand in Demand())
            for (var i = 0; i < demand.Length; i++) Totals[i] += demand[i];
    }

    internal IReadOnlyList<string> Names { get; }

    internal long Steps { get; }

    /// <summary>The demand of each participant over all steps.</summary>
    internal double[] Totals { get; }

    /// <exception cref="TraceFormatException">A file cannot be read, or something in it is wrong.</exception>
    internal static TraceSet Read(IEnumerable<string> paths)
    {
        var set = new TraceSet([.. paths.Select(static p => TraceFile.Survey(p))]);
        return set.Totals.Sum() > 0 ? set : throw new TraceFormatException($"{string.Join(", ", set._files.Select(static f => f.Path))}: all demand is 0");
    }

    /// <summary>One step after another; the same array each time.</summary>
    internal IEnumerable<double[]> Demand()
    {
        var demand = new double[Names.Count];
        var tracks = _files.Select(static f => new Track(f)).ToArray();
        try
        {
            for (var step = 0L; step < Steps; step++)
            {
                var at = 0;
                // A hair more, so that rounding does not delay a row by a whole step.
                foreach (var track in tracks) at += track.MoveTo((step + 1e-6) * _stepSeconds, demand.AsSpan(at));
                yield return demand;
            }
        }
        finally
        {
            foreach (var track in tracks) track.Dispose();
        }
    }

    /// <summary>A column's name; a file's when its only column is called <c>value</c>; both where names would be equal.</summary>
    private static List<string> NamesOf(TraceFile[] files)
    {
        static string Stem(TraceFile file)
        {
            var name = Path.GetFileName(file.Path);
            if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) name = name[..^3];
            return Path.GetFileNameWithoutExtension(name);
        }

        var names = files.SelectMany(static f => f.Names is ["value"] ? [Stem(f)] : f.Names).ToList();
        if (names.Distinct().Count() == names.Count) return names;
        names = [.. files.SelectMany(static f => f.Names.Select(n => $"{Stem(f)}.{n}"))];
        if (names.GroupBy(static n => n).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new TraceFormatException($"{string.Join(", ", files.Select(static f => f.Path))}: '{twice.Key}' is in two files");
        return names;
    }

    /// <summary>One file on its way through time.</summary>
    private sealed class Track : IDisposable
    {
        private readonly IEnumerator<TraceRow> _rows;
        private readonly double[] _demand;
        private readonly double _began;
        private bool _isOver;

        internal Track(TraceFile file)
        {
            _rows = file.Rows().GetEnumerator();
            _demand = new double[file.Names.Count];
            _isOver = !_rows.MoveNext();
            _began = _isOver ? 0 : _rows.Current.Time;
        }

        internal int MoveTo(double seconds, Span<double> demand)
        {
            while (!_isOver && _rows.Current.Time - _began <= seconds)
            {
                _rows.Current.Demand.CopyTo(_demand, 0);
                _isOver = !_rows.MoveNext();
            }

            _demand.CopyTo(demand);
            return _demand.Length;
        }

        public void Dispose() => _rows.Dispose();
    }
}
