namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>How a gate went, reruns included.</summary>
internal readonly record struct Trial(Gate Gate, Reading Reading, string Verdict)
{
    internal const string Short = "short";

    private const int Reruns = 3;

    // Repeated measurements of unchanged code that differ by more than this show that the machine, not the code, decides.
    private const double Noise = 1.03;

    /// <summary>
    /// Measures until the bound holds, at most four times. A gate that was short and then holds passes only if the measurements differ
    /// enough to call it noise; otherwise its first figure stands. What is wrong once is short.
    /// </summary>
    internal static Trial Of(Gate gate, Action<Reading> measured)
    {
        var conclusive = new List<Reading>();
        Reading last;
        var runs = 0;
        do
        {
            last = gate.Measure();
            measured(last);
            if (last.IsWrong) return new Trial(gate, last, Short);
            if (last.IsConclusive) conclusive.Add(last);
        }
        while (!(last.IsConclusive && gate.Bound.Holds(last.Value)) && runs++ < Reruns);

        if (conclusive.Count == 0) return new Trial(gate, last, "inconclusive");
        var first = conclusive[0];
        var best = conclusive.Aggregate((a, b) => gate.Bound.IsBetter(b.Value, a.Value) ? b : a);
        var reported = Math.Max(first.Value, best.Value) > Noise * Math.Min(first.Value, best.Value) ? best : first;
        return new Trial(gate, reported, gate.Bound.Holds(reported.Value) ? "ok" : Short);
    }

    public override string ToString() => $"gate {Gate.Name} {Gate.Bound.Print(Reading.Value)} {Gate.Bound} {Verdict}";
}
