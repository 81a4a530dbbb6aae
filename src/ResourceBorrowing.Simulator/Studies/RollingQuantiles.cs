namespace ResourceBorrowing.Simulator.Studies;

/// <summary>Quantiles of the last 512 numbers, as they are.</summary>
internal sealed class RollingQuantiles
{
    private const int Length = 512;

    private readonly Queue<double> _inOrder = new(Length);
    private readonly List<double> _sorted = new(Length);

    internal int Count => _sorted.Count;

    internal void Add(double value)
    {
        if (_inOrder.Count == Length) _sorted.RemoveAt(Place(_inOrder.Dequeue()));
        _inOrder.Enqueue(value);
        _sorted.Insert(Place(value), value);
    }

    /// <summary>Between two numbers the straight line.</summary>
    internal double Of(double level)
    {
        var place = level * (_sorted.Count - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, _sorted.Count - 1);
        return _sorted[below] + (place - below) * (_sorted[above] - _sorted[below]);
    }

    private int Place(double value)
    {
        var place = _sorted.BinarySearch(value);
        return place < 0 ? ~place : place;
    }
}
