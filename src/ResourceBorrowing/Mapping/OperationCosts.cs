using System.Collections.Concurrent;

namespace ResourceBorrowing.Mapping;

/// <summary>Learns what operations cost, in units or tokens, from what they turned out to cost: ask for the estimate before, and tell the true cost afterwards.</summary>
/// <remarks>
/// The estimate is a mean in which the latest observation weighs an eighth (the first ones weigh the same), rounded up: half of the operations cost less, and what is settled afterwards makes good the
/// rest. At most 1,024 operations are told apart; all others are one. Thread-safe; estimates take no lock.
/// </remarks>
public sealed class OperationCosts
{
    private const int MostOperations = 1024;
    private const int Memory = 8;

    private readonly ConcurrentDictionary<string, Mean> _means = new(StringComparer.Ordinal);
    private readonly Mean _others = new();
    private readonly int _initial;
    private readonly int _most;

    /// <param name="initial">The estimate for what was never observed, from 0. Default 1.</param>
    /// <param name="most">The highest estimate, from the initial one; such as the ceiling of the participant, beyond which nothing could be acquired. Default without limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is out of range.</exception>
    public OperationCosts(int initial = 1, int most = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(initial);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, initial);
        (_initial, _most) = (initial, most);
    }

    /// <summary>What such an operation will probably cost.</summary>
    /// <param name="operation">Its name; one of a bounded number, not one for each request.</param>
    public int Estimate(string operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var mean = _means.TryGetValue(operation, out var known) ? known : _others;
        return mean.Value is { } value ? (int)Math.Clamp(Math.Ceiling(value), 0, _most) : _initial;
    }

    /// <summary>What such an operation did cost.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="cost">The true cost, from 0; need not be whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cost is negative, infinite or no number.</exception>
    public void Observe(string operation, double cost)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (!(cost >= 0 && double.IsFinite(cost))) throw new ArgumentOutOfRangeException(nameof(cost), cost, "A cost is a number from 0.");
        if (!_means.TryGetValue(operation, out var mean)) mean = _means.Count < MostOperations ? _means.GetOrAdd(operation, static _ => new Mean()) : _others;
        mean.Add(cost);
    }

    private sealed class Mean
    {
        private readonly Lock _lock = new();
        private double _value;
        private int _count;

        /// <summary>Null before the first observation.</summary>
        internal double? Value => Volatile.Read(ref _count) == 0 ? null : Volatile.Read(ref _value);

        internal void Add(double cost)
        {
            lock (_lock)
            {
                var weight = Math.Min(_count + 1, Memory);
                Volatile.Write(ref _value, _value + (cost - _value) / weight);
                Volatile.Write(ref _count, weight);
            }
        }
    }
}
