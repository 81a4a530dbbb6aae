namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>A few series over time, in bounded room: when it is full, neighbouring samples become their mean.</summary>
internal sealed class Timeline(int series)
{
    private const int MostSamples = 1024;
    private readonly List<double[]> _samples = [];
    private double[] _sum = new double[series];
    private int _summed;

    /// <summary>How many steps one sample stands for.</summary>
    internal int Stride { get; private set; } = 1;

    internal IReadOnlyList<double[]> Samples => _samples;

    internal void Add(ReadOnlySpan<double> values)
    {
        for (var i = 0; i < series; i++) _sum[i] += values[i];
        if (++_summed < Stride) return;
        for (var i = 0; i < series; i++) _sum[i] /= Stride;
        _samples.Add(_sum);
        (_sum, _summed) = (new double[series], 0);
        if (_samples.Count < MostSamples) return;
        for (var i = 0; i < MostSamples / 2; i++)
            _samples[i] = [.. _samples[2 * i].Zip(_samples[2 * i + 1], static (one, other) => (one + other) / 2)];
        _samples.RemoveRange(MostSamples / 2, MostSamples / 2);
        Stride *= 2;
    }
}
