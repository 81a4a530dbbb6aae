using System.Buffers;

namespace ResourceBorrowing.Forecasting;

/// <summary>What of the future demand a forecast is about.</summary>
public enum DemandTarget
{
    /// <summary>The value of the next step.</summary>
    NextStep,

    /// <summary>The largest value of the next <see cref="DemandQuantiles.Window"/> steps: what a loan for so long must cover.</summary>
    NextWindow,
}

/// <summary>Which quantiles are forecast.</summary>
public static class DemandQuantiles
{
    private static readonly double[] Quantiles = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

    /// <summary>Steps of a window.</summary>
    public const int Window = 6;

    /// <summary>The levels, rising: 0.5, 0.6, 0.7, 0.8, 0.9, 0.95.</summary>
    public static ReadOnlySpan<double> Levels => Quantiles;
}

/// <summary>Learns one participant's demand while it comes in, one value per step, and tells quantiles of what is to come.</summary>
/// <remarks>Not thread-safe: one caller at a time. One instance for each participant.</remarks>
public interface IDemandForecaster
{
    /// <summary>The demand of the step that is over.</summary>
    /// <param name="value">From 0, finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or not a number; nothing is changed.</exception>
    void Observe(double value);

    /// <summary>What is to come, as known after the last value.</summary>
    /// <param name="target">Of what.</param>
    /// <param name="quantiles">Receives one value for each of <see cref="DemandQuantiles.Levels"/>, rising, from 0.</param>
    /// <returns>Whether there is a forecast already; when not, nothing is written.</returns>
    /// <exception cref="ArgumentException">There is no room for all levels.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The target is none.</exception>
    bool TryForecast(DemandTarget target, Span<double> quantiles);

    /// <summary>Writes what has been learnt, for a forecaster of the same kind in a later process. Without an implementation: nothing.</summary>
    /// <param name="writer">Receives it.</param>
    void Save(IBufferWriter<byte> writer)
    {
    }

    /// <summary>Goes on from what another has learnt and saved, in place of what this one has. Without an implementation: nothing.</summary>
    /// <param name="state">All that <see cref="Save"/> wrote.</param>
    /// <exception cref="InvalidDataException">It is no state of such a forecaster; says why, and nothing is changed.</exception>
    void Load(ReadOnlySpan<byte> state)
    {
    }

    /// <summary>Steps have passed of which nothing is known, for the process was not running. Without an implementation: nothing, as if no time had passed.</summary>
    /// <param name="steps">How many, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative; nothing is changed.</exception>
    void Skip(long steps)
    {
    }
}
