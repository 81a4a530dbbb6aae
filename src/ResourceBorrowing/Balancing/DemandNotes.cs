namespace ResourceBorrowing.Balancing;

/// <summary>What callers that found too few units leave behind for whoever samples demand: the highest demand between two looks, and what was refused.</summary>
/// <remarks>Thread-safe, lock-free.</remarks>
internal sealed class DemandNotes
{
    private int _most;
    private long _refused;

    /// <summary>So much was demanded at one instant.</summary>
    internal void Note(int demand)
    {
        for (var most = Volatile.Read(ref _most); demand > most;)
        {
            var seen = Interlocked.CompareExchange(ref _most, demand, most);
            if (seen == most) return;
            most = seen;
        }
    }

    internal void NoteRefused(int units) => Interlocked.Add(ref _refused, units);

    /// <summary>Hands over what was noted since the last time.</summary>
    internal (int Most, long Refused) Take() => (Interlocked.Exchange(ref _most, 0), Interlocked.Exchange(ref _refused, 0));
}
